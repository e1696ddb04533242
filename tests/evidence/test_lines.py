"""Lines: true numbers in every encoding, bounded, and no byte lost to view."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.evidence import lines
from tocsin.evidence.line_items import blank
from tocsin.evidence.lines import Line, encoding_of, read_lines
from tocsin.model.records import Unreadable

HEADER = "#Software: Microsoft Internet Information Services\r\n#Version: 1.0\r\n"


def _read(data: bytes) -> list[Line]:
    return list(read_lines(io.BytesIO(data)))


def _texts(data: bytes) -> list[str]:
    return [line.text for line in _read(data)]


class _Drip(io.RawIOBase):
    """Gives few bytes at a time, as sockets and unpackers do."""

    def __init__(self, data: bytes, step: int) -> None:
        self._rest = io.BytesIO(data)
        self._step = step

    def read(self, size: int = -1, /) -> bytes:
        return self._rest.read(min(self._step, size if size > 0 else self._step))


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"a", ["a"]),
        (b"a\n", ["a"]),
        (b"a\r\nb", ["a", "b"]),
        (b"a\r\r\nb\r\n", ["a", "b"]),
        (b"a\rb\n", ["a\rb"]),
        (b"\n\n\n", ["", "", ""]),
        (b"\xef\xbb\xbfa\n", ["a"]),
        (b"\xef\xbb\xbf", []),
        (b"a\n\xef\xbb\xbfb\n", ["a", "b"]),
        (b"caf\xe9\ncaf\xc3\xa9\n", ["café", "café"]),
        (b"\x81\n", ["\\x81"]),
        (b"a\x0bb\x0c\xc2\x85\xe2\x80\xa8c\n", ["a\x0bb\x0c\x85\u2028c"]),
    ],
)
def test_lines_end_at_lf_alone(data: bytes, texts: list[str]) -> None:
    assert _texts(data) == texts


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_encoding_gives_the_same_lines(encoding: str) -> None:
    text = HEADER + "2021-03-03 04:14:51 192.0.2.1 POST /ecp/y.js é 241\r\nlast, unterminated"
    assert _texts(text.encode(encoding)) == [row.rstrip("\r") for row in text.split("\n")]


def test_utf16_big_endian_with_a_mark() -> None:
    assert _texts(b"\xfe\xff" + "a\r\nb".encode("utf-16-be")) == ["a", "b"]


def test_damaged_utf16_keeps_the_rest_and_the_numbers() -> None:
    data = b"\xff\xfe" + "one\n".encode("utf-16-le") + b"\x00\xd8" + "\ntwo\n".encode("utf-16-le") + b"x"
    found = _read(data)
    assert [line.number for line in found] == [1, 2, 3, 4]
    assert (found[0].text, found[2].text) == ("one", "two")


def test_nul_padding_is_removed_and_marked() -> None:
    found = _read(b"a\0\0\r\nb\n" + b"\0" * 5000)
    assert [(line.text, line.padded) for line in found] == [("a", True), ("b", False), ("", True)]


def test_a_padded_line_of_blanks_keeps_them() -> None:
    (line,) = _read(b"\0\0  ")
    item = blank("iis.w3c", "a.log", line)
    assert isinstance(item, Unreadable)
    assert item.text == line.text == "  "


def test_a_file_that_begins_with_padding_is_not_utf16() -> None:
    assert encoding_of(b"\0" * 512) == ("utf-8", 0)
    assert _texts(b"\0" * 4096 + b"a\nb\n") == ["a", "b"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_endless_line_is_cut_marked_and_counted_once(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE", 1000)
    monkeypatch.setattr(lines, "_BLOCK", 64)
    found = _read(("a\n" + "x" * 5000 + "\n" + "y" * 1000 + "\nb\n" + "z" * 1001).encode(encoding))
    shape = [(line.number, len(line.text), line.cut) for line in found]
    assert shape == [(1, 1, False), (2, 1000, True), (3, 1000, False), (4, 1, False), (5, 1000, True)]


@settings(max_examples=200)
@given(st.binary(max_size=600), st.integers(1, 700), st.sampled_from([1, 7, 64, 1 << 18]))
def test_the_number_of_lines_is_the_number_of_lfs_and_a_tail(data: bytes, step: int, block: int) -> None:
    encoding, mark = encoding_of(data[:512])
    body = data[mark:]
    if encoding != "utf-8":
        text = body.decode(encoding, "backslashreplace")
        wanted = text.count("\n") + (not text.endswith("\n") and text != "")
    else:
        wanted = body.count(b"\n") + (not body.endswith(b"\n") and body != b"")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_BLOCK", block)
        found = list(read_lines(_Drip(data, step)))
    assert [line.number for line in found] == list(range(1, wanted + 1))
    assert found == _read(data)


@given(st.lists(st.text(st.characters(blacklist_characters="\n\r\0\ufeff", blacklist_categories=["Cs"]))))
def test_text_comes_back_as_it_was_written(rows: list[str]) -> None:
    data = b"\xef\xbb\xbf" + "".join(f"{row}\r\n" for row in rows).encode()
    assert _texts(data) == rows


@given(st.text(st.sampled_from("abc\n\r\0é€"), min_size=20, max_size=300))
def test_both_code_paths_agree(text: str) -> None:
    assert _read(b"\xff\xfe" + text.encode("utf-16-le")) == _read(b"\xef\xbb\xbf" + text.encode())
