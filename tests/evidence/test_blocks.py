"""Blocks hold the same lines as reading line by line, wherever their borders fall."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.errors import ArtefactError
from tocsin.evidence import blocks, lines
from tocsin.evidence.lines import Line, encoding_of, read_lines
from tocsin.evidence.source import HEAD, Source

LONGEST = 40
PIECES = (
    b"a",
    b"\n",
    b"\n",
    b"\r\n",
    b"\0",
    b"\xef\xbb\xbf",
    b"\xe9",
    b"\xc3\xa9",
    b"x" * 39,
    b"y" * 90,
    b" ",
)


def source(data: bytes, opener: Callable[[], BinaryIO] | None = None) -> Source:
    return Source(
        path="C/x.log",
        where="x.log",
        size=len(data),
        modified=None,
        opener=opener or (lambda: io.BufferedReader(io.BytesIO(data))),  # type: ignore[arg-type]  # raw enough
        head=data[:HEAD],
    )


def in_blocks(data: bytes, size: int) -> list[Line]:
    found: list[Line] = []
    for block in blocks.blocks(source(data), size):
        start = 0
        while start < len(block):
            end = bytes(block).index(b"\n", start)
            found.append(blocks.line_at(block, start, end, len(found) + 1))
            start = end + 1
    return found


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join), st.integers(1, 300))
def test_property_blocks_hold_the_lines_of_the_file(data: bytes, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "LONGEST_LINE", LONGEST)
        patch.setattr(blocks, "LONGEST_LINE", LONGEST)
        if encoding_of(data)[0] == "utf-8":
            assert in_blocks(data, size) == list(read_lines(io.BytesIO(data)))


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", []),
        (b"\n", [b"\n"]),
        (b"a", [b"a\n"]),
        (b"\xef\xbb\xbfa\nb", [b"a\n", b"b\n"]),
        (b"\xef\xbb\xbf", []),
        (b"a\nb\r\n", [b"a\nb\r\n"]),
    ],
)
def test_blocks_end_where_lines_do(data: bytes, found: list[bytes]) -> None:
    assert [bytes(block) for block in blocks.blocks(source(data))] == found


@pytest.mark.parametrize(
    ("data", "fits"),
    [(b"plain\n", True), (b"\xef\xbb\xbfplain", True), ("wide\n".encode("utf-16"), False), (b"", True)],
)
def test_wide_characters_are_not_read_in_blocks(data: bytes, fits: bool) -> None:
    assert blocks.in_blocks(source(data)) is fits


def test_what_was_read_before_a_fault_is_given() -> None:
    class Breaks(io.RawIOBase):
        rest = io.BytesIO(b"one\ntwo\nthr")

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # a buffer to write to
            got = self.rest.readinto(buffer)
            if not got:
                raise ArtefactError("damaged")
            return got

    given_blocks = blocks.blocks(source(b"one\n", lambda: io.BufferedReader(Breaks(), 4)))
    assert bytes(next(given_blocks)) == b"one\ntwo\n"
    with pytest.raises(ArtefactError, match="damaged"):
        next(given_blocks)
