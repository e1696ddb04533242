"""Rewrite files of the finished disk line by line, and keep the labels on the right rows.

Lines are bytes without their line end. Nothing is held in memory but the labels and one line; a file
keeps its time of last change.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import translate
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow
from tocsin.model.expressions import compiled

IIS = ("*/w3svc*/u_ex*.log",)
HTTPPROXY = ("*/logging/httpproxy/*.log",)
ECP = ("*/logging/ecp/server/*.log",)
TEXT_LOGS = (*IIS, "*/logging/*.log")
END = b"\r\n"


class Written(Struct, frozen=True, kw_only=True):
    """What stands in the place of one line: ``own`` is the index of the line itself, None if it is gone.

    ``spoilt``: what the row said cannot be proved any more.
    """

    lines: tuple[bytes, ...]
    own: int | None = 0
    spoilt: bool = False


Change = Callable[[int, bytes], "Written | bytes | None"]
"""From line number and line to what stands there afterwards; None leaves it as it is."""

EditRow = Callable[[Sequence[bytes], list[bytes]], "Sequence[bytes] | None"]
"""From the names of the columns and the values to the new values; None leaves the row as it is."""


def chosen(root: Path, fault: Fault, usual: Iterable[str]) -> list[str]:
    """Give the paths that a fault hits, sorted: those that match ``fault.on``, else the usual ones."""
    globs = [compiled(translate(glob.lower())) for glob in ([fault.on] if fault.on else usual)]
    return [path for path in paths(root) if any(glob.match(path.lower()) for glob in globs)]


def paths(root: Path) -> list[str]:
    """Give the paths of all files, with forward slashes, sorted."""
    return sorted(
        Path(folder, name).relative_to(root).as_posix()
        for folder, _, names in os.walk(root)
        for name in names
    )


def number(fault: Fault, option: str, otherwise: float) -> float:
    """Give an option that is a number."""
    return float(fault.options.get(option, otherwise))


@contextmanager
def same_time(place: Path) -> Iterator[None]:
    """Let a file be written anew without its time of change telling."""
    info = place.stat()
    yield
    os.utime(place, ns=(info.st_atime_ns, info.st_mtime_ns))


def rewrite(root: Path, path: str, rows: Iterable[LabelledRow], change: Change) -> list[LabelledRow]:
    """Change a file line by line; give all labels, those of the file moved along."""
    rows = list(rows)
    moved = {row.line: 0 for row in rows if row.path == path and row.line is not None}
    spoilt: set[int] = set()
    place, draft = root / path, root / f"{path}.draft"
    with same_time(place):
        with place.open("rb") as source, draft.open("wb") as target:
            _copy(source, target, change, moved, spoilt)
        draft.replace(place)
    return list(_relabelled(rows, path, moved, spoilt))


def relabel(
    rows: Iterable[LabelledRow], path: str, change: Callable[[LabelledRow], LabelledRow | None]
) -> list[LabelledRow]:
    """Change or drop the labels of one file."""
    changed = (change(row) if row.path == path else row for row in rows)
    return [row for row in changed if row is not None]


def unprovable(row: LabelledRow) -> LabelledRow:
    """Give a label whose meaning the damaged row cannot prove."""
    return msgspec.structs.replace(row, label=msgspec.structs.replace(row.label, provable=False))


def labelled_lines(rows: Iterable[LabelledRow], path: str) -> frozenset[int]:
    """Give the numbers of the lines of a file that bear a label."""
    return frozenset(row.line for row in rows if row.path == path and row.line is not None)


def line_count(place: Path) -> int:
    """Count the lines of a file."""
    with place.open("rb") as stream:
        return sum(1 for _ in stream)


def w3c_rows(edit: EditRow) -> Change:
    """Give a change of the rows of a W3C log whose number of values is that of the last ``#Fields``."""
    names: list[bytes] = []

    def change(_: int, line: bytes) -> bytes | None:
        if line.startswith(b"#Fields:"):
            names[:] = line.split()[1:]
        if not names or line.startswith(b"#"):
            return None
        values = line.split(b" ")
        edited = edit(names, values) if len(values) == len(names) else None
        return None if edited is None else b" ".join(edited)

    return change


def _copy(
    source: Iterable[bytes],
    target: BinaryIO,
    change: Change,
    moved: dict[int, int],
    spoilt: set[int],
) -> None:
    written = 0
    for at, raw in enumerate(source, start=1):
        line = raw.rstrip(b"\r\n")
        found = change(at, line)
        if not isinstance(found, Written):
            found = Written(lines=(line if found is None else found,))
        target.writelines(text + END for text in found.lines)
        if at in moved and found.own is not None:
            moved[at] = written + found.own + 1
            if found.spoilt:
                spoilt.add(at)
        written += len(found.lines)


def _relabelled(
    rows: Iterable[LabelledRow], path: str, moved: dict[int, int], spoilt: set[int]
) -> Iterator[LabelledRow]:
    for row in rows:
        if row.path != path or row.line is None:
            yield row
        elif moved[row.line]:
            new = msgspec.structs.replace(row, line=moved[row.line])
            yield unprovable(new) if row.line in spoilt else new
