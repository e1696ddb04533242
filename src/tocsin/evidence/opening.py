"""Open evidence: one read-only tree of files, each given once, each left out only with a reason."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from tocsin.errors import ArtefactError, EvidenceError
from tocsin.evidence.entries import Entry
from tocsin.evidence.folder import walk
from tocsin.evidence.layout import place_of
from tocsin.evidence.limits import Budget, Limits
from tocsin.evidence.source import HEAD, Source
from tocsin.model.coverage import Skipped
from tocsin.model.verdicts import Custody, EvidenceInfo

_LIMITS = Limits()


class Evidence:
    """What was collected from one server."""

    def __init__(self, path: Path, limits: Limits) -> None:
        """List the evidence; read nothing yet."""
        self.name = path.name
        self.skipped: list[Skipped] = []
        self.notes: list[str] = []
        self.hashes: dict[str, str] = {}
        self._budget = Budget(limits)
        self._entries = sorted(
            walk(path, limits=limits, skip=self.skipped.append), key=lambda entry: entry.path
        )
        self.total_files = len(self._entries)
        self.total_bytes = sum(entry.size for entry in self._entries)

    def sources(self) -> Iterator[Source]:
        """Yield every file once, sorted by path."""
        for entry in self._entries:
            try:
                with closing(entry.open()) as stream:
                    head = stream.read(HEAD)
            except ArtefactError as error:
                self.skipped.append(Skipped(path=entry.path, why=error.what))
                continue
            place = place_of(entry.path)
            yield Source(
                path=entry.path,
                where=place.where,
                size=entry.size,
                modified=entry.modified,
                opener=lambda entry=entry: _buffered(entry),
                head=head,
            )
            with closing(entry.open()) as stream:
                self.hashes[entry.path] = hashlib.file_digest(stream, "sha256").hexdigest()

    def info(self) -> EvidenceInfo:
        """Say what was read."""
        lines = "".join(f"{digest}  {path}\n" for path, digest in sorted(self.hashes.items()))
        return EvidenceInfo(
            name=self.name,
            sha256=hashlib.sha256(lines.encode()).hexdigest(),
            files=len(self.hashes),
            bytes=self.total_bytes,
            custody=Custody(),
        )

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close what is open."""


def open_evidence(path: Path, *, limits: Limits = _LIMITS) -> Evidence:
    """Open a folder.

    Raises:
        EvidenceError: it is not there.
    """
    if not path.is_dir():
        raise EvidenceError("no such folder", where=str(path))
    return Evidence(path, limits)


def _buffered(entry: Entry) -> BinaryIO:
    return io.BufferedReader(entry.open(), 1 << 18)  # type: ignore[type-var]  # raw streams read alike
