"""Find the writers: every public class of this package's modules that has KINDS, take and close."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

from tocsin.exercise import writers as package
from tocsin.exercise.workshop import Workshop, Writer


def writers(workshop: Workshop) -> list[Writer]:
    """Make every writer, in the order of module names, save those whose kinds are all withheld."""
    withheld = set(workshop.scenario.collection.withhold)
    return [make(workshop) for make in classes() if not make.KINDS or not withheld.issuperset(make.KINDS)]


def classes() -> Iterator[type[Writer]]:
    """Yield the classes of writers, in the order of module names, then as they stand in the module."""
    for name in sorted(found.name for found in pkgutil.iter_modules(package.__path__)):
        if name != "registry":
            yield from _writers_in(import_module(f"{package.__name__}.{name}"))


def _writers_in(module: ModuleType) -> Iterator[type[Writer]]:
    for name, found in vars(module).items():
        here = isinstance(found, type) and found.__module__ == module.__name__ and not name.startswith("_")
        if here and all(hasattr(found, part) for part in ("KINDS", "take", "close")):
            yield found
