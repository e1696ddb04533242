"""Find the artefact modules, and the one that a file belongs to.

Nothing is registered by hand: a module in this package that is neither this one nor private
(``_name``) is an artefact module, and one that lacks a part of the protocol is an error at once.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Protocol, runtime_checkable

from tocsin import artefacts
from tocsin.errors import EnvironmentFault
from tocsin.evidence.event_frames import Interest
from tocsin.evidence.globs import fits
from tocsin.evidence.row_shape import RowReader
from tocsin.evidence.source import Source
from tocsin.model.records import Given, Item
from tocsin.model.words import Confidence


@runtime_checkable
class ArtefactModule(Protocol):
    """What a module in this package offers. See ``docs/architecture.md``.

    Attributes:
        KIND: the kind of file; the records in it may carry other kinds.
        LINES: line-oriented: one item for each line, so the line account must close.
        FOUND_AT: globs over ``Source.where`` at which such files usually stand.
    """

    KIND: str
    LINES: bool
    FOUND_AT: tuple[str, ...]

    def __hash__(self) -> int:
        """Modules are looked up by."""
        ...

    def recognise(self, source: Source) -> Confidence:
        """Say how sure it is that the file is of its kind, from ``head`` and ``where`` only."""
        ...

    def parse(self, source: Source) -> Iterator[Item]:
        """Stream the file's items.

        Raises:
            ArtefactError: the file as a whole cannot be read.
        """
        ...


@runtime_checkable
class RowModule(ArtefactModule, Protocol):
    """An artefact module whose files are mostly plain rows, which need not all be parsed.

    Attributes:
        DELIMITER: between the values of plain rows.
    """

    DELIMITER: str

    def reader(self, source: Source) -> RowReader:
        """Give a reader of the file's lines, one at a time; ``parse`` gives what it gives for every line."""
        ...


@runtime_checkable
class AskedModule(ArtefactModule, Protocol):
    """A module that can be told what is of interest, and gives the rest in brief."""

    def parse_asked(self, source: Source, interest: Interest) -> Iterator[Given]:
        """Stream the file's items, records that are of no interest as ``Briefs``.

        Raises:
            ArtefactError: as ``parse``.
        """
        ...


@cache
def as_row_module(module: ArtefactModule) -> RowModule | None:
    """Give a module whose files are mostly plain rows as one, any other as None."""
    return module if isinstance(module, RowModule) else None


@cache
def as_asked_module(module: ArtefactModule) -> AskedModule | None:
    """Give a module that can be told what is of interest as one, any other as None."""
    return module if isinstance(module, AskedModule) else None


@cache
def modules() -> tuple[ArtefactModule, ...]:
    """Give every artefact module, in order of KIND.

    Raises:
        EnvironmentFault: a module lacks a part of the protocol.
    """
    names = (found.name for found in pkgutil.iter_modules(artefacts.__path__))
    wanted = (name for name in names if name != "registry" and not name.startswith("_"))
    loaded = (_checked(import_module(f"{artefacts.__name__}.{name}")) for name in wanted)
    return tuple(sorted(loaded, key=lambda module: module.KIND))


def identify(source: Source) -> ArtefactModule | None:
    """Give the module that is surest of the file, or None for a binary of no known kind.

    Of equally sure modules the one wins whose ``FOUND_AT`` fits, then the first by KIND.
    """
    best: tuple[int, bool] = (Confidence.NO, True)
    chosen = None
    for fitting, module in _likely_first(source.where):
        confidence = module.recognise(source)
        if confidence is Confidence.SIGNATURE and fitting:
            return module  # nothing is surer, and of equals it is the first
        if confidence >= max(best[0], Confidence.LOCATION):
            rank = (int(confidence), fitting)
            if rank > best:
                best, chosen = rank, module
    return chosen


def _likely_first(where: str) -> Iterator[tuple[bool, ArtefactModule]]:
    """Yield the modules whose ``FOUND_AT`` fits, then the others, each by KIND; and whether it fits."""
    others = []
    for module in modules():
        if fits(where, module.FOUND_AT):
            yield True, module
        else:
            others.append(module)
    for module in others:
        yield False, module


def _checked(module: ModuleType) -> ArtefactModule:
    if isinstance(module, ArtefactModule):
        return module
    raise EnvironmentFault(
        f"artefact module {module.__name__} lacks KIND, LINES, FOUND_AT, recognise or parse",
        remedy="Reinstall Tocsin, or complete the module as docs/architecture.md says.",
    )
