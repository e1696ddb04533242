"""What writers share: the facts of the server, the files they write into, the ledger of labels."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

from msgspec import Struct
from msgspec.structs import replace

from tocsin.exercise.dice import Dice
from tocsin.exercise.scenario import BuildSpan, Scenario
from tocsin.exercise.story import Label, Trace


class LabelledRow(Struct, frozen=True, kw_only=True):
    """One row of ``expected.json``: where the truth about a trace stands. ``line`` or ``record``."""

    path: str
    line: int | None
    record: int | None
    label: Label
    kind: str


class Ledger:
    """Gathers what is true of which row."""

    def __init__(self) -> None:
        """Start empty."""
        self.rows: list[LabelledRow] = []

    def note(
        self, trace: Trace, *, kind: str, path: str, line: int | None = None, record: int | None = None
    ) -> None:
        """Keep the truth about a trace that was written at a place; traces without label are let go.

        Where the label says that logs of this kind do not show it themselves, it is not ``provable`` here.
        """
        label = trace.label
        if label is None:
            return
        if label.kinds and kind not in label.kinds:
            label = replace(label, provable=False)
        self.rows.append(LabelledRow(path=path, line=line, record=record, label=label, kind=kind))


class LogFile:
    """One text log being written: counts its lines, ends them as Windows does."""

    def __init__(self, stream: BinaryIO, path: str) -> None:
        """``path``: relative to the root of the collection, forward slashes."""
        self._stream = stream
        self.path = path
        self.lines = 0
        self.bytes = 0

    def line(self, text: str) -> int:
        """Write one line; give its number."""
        self.bytes += self._stream.write(text.encode("utf-8", "surrogatepass") + b"\r\n")
        self.lines += 1
        return self.lines

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


class Tree:
    """The collection being written, as a folder."""

    def __init__(self, root: Path) -> None:
        """``root`` exists and is empty."""
        self.root = root
        self._changed: dict[str, datetime] = {}
        self._folders: set[str] = set()

    def log(self, path: str) -> LogFile:
        """Open a text log for writing. The caller closes."""
        folder = path.rpartition("/")[0]
        if folder not in self._folders:
            (self.root / folder).mkdir(parents=True, exist_ok=True)
            self._folders.add(folder)
        return LogFile((self.root / path).open("wb"), path)

    def write(self, path: str, content: bytes, changed: datetime | None = None) -> None:
        """Write a whole file; ``changed``: its time of last change, aware UTC."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        if changed is not None:
            self.stamp(path, changed)

    def stamp(self, path: str, changed: datetime) -> None:
        """Say when a file was last changed, aware UTC; files without a stamp get that of the collection."""
        self._changed[path] = changed

    def remove(self, path: str) -> None:
        """Remove a file if it is there."""
        (self.root / path).unlink(missing_ok=True)
        self._changed.pop(path, None)

    def settle(self, otherwise: datetime) -> None:
        """Give every file its time of last change; what a fault made keeps the time of what it replaced."""
        moments = {path: int(moment.timestamp()) for path, moment in self._changed.items()}
        known, rest = set(moments.values()), int(otherwise.timestamp())
        for entry in _files(str(self.root)):
            moment = moments.get(entry.path[len(str(self.root)) + 1 :].replace(os.sep, "/"))
            if moment is None and entry.stat().st_mtime not in known:
                moment = rest
            if moment is not None:
                os.utime(entry, (moment, moment))


def _files(folder: str) -> Iterator[os.DirEntry[str]]:
    """Yield every file below a folder; links are neither given nor followed."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path)
            elif not entry.is_symlink():
                yield entry


UNNAMED_BUILD = "15.1.2106.2"
"""The build of a server whose scenario names none."""


def build_at(scenario: Scenario, moment: datetime) -> str:
    """Give the build installed at a moment, ``15.1.2106.2``; the first one before the first span."""
    span = _span_at(scenario, moment)
    return span.build if span else UNNAMED_BUILD


def running_at(scenario: Scenario, moment: datetime) -> str:
    """Give the build that runs at a moment: that of the libraries, which an update may have left behind.

    Logs, user agents and URLs name this one, for the running process writes them.
    """
    span = _span_at(scenario, moment)
    return span.dlls or span.build if span else UNNAMED_BUILD


def _span_at(scenario: Scenario, moment: datetime) -> BuildSpan | None:
    spans = sorted(scenario.server.builds, key=lambda span: span.since)
    past = [span for span in spans if span.since <= moment.date()]
    return (past or spans)[-1 if past else 0] if spans else None


class Workshop(Struct, frozen=True, kw_only=True):
    """What every writer gets."""

    scenario: Scenario
    tree: Tree
    ledger: Ledger
    dice: Dice

    @property
    def exchange(self) -> str:
        """The folder of Exchange in the collection, such as ``C/Program Files/…/V15``."""
        server = self.scenario.server
        return f"{server.drive}/" + server.exchange_root.replace("\\", "/")

    @property
    def windows_exchange(self) -> str:
        """The same as Windows writes it."""
        return f"{self.scenario.server.drive}:\\{self.scenario.server.exchange_root}"

    def build_at(self, moment: datetime) -> str:
        """Give the build installed at a moment, ``15.1.2106.2``; the first one before the first span."""
        return build_at(self.scenario, moment)

    def running_at(self, moment: datetime) -> str:
        """Give the build that runs at a moment: that of the libraries."""
        return running_at(self.scenario, moment)

    def local(self, moment: datetime) -> datetime:
        """Give a moment on the server's own clock."""
        sign = -1 if self.scenario.server.utc_offset.startswith("-") else 1
        hours, _, minutes = self.scenario.server.utc_offset.lstrip("+-").partition(":")
        return moment + sign * timedelta(hours=int(hours), minutes=int(minutes or 0))

    @property
    def reaches_back_to(self) -> datetime:
        """The earliest moment that Exchange's own logs still hold at collection."""
        return self.scenario.collected - timedelta(days=self.scenario.server.retention_days)

    def kept(self, moment: datetime) -> bool:
        """Tell whether Exchange's own logs still hold a moment at collection."""
        return moment >= self.reaches_back_to


class Writer(Protocol):
    """Writes traces into one kind of log. Traces come in the order of time."""

    KINDS: tuple[str, ...]
    """Record kinds that it writes; a writer whose kinds are all withheld is not made."""

    def __init__(self, workshop: Workshop) -> None:
        """Take what is shared."""
        ...

    def take(self, trace: Trace) -> None:
        """Write what this log would show of the trace; most traces are none of its business."""
        ...

    def close(self) -> None:
        """Write what is due at the end, close all files."""
        ...


Traces = Sequence[Trace]
