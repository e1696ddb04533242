"""Many files: every one examined, and compared with those before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from tocsin.detections.reading import fault_of
from tocsin.detections.webshells.content import content_of
from tocsin.detections.webshells.examine import Examination, examine, unread
from tocsin.detections.webshells.sketch import Sketches
from tocsin.detections.webshells.third_party import AddedRules, Match
from tocsin.evidence.folder import shown
from tocsin.evidence.source import Source
from tocsin.model.coverage import Skipped

_MOST_NAMED = 10

Answer = tuple[Examination, tuple[Match, ...]]
"""A file's examination, and the added rules that it meets."""


class Examiner:
    """Examines sources one after the other; memory holds the sketches of what was found, no more."""

    def __init__(self, added: Sequence[AddedRules] = ()) -> None:
        """Take the user's own rules, if there are some."""
        self._added = added
        self._sketches = Sketches()

    def examine(self, sources: Iterable[Source], *, under: Path) -> Iterator[Answer]:
        """Yield an examination of every file, also of one that cannot be read or whose examination fails.

        Args:
            sources: the files.
            under: what they were found in; paths are given with it in front, unless it is the file itself.
        """
        for source in sources:
            yield self._answer(source, _path(under, source.path))

    def left(self, skipped: Iterable[Skipped], *, under: Path) -> Iterator[Answer]:
        """Yield what is known of files that could not be opened: their names, and why."""
        for one in skipped:
            yield unread(_path(under, one.path), one.why), ()

    def _answer(self, source: Source, path: str) -> Answer:
        answers: list[Answer] = []
        why = fault_of(lambda: answers.append(self._examined(source, path)))
        return answers[0] if answers else (unread(path, why), ())

    def _examined(self, source: Source, path: str) -> Answer:
        content = content_of(source)
        found = examine(content, path=path)
        matches = tuple(match for rules in self._added for match in rules.scan(content.data, path))
        alike = self._sketches.alike(found.path, found.sha256, found.sketch) if found.sketch else []
        return replace(found, similar=tuple(alike[:_MOST_NAMED])), matches


def _path(under: Path, path: str) -> str:
    folder = shown(str(under))
    return folder if path == shown(under.name) and not under.is_dir() else f"{folder}/{path}"
