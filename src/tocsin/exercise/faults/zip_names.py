r"""Members of the zip whose names a folder cannot hold, or which would harm whoever unpacks them carelessly.

Option ``what``: ``climbing`` (``../``, with either slash), ``absolute`` (``/`` and ``C:`` without a slash),
``unc`` (``\\host\share``), ``case`` (two names that differ in case only), ``loop`` (links to their own
folder, to each other and out of the collection); without it, all of them. The files hold a harmless
sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tocsin.errors import ScenarioError
from tocsin.exercise.dice import Dice
from tocsin.exercise.packing import Member
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "zip-names"
_TEXT = b"A member with an odd name; nothing else is wrong with it.\r\n"
_NAMES: Mapping[str, tuple[str, ...]] = {
    "climbing": ("../../inert.txt", "C/Temp/../../../inert.txt", "C\\..\\..\\inert.txt"),
    "absolute": ("/etc/inert.txt", "C:inert.txt"),
    "unc": ("\\\\192.0.2.9\\share\\inert.txt", "//192.0.2.9/share/inert.txt"),
    "case": ("C/Temp/Remarks.txt", "C/Temp/REMARKS.TXT"),
    "loop": (),
}
_LINKS: Mapping[str, Mapping[str, bytes]] = {
    "loop": {
        "C/Temp/again": b"../Temp",
        "C/Temp/one": b"two",
        "C/Temp/two": b"one",
        "C/Temp/outside": b"/etc/hostname",
    }
}


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Change nothing on the disk: ``members`` go into the zip.

    Raises:
        ScenarioError: there are no such names.
    """
    del root, dice  # nothing here is left to chance
    members(fault)
    return rows


def members(fault: Fault) -> tuple[Member, ...]:
    """Give the members.

    Raises:
        ScenarioError: there are no such names.
    """
    what = fault.options.get("what", "")
    if what and what not in _NAMES:
        raise ScenarioError(f"no such names in a zip: {what}.", remedy=f"There are: {', '.join(_NAMES)}.")
    wanted = (what,) if what else tuple(_NAMES)
    files = (Member(name=name, content=_TEXT) for one in wanted for name in _NAMES[one])
    links = ((name, target) for one in wanted for name, target in _LINKS.get(one, {}).items())
    return (*files, *(Member(name=name, content=target, link=True) for name, target in links))
