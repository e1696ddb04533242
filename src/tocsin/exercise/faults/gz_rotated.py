"""Old logs were packed by a rotation job: ``u_ex210301.log.gz`` (``keep``, 2: the last files stay plain)."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path
from typing import BinaryIO

import msgspec

from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import IIS, chosen, number
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "gz-rotated"


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Pack the older files; labels follow."""
    del dice  # nothing here is left to chance
    found = chosen(root, fault, IIS)
    for path in found[: max(0, len(found) - int(number(fault, "keep", 2)))]:
        place, packed = root / path, root / f"{path}.gz"
        with place.open("rb") as source, packed.open("wb") as stream, _packing(stream) as target:
            shutil.copyfileobj(source, target)
        os.utime(packed, ns=(place.stat().st_atime_ns, place.stat().st_mtime_ns))
        place.unlink()
        rows = [msgspec.structs.replace(row, path=f"{path}.gz") if row.path == path else row for row in rows]
    return rows


def _packing(stream: BinaryIO) -> gzip.GzipFile:
    """Give a packer that writes neither name nor time."""
    return gzip.GzipFile("", "wb", compresslevel=6, fileobj=stream, mtime=0)
