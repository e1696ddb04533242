"""Find the places at which a big log can be divided: in one quick look, which hashes the file as well.

A part begins where a block of the fast lane begins, so that the parts have the blocks that the whole
has. The look counts line ends and reads the lines that begin with ``#`` alone; a row that changes how the
next ones are read is not seen. Therefore whoever reads a part compares the state in which its reader ends
with the one that the next part began with.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tocsin.artefacts.registry import RowModule
from tocsin.evidence.blocks import line_at, placed_blocks
from tocsin.evidence.parts import Part
from tocsin.evidence.row_shape import ReaderState, RowReader
from tocsin.evidence.source import Source

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LF, _HASH = 10, 35
_MARK = b"\xef\xbb\xbf"


def survey(source: Source, module: RowModule, size: int) -> Iterator[Part]:
    """Yield the parts of a log, one after the other, each as soon as its end is known.

    Args:
        source: the log.
        module: of it.
        size: bytes of a part, about.

    Raises:
        ArtefactError: the file cannot be read to its end.
    """
    reader = module.reader(source)
    start, before, lines, end = 0, 0, 0, 0
    state: ReaderState | None = None
    for place, block in placed_blocks(source):
        if place - start >= size and reader.shape is not None and bytes(block[:3]) != _MARK:
            yield Part(start=start, stop=place, before=before, state=state)
            start, before, state = place, lines, reader.state
        lines += _look(reader, block)
        end = place + len(block)
    if end > start:
        yield Part(start=start, stop=end, before=before, state=state)


def _look(reader: RowReader, block: memoryview) -> int:
    """Count the lines of a block, and let the reader read those that begin with ``#``."""
    data = np.frombuffer(block, np.uint8)
    starts = _headers(data)
    text = bytes(block) if starts else b""
    for start in starts:
        reader.item(line_at(block, start, text.index(b"\n", start), 0))
    return int(np.count_nonzero(data == _LF))


def _headers(data: NDArray[np.uint8]) -> list[int]:
    """Give where a ``#`` begins a line; the block ends in LF, so its first byte comes after one, too."""
    places = np.flatnonzero(data == _HASH)
    found: list[int] = places[data[places - 1] == _LF].tolist()
    return found
