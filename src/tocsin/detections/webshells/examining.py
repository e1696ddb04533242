"""Many files: every one examined, and compared with those before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from msgspec.structs import replace

from tocsin.detections.webshells.examine import Examination, examine
from tocsin.detections.webshells.observing import LARGEST
from tocsin.detections.webshells.sketch import ALIKE, likeness
from tocsin.detections.webshells.third_party import AddedRules, Match
from tocsin.evidence.source import Source

_MOST_COMPARED = 2_000
_MOST_NAMED = 10


class Examiner:
    """Examines sources one after the other; memory holds the sketches of what was found, no more."""

    def __init__(self, added: Sequence[AddedRules] = ()) -> None:
        """Take the user's own rules, if there are some."""
        self._added = added
        self._sketches: list[tuple[str, str, str]] = []

    def examine(
        self, sources: Iterable[Source], *, under: Path
    ) -> Iterator[tuple[Examination, tuple[Match, ...]]]:
        """Yield an examination of every file, with the added rules that it meets.

        Args:
            sources: the files.
            under: what they were found in; paths are given with it in front, unless it is the file itself.
        """
        for source in sources:
            with closing(source.open()) as stream:
                data = _beginning(stream)
            path = str(under) if under.name == source.path else f"{under}/{source.path}"
            found = examine(data, path=path)
            matches = tuple(match for rules in self._added for match in rules.scan(data, path))
            yield self._compared(found), matches

    def _compared(self, found: Examination) -> Examination:
        if not found.sketch:
            return found
        alike = [
            path
            for path, sha256, sketch in self._sketches
            if sha256 == found.sha256 or likeness(sketch, found.sketch) >= ALIKE
        ]
        if len(self._sketches) < _MOST_COMPARED:
            self._sketches.append((found.path, found.sha256, found.sketch))
        return replace(found, similar=tuple(alike[:_MOST_NAMED]))


def _beginning(stream: BinaryIO) -> bytes:
    data = bytearray()
    while len(data) <= LARGEST and (block := stream.read(min(1 << 20, LARGEST + 1 - len(data)))):
        data += block
    return bytes(data)
