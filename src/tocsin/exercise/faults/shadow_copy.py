"""The collector took a shadow copy of the disk besides the disk.

Option ``what``: ``copied`` (the same files once more, as they were on the day ``until``, such as 210304: logs
of later days are not in it, and of that day's only the first half) or ``moved`` (the files stand in the
copy only: the disk has lost them since; needs ``on``). Files of the chosen layout come out under the names
that collectors give to shadow copies.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import msgspec

from tocsin.errors import ScenarioError
from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import TEXT_LOGS, chosen
from tocsin.exercise.layouts import SHADOW_COPY
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "shadow-copy"
_DAY = re.compile(r"(?:20)?(2\d[01]\d[0-3]\d)(?:\d\d)?\D")
_PAGES = ("*/inetpub/wwwroot/*", "*/frontend/httpproxy/*", "*.evtx")


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Copy or move the files; labels stay with what is on the disk, else they go into the copy.

    Raises:
        ScenarioError: there is no such thing to do, or nothing to move.
    """
    del dice  # nothing here is left to chance
    what = fault.options.get("what", "copied")
    if what not in {"copied", "moved"}:
        raise ScenarioError(f"no such use of a shadow copy: {what}.", remedy="There are: copied, moved.")
    usual = (*TEXT_LOGS, *_PAGES) if what == "copied" else ()
    paths = [path for path in chosen(root, fault, usual) if not path.startswith(f"{SHADOW_COPY}/")]
    if what == "moved":
        return _moved(root, paths, rows)
    for path in paths:
        _copy(root, path, fault.options.get("until", "999999"))
    return rows


def _moved(root: Path, paths: list[str], rows: list[LabelledRow]) -> list[LabelledRow]:
    if not paths:
        raise ScenarioError("no file to move into the shadow copy.", remedy="Name files with 'on'.")
    for path in paths:
        place = root / SHADOW_COPY / path
        place.parent.mkdir(parents=True, exist_ok=True)
        (root / path).rename(place)
    gone = set(paths)
    return [
        msgspec.structs.replace(row, path=f"{SHADOW_COPY}/{row.path}") if row.path in gone else row
        for row in rows
    ]


def _copy(root: Path, path: str, until: str) -> None:
    found = _DAY.search(path.rpartition("/")[2])
    day = found[1] if found else ""
    if day > until:
        return
    source, place = root / path, root / SHADOW_COPY / path
    place.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as stream, place.open("wb") as target:
        if day == until:
            target.write(stream.read(source.stat().st_size // 2))
        else:
            shutil.copyfileobj(stream, target)
    info = source.stat()
    os.utime(place, ns=(info.st_atime_ns, info.st_mtime_ns))
