"""Names that trip careless tools.

Option ``what``: ``slip`` (a name that climbs out of the folder where a careless tool unpacks a zip),
``absolute``, ``case`` (two names that differ in case only), ``long`` (a path of 300 letters), ``loop`` (a
link to its own folder). The files hold a harmless sentence. Only file systems like Linux's hold them all.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tocsin.errors import ScenarioError
from tocsin.exercise.dice import Dice
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "odd-names"
_TEXT = b"A file with an odd name; nothing else is wrong with it.\r\n"
_TIME = (1_614_556_800, 1_614_556_800)


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Add the file.

    Raises:
        ScenarioError: there is no such name, or this file system cannot hold it.
    """
    del dice  # nothing here is left to chance
    what = fault.options.get("what", "slip")
    if what not in _MAKERS:
        raise ScenarioError(f"no such odd name: {what}.", remedy=f"There are: {', '.join(sorted(_MAKERS))}.")
    if os.sep != "/":
        raise ScenarioError("this system cannot hold such a name.", remedy="Make this scenario on Linux.")
    _MAKERS[what](root)
    return rows


def _file(place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(_TEXT)
    os.utime(place, _TIME)


def _slip(root: Path) -> None:
    _file(root / "C" / "..\\..\\..\\inert.txt")


def _absolute(root: Path) -> None:
    _file(root / "C:\\Windows\\Temp\\inert.txt")


def _case(root: Path) -> None:
    _file(root / "C/Temp/Notes.txt")
    if (root / "C/Temp/NOTES.TXT").exists():
        raise ScenarioError("this file system tells no case.", remedy="Make this scenario on Linux.")
    _file(root / "C/Temp/NOTES.TXT")


def _long(root: Path) -> None:
    _file(root / "C/Temp" / "/".join(["a-folder-with-a-rather-long-name"] * 9) / "inert.txt")


def _loop(root: Path) -> None:
    place = root / "C/Temp"
    place.mkdir(parents=True, exist_ok=True)
    (place / "again").symlink_to("../Temp", target_is_directory=True)


_MAKERS: dict[str, Callable[[Path], None]] = {
    "slip": _slip,
    "absolute": _absolute,
    "case": _case,
    "long": _long,
    "loop": _loop,
}
