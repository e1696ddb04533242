"""How a workbook is laid out, as data: ``workbook.yaml`` beside the workbook of a directive.

A target says what a cell or a column holds: a *fact* of the organisation or server, the answer to a
*requirement*, the answer to one of the directive's *questions*, or *notes*, where the reasons and locators
of some requirements stand. ``says`` gives the words that a cell offers for each answer.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from tocsin.errors import UsageFault

YES, FOUND, NO = "yes", "found", "no"
"""Answers to a requirement: done; done, with signs of compromise found; not done."""

FACTS = frozenset(
    {
        "organisation.name",
        "organisation.number",
        "contact.name",
        "contact.email",
        "contact.phone",
        "report.comments",
        "report.whole",  # the report speaks for the whole department
        "report.signed-by",
        "server.number",
        "server.address",
        "server.hostname",
        "server.name",
        "server.internal-address",
        "server.product",
        "server.build",
        "server.system",
        "server.exposure",
        "server.disconnected",
        "server.updated",
        "server.reachable",
        "server.last-seen",
        "server.owa",
        "server.ecp",
        "server.owa-disabled",
    }
)
"""What the hub may know and a workbook may ask; what it does not know stays empty."""

_PLACE = re.compile(r"[A-Z]{1,3}[1-9][0-9]{0,6}\Z")
_COLUMN = re.compile(r"[A-Z]{1,3}\Z")


class Target(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one cell or column holds; exactly one of fact, requirement, question and notes."""

    fact: str = ""
    requirement: str = ""
    question: str = ""
    notes: tuple[str, ...] = ()
    says: dict[str, str] = {}
    kind: Literal["text", "number", "day"] = "text"

    @property
    def key(self) -> str:
        """What it holds, as one word."""
        if self.notes:
            return f"notes:{'+'.join(self.notes)}"
        return next(
            f"{name}:{value}"
            for name in ("fact", "requirement", "question")
            if (value := getattr(self, name))
        )


class Table(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows ``first`` to ``last``, one for each server (or organisation)."""

    first: int
    last: int
    columns: dict[str, Target]
    per: Literal["server", "organisation"] = "server"


class SheetLayout(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One sheet. ``checks`` are cells and how their texts begin: they show that it is this workbook."""

    name: str
    checks: dict[str, str]
    cells: dict[str, Target] = {}
    table: Table | None = None

    def targets(self) -> Iterator[tuple[str, Target]]:
        """Give every cell and column with what it holds."""
        yield from self.cells.items()
        yield from self.table.columns.items() if self.table else ()


class Layout(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole workbook; ``file`` stands beside the layout."""

    file: str
    source: str
    sheets: tuple[SheetLayout, ...]


def load_layout(path: Path, *, requirements: Collection[str], questions: Collection[str]) -> Layout:
    """Read a layout and prove that it makes sense for a directive.

    Raises:
        UsageFault: it cannot be read, or names what the directive and the hub do not know.
    """
    try:
        layout = msgspec.yaml.decode(path.read_bytes(), type=Layout)
    except (OSError, msgspec.MsgspecError) as error:
        raise UsageFault(f"cannot read the workbook's layout: {error}", where=str(path)) from error
    for fault in _faults(layout, frozenset(requirements), frozenset(questions)):
        raise UsageFault(fault, where=str(path))
    return layout


def _faults(layout: Layout, requirements: frozenset[str], questions: frozenset[str]) -> Iterator[str]:
    if "/" in layout.file or "\\" in layout.file:
        yield "the workbook stands beside its layout: give its name alone"
    for sheet in layout.sheets:
        for place in (*sheet.cells, *sheet.checks):
            if not _PLACE.match(place):
                yield f"{sheet.name}: {place!r} is no cell"
        if sheet.table:
            yield from _table_faults(sheet.name, sheet.table)
        seen: set[str] = set()
        for place, target in sheet.targets():
            yield from (
                f"{sheet.name}!{place}: {fault}" for fault in _unknown(target, requirements, questions)
            )
            if target.key in seen:
                yield f"{sheet.name}!{place}: {target.key} stands twice"
            seen.add(target.key)


def _table_faults(name: str, table: Table) -> Iterator[str]:
    if not 0 < table.first <= table.last:
        yield f"{name}: the table ends before it begins"
    for column in table.columns:
        if not _COLUMN.match(column):
            yield f"{name}: {column!r} is no column"


def _unknown(target: Target, requirements: frozenset[str], questions: frozenset[str]) -> Iterator[str]:
    given = [bool(each) for each in (target.fact, target.requirement, target.question, target.notes)]
    if sum(given) != 1:
        yield "give one of fact, requirement, question and notes"
        return
    if target.fact and target.fact not in FACTS:
        yield f"the hub knows no fact {target.fact}"
    if target.question and target.question not in questions:
        yield f"the directive asks no question {target.question}"
    for name in (*target.notes, *([target.requirement] if target.requirement else ())):
        if name not in requirements:
            yield f"the directive has no requirement {name}"
    if target.requirement and not {YES, NO} <= set(target.says):
        yield "say what stands for yes and for no"
    if len({_folded(text) for text in target.says.values()}) < len(target.says):
        yield "two answers are said alike"


def word_of(target: Target, text: str) -> str:
    """Give the answer that a cell's text stands for, regardless of case and spaces; none if it is none."""
    wanted = _folded(text)
    return next((word for word, said in target.says.items() if _folded(said) == wanted), "")


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
