"""Of every row that a block calls plain the reader makes one record, at the time that the block told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.detections.scanning.made_logs import logs
from tests.evidence.test_blocks import source

from tocsin.artefacts import exchange_httpproxy, iis_w3c
from tocsin.evidence import block_rows, lines
from tocsin.evidence.block_rows import Lines, lines_of, rows_of
from tocsin.evidence.blocks import line_at
from tocsin.evidence.row_shape import RowReader, RowShape
from tocsin.model.records import Record

READERS = {"iis.w3c": iis_w3c.reader, "exchange.httpproxy": exchange_httpproxy.reader}
IIS_FIELDS = b"#Fields: date time cs-method cs-uri-stem c-ip sc-status time-taken\n"
PROXY_FIELDS = b"#Fields: DateTime,Protocol,UrlStem,HttpStatus\n"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def whole(data: bytes) -> memoryview:
    """The file as one block."""
    body = data.removeprefix(b"\xef\xbb\xbf")
    return memoryview(body if body.endswith(b"\n") or not body else body + b"\n")


def plain_rows(block: memoryview, all_lines: Lines, at: int, shape: RowShape) -> dict[int, datetime]:
    """Give the plain rows from a line on, and their times, until the shape may change."""
    here = Lines(all_lines.starts[at:], all_lines.ends[at:])
    rows = rows_of(np.frombuffer(block, np.uint8), here, shape)
    found = np.flatnonzero(rows.plain).tolist()
    return {at + row: EPOCH + timedelta(milliseconds=int(rows.times[row])) for row in found}


def columns_of(block: memoryview, here: Lines, shape: RowShape) -> dict[int, list[bytes]]:
    """Give the values of every plain row, by where its columns begin and end."""
    rows = rows_of(np.frombuffer(block, np.uint8), here, shape)
    plain = np.flatnonzero(rows.plain)
    places = [(rows.begins(plain, at).tolist(), rows.ends(plain, at).tolist()) for at in range(shape.width)]
    return {
        row: [bytes(block[begins[at] : ends[at]]) for begins, ends in places]
        for at, row in enumerate(plain.tolist())
    }


def check(reader: RowReader, block: memoryview) -> int:
    """Read all lines by the reader and compare every plain row; give how many there were."""
    all_lines = lines_of(np.frombuffer(block, np.uint8))
    plain, shape, count = dict[int, datetime](), None, 0
    for at, (start, end) in enumerate(zip(all_lines.starts, all_lines.ends, strict=True)):
        if reader.shape is not shape:
            shape = reader.shape
            plain = plain_rows(block, all_lines, at, shape) if shape else {}
            if shape:
                here = Lines(all_lines.starts[at:], all_lines.ends[at:])
                for row, values in columns_of(block, here, shape).items():
                    assert values == bytes(block[here.starts[row] : here.ends[row]]).split(shape.delimiter)
        item = reader.item(line_at(block, int(start), int(end), at + 1))
        if at in plain:
            assert isinstance(item, Record)
            assert (item.weak, item.time) == (False, plain[at])
            assert reader.shape is shape
            count += 1
    return count


@pytest.mark.parametrize("kind", READERS)
@settings(max_examples=150)
@given(data=st.data())
def test_property_a_plain_row_is_one_record_at_its_time(kind: str, data: st.DataObject) -> None:
    block = whole(data.draw(logs(kind)))
    with pytest.MonkeyPatch.context() as patch:
        for module in (lines, block_rows):
            patch.setattr(module, "LONGEST_LINE", 1600)
        if block:
            check(READERS[kind](source(bytes(block))), block)


@given(
    block=st.binary(min_size=1, max_size=80),
    text=st.binary(min_size=1, max_size=20),
    data=st.data(),
)
def test_property_a_text_is_found_where_it_stands_and_nowhere_else(
    block: bytes, text: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(block)))
    block = block[:at] + text[: data.draw(st.integers(0, len(text)))] + block[at:]
    places = np.arange(len(block))
    found = block_rows.alike(np.frombuffer(block, np.uint8), places, text)
    assert found.tolist() == [block.startswith(text, place) for place in places.tolist()]


ROWS = {
    b"2021-03-03 06:49:42 GET /owa/ 192.0.2.1 200 17": True,
    b"2021-03-03 06:49:42 GET /owa/ 192.0.2.1 200 17\r": True,
    b"2020-02-29 23:59:59 - /caf\xc3\xa9 - 599 x": True,
    b"2021-03-03 06:49:42 GET /caf\xe9 192.0.2.1 200 17": True,
    b"2021-03-03 06:49:42 GET /x\xef\xbb\xbf 192.0.2.1 200 17": True,
    b"2021-02-29 06:49:42 GET /owa/ 192.0.2.1 200 17": False,
    b"2021-02-30 06:49:42 GET /owa/ 192.0.2.1 200 17": False,
    b"2021-03-03 24:00:00 GET /owa/ 192.0.2.1 200 17": False,
    b"2021-03-03 06:60:42 GET /owa/ 192.0.2.1 200 17": False,
    b"2021-03-03 06:49:60 GET /owa/ 192.0.2.1 200 17": False,
    b"2021-03-03 6:49:42 GET /owa/ 192.0.2.1 200 17": False,
    b"1899-03-03 06:49:42 GET /owa/ 192.0.2.1 200 17": False,
    b"2100-03-03 06:49:42 GET /owa/ 192.0.2.1 200 17": False,
    b"2021-03-0: 06:49:42 GET /owa/ 192.0.2.1 200 17": False,
    b"2021-03-03 06:49:42 GET /owa/ 192.0.2.1 2000 17": False,
    b"2021-03-03 06:49:42 GET /owa/ 192.0.2.1 20 17": False,
    b"2021-03-03 06:49:42 GET /owa/ 192.0.2.1 600 17": False,
    b"2021-03-03 06:49:42 GET /owa/ 192.0.2.1 099 17": False,
    b"2021-03-03 06:49:42 GET /owa/ 192.0.2.1 200\r 17": False,
    b"2021-03-03 06:49:42 GET /owa/ 192.0.2.1 - 17": False,
    b"2021-03-03 06:49:42 GET /owa/ 192.0.2.1 200 " + b"9" * 63: False,
    b"2021-03-03 06:49:42 GET /owa/ 192.0.2.1 200 " + b"9" * 40: True,
    b"2021-03-03 06:49:42 GET /owa/ 192.0.2.1 200": False,
    b"2021-03-03 06:49:42 GET /owa/ 192.0.2.1 200 17 18": False,
    b"2021-03-03 06:49:42 GET /owa/\0 192.0.2.1 200 17": False,
    b"\xef\xbb\xbf2021-03-03 06:49:42 GET /owa/ 192.0.2.1 200 17": False,
    b"2021-03-03\t06:49:42 GET /owa/ 192.0.2.1 200 17": False,
    b"": False,
    b"x": False,
}
PROXIED = {
    b"2021-03-03T06:49:42.162Z,Ecp,/ecp/y.js,200": True,
    b"2021-03-03T06:49:42.162Z,Ecp,/ecp/y.js,": True,
    b'2021-03-03T06:49:42.162Z,"Ecp",/ecp/y.js,200': False,
    b"2021-03-03T06:49:42Z,Ecp,/ecp/y.js,200": False,
    b"2021-03-03T06:49:42.1624Z,Ecp,/ecp/y.js,200": False,
    b"2021-03-03 06:49:42.162Z,Ecp,/ecp/y.js,200": False,
    b"2021-03-03T06:49:42.162+,Ecp,/ecp/y.js,200": False,
    b"2021-03-03T06:49:42.162Z,Ecp,/ecp/y.js": False,
}


@pytest.mark.parametrize(("row", "plain"), ROWS.items())
def test_which_rows_of_iis_are_plain(row: bytes, plain: bool) -> None:
    block = whole(IIS_FIELDS + row + b"\n")
    assert check(iis_w3c.reader(source(bytes(block))), block) == plain


@pytest.mark.parametrize(("row", "plain"), PROXIED.items())
def test_which_rows_of_httpproxy_are_plain(row: bytes, plain: bool) -> None:
    block = whole(PROXY_FIELDS + row + b"\n")
    assert check(exchange_httpproxy.reader(source(bytes(block))), block) == plain


def test_lines_of_a_block() -> None:
    found = lines_of(np.frombuffer(b"a\n\nbc\n" + b"x" * 200 + b"\n", np.uint8))
    assert (found.starts.tolist(), found.ends.tolist()) == ([0, 2, 3, 6], [1, 2, 5, 206])
    assert lines_of(np.frombuffer(b"", np.uint8)).ends.tolist() == []


@given(st.lists(st.integers(0, 150), max_size=200))
def test_property_places_of_line_ends(gaps: list[int]) -> None:
    data = b"".join(b"x" * gap + b"\n" for gap in gaps)
    found = lines_of(np.frombuffer(data, np.uint8))
    assert found.ends.tolist() == [at for at, byte in enumerate(data) if byte == ord("\n")]
    assert (found.ends - found.starts).tolist() == gaps
