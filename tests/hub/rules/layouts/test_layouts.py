"""Layouts: each ``golden/*.in.*`` gives its ``.out.jsonl``; anything else is accounted for."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tocsin.errors import CensusError
from tocsin.hub.rules.layouts.choosing import choose, day_named
from tocsin.hub.rules.layouts.layout import Layout, all_layouts, read_layout
from tocsin.hub.rules.layouts.lines import CensusFile, Line
from tocsin.hub.rules.layouts.rows import MOST_LINES, Columns, header_names, read_rows
from tocsin.hub.rules.layouts.sighting import Refusal, Sighting

GOLDEN = Path(__file__).parent / "golden"
SHADOWSERVER = next(layout for layout in all_layouts() if layout.key == "shadowserver-exchange")
GENERIC = next(layout for layout in all_layouts() if layout.key == "generic-csv")
SHODAN = next(layout for layout in all_layouts() if layout.key == "shodan")
HEADER = b"timestamp,ip,port,hostname,tag,asn,geo,region,city,naics,sic,sector,version,servername,url\n"


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.in.*")), ids=lambda path: path.name)
def test_golden(path: Path, golden: Callable[[Path, str], None]) -> None:
    file = CensusFile(path)
    layout = choose(file.head(50), filename=path.name.replace(".in.", "."))
    items = list(read_rows(layout, file.lines()))
    lines = [
        msgspec.json.encode({"kind": type(item).__name__, **msgspec.structs.asdict(item)}).decode()
        for item in items
    ]
    day = day_named(layout, path.name)
    golden(
        path.with_name(path.name.partition(".in.")[0] + ".out.jsonl"),
        "\n".join([f"{layout.key} {day}", *lines]) + "\n",
    )


def rows(layout: Layout, data: bytes, tmp_path: Path) -> list[object]:
    path = tmp_path / "census"
    path.write_bytes(data)
    return list(read_rows(layout, CensusFile(path).lines()))


@pytest.mark.parametrize("layout", all_layouts(), ids=lambda layout: layout.key)
@settings(max_examples=40)
@given(data=st.binary(max_size=600))
@example(data=b'\r\x00\n"\r')
def test_arbitrary_bytes_are_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, layout: Layout, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes"
    path.write_bytes(data)
    try:
        lines = list(CensusFile(path).lines())
        items = list(read_rows(layout, lines))
    except CensusError:
        return
    assert {item.line for item in items} == {line.number for line in lines}


@given(values=st.lists(st.text(max_size=40), min_size=15, max_size=15), quoted=st.booleans())
def test_arbitrary_values_never_fail(values: list[str], quoted: bool) -> None:
    spelt = ",".join('"' + value.replace('"', '""') + '"' if quoted else value for value in values)
    lines = [
        Line(1, HEADER.decode().strip()),
        *(Line(at, text) for at, text in enumerate(spelt.split("\n"), start=2)),
    ]
    items = list(read_rows(SHADOWSERVER, lines))
    assert {item.line for item in items} == {line.number for line in lines}


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20)),
    lambda below: st.one_of(
        st.lists(below, max_size=3), st.dictionaries(st.text(max_size=10), below, max_size=3)
    ),
    max_leaves=8,
)
members = st.sampled_from(
    ["ip_str", "port", "timestamp", "hostnames", "vulns", "location", "product", "asn", "ssl", "host"]
)


@given(
    st.dictionaries(members, json_values),
    st.sampled_from([layout for layout in all_layouts() if layout.form == "jsonl"]),
)
def test_arbitrary_objects_never_fail(document: dict[str, object], layout: Layout) -> None:
    line = Line(1, msgspec.json.encode({"product": "exchange", **document}).decode())
    assert {item.line for item in read_rows(layout, [line])} == {1}


def test_a_quotation_mark_that_is_never_closed_costs_its_own_line(tmp_path: Path) -> None:
    row = b"2021-03-10 04:00:00,192.0.2.7,443,,exchange,64500,GB,,,0,0,,15.1.2106.2,EX01,\n"
    broken = row.replace(b"exchange", b'"exchange')
    items = rows(SHADOWSERVER, HEADER + row + broken + row * 200, tmp_path)
    assert sum(isinstance(item, Sighting) for item in items) == 201
    refused = [item for item in items if isinstance(item, Refusal)]
    assert [(item.line, item.why) for item in refused] == [(3, "a quotation mark is never closed")]
    assert MOST_LINES < 200


def test_line_ends_inside_of_quotes(tmp_path: Path) -> None:
    data = b'ip;note;port\n192.0.2.7;"two\nlines";8443\n\n192.0.2.8;"one";443\n'
    items = [item for item in rows(GENERIC, data, tmp_path) if isinstance(item, Sighting)]
    assert [(item.line, item.ip, item.port, item.rest) for item in items] == [
        (2, "192.0.2.7", 8443, {"note": "two lines"}),
        (5, "192.0.2.8", 443, {"note": "one"}),
    ]


def test_compressed_and_cut_off(tmp_path: Path) -> None:
    text = HEADER + b"".join(b"2021-03-10,192.0.2.%d,443,,exchange,,,,,,,,,,\n" % at for at in range(200))
    whole = gzip.compress(text)
    assert len(rows(SHADOWSERVER, whole, tmp_path)) == 201
    with pytest.raises(CensusError, match="damaged or end too early"):
        rows(SHADOWSERVER, whole[: len(whole) // 2], tmp_path)


def test_unknown_columns_are_kept() -> None:
    columns = Columns(SHADOWSERVER, header_names(HEADER.decode().strip() + ",Colour of The Door"))
    assert columns.unknown == ["naics", "sic", "sector", "url", "Colour of The Door"]


def test_only_verified_vulnerabilities_count() -> None:
    line = Line(
        1,
        '{"ip_str":"192.0.2.7","port":443,"timestamp":"2021-03-10T04:00:00","product":"Microsoft Exchange",'
        '"vulns":{"CVE-2021-26855":{"verified":false},"CVE-2021-27065":{"verified":true}}}',
    )
    (item,) = read_rows(SHODAN, [line])
    assert isinstance(item, Sighting)
    assert item.tags == ("cve-2021-27065",)


def test_no_layout_fits() -> None:
    with pytest.raises(CensusError, match="no layout fits"):
        choose([Line(1, "colour,size")], filename="x.csv")
    with pytest.raises(CensusError, match="holds no rows"):
        choose([Line(1, " ")], filename="x.csv")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("key: x\ntitle: X\nform: csv\nfields: {port: p}\n", "where addresses stand"),
        ("key: x\ntitle: X\nform: csv\nfields: {ip: a, colour: b}\n", "nobody wants colour"),
        ("key: x\ntitle: X\nform: xml\nfields: {ip: a}\n", "form"),
    ],
)
def test_layouts_that_are_none(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(CensusError, match=says):
        read_layout(path)
