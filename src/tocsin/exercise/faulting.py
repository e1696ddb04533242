"""Apply what went wrong in logging or collection to the finished disk."""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from tocsin.errors import ScenarioError
from tocsin.exercise import faults
from tocsin.exercise.dice import Dice
from tocsin.exercise.packing import Member
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow


class Spoiler(Protocol):
    """A module of ``exercise/faults``."""

    KIND: str

    def apply(self, fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice, /) -> list[LabelledRow]:
        """Spoil the tree; give the labels, moved or dropped accordingly."""
        ...


class ZipSpoiler(Spoiler, Protocol):
    """A module of ``exercise/faults`` that puts into a zip what a folder cannot hold."""

    def members(self, fault: Fault, /) -> Sequence[Member]:
        """Give the further members of the zip."""
        ...


@cache
def kinds() -> dict[str, Spoiler]:
    """Give the faults by kind."""
    found = (
        import_module(f"{faults.__name__}.{item.name}") for item in pkgutil.iter_modules(faults.__path__)
    )
    modules = [cast("Spoiler", module) for module in found if hasattr(module, "KIND")]
    return {module.KIND: module for module in sorted(modules, key=lambda module: module.KIND)}


def spoil(chosen: Sequence[Fault], root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Apply faults in their order.

    Raises:
        ScenarioError: there is no fault of that kind.
    """
    for index, fault in enumerate(chosen):
        rows = _spoiler(fault).apply(fault, root, rows, dice.stream(str(index)))
    return rows


def zip_members(chosen: Sequence[Fault]) -> tuple[Member, ...]:
    """Give what faults put into a zip and no folder can hold; if there is any, a zip is needed.

    Raises:
        ScenarioError: there is no fault of that kind, or none with that option.
    """
    found = ((fault, _spoiler(fault)) for fault in chosen)
    return tuple(
        member
        for fault, spoiler in found
        if hasattr(spoiler, "members")
        for member in cast("ZipSpoiler", spoiler).members(fault)
    )


def _spoiler(fault: Fault) -> Spoiler:
    spoiler = kinds().get(fault.kind)
    if spoiler is None:
        known = ", ".join(kinds()) or "none"
        raise ScenarioError(f"no such fault: {fault.kind}.", remedy=f"There are: {known}.")
    return spoiler
