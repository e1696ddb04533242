"""Compliance by organisation and requirement as a table for people: a page, CSV, and a workbook of Excel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from django.db.models import QuerySet
from msgspec import Struct

from tocsin.hub.directives.loading import order_of
from tocsin.hub.directives.models import Answer, Directive, Subject
from tocsin.hub.directives.selectors import by_both, by_requirement
from tocsin.hub.rules.directives import Directive as Order
from tocsin.hub.rules.directives import Requirement
from tocsin.hub.rules.workbooks.plain import plain_book

HEADER = (
    "organisation_number",
    "organisation",
    "requirement",
    "title",
    "due",
    "proven",
    "claimed",
    "excepted",
    "missing",
    "not_applicable",
    "found",
    "late",
)
WORDS = ("proven", "claimed", "excepted", "missing", "not_applicable")


class Cell(Struct, frozen=True, kw_only=True):
    """One organisation and one requirement: the worst word, and how many stand where."""

    requirement: str
    state: str
    says: str
    late: int


class Line(Struct, frozen=True, kw_only=True):
    """One requirement of a directive with its counts over everybody who is shown."""

    requirement: Requirement
    number: int
    due: str
    counts: dict[str, int]


def lines(row: Directive, answers: QuerySet[Answer]) -> list[Line]:
    """Every requirement, and each of its later rounds, with its counts."""
    order, counted = order_of(row), by_requirement(answers)
    found = []
    for each in order.requirements:
        for number, due in enumerate(order.deadlines(each)):
            counts = counted.get((each.id, number), {})
            found.append(Line(requirement=each, number=number, due=str(due) if due else "", counts=counts))
    return found


def matrix(
    order: Order, answers: QuerySet[Answer], subjects: Sequence[Subject]
) -> list[tuple[Subject, list[Cell]]]:
    """For each organisation a cell for each requirement, in the order of the order."""
    counted = by_both(answers, [subject.organisation_id for subject in subjects])
    return [
        (
            subject,
            [
                _cell(each.id, counted.get((subject.organisation_id, each.id), {}))
                for each in order.requirements
            ],
        )
        for subject in subjects
    ]


def _cell(requirement: str, counts: dict[str, int]) -> Cell:
    worst = next((word for word in ("missing", "excepted", "claimed", "proven") if counts.get(word)), "")
    says = ", ".join(f"{counts[word]} {word.replace('_', ' ')}" for word in WORDS if counts.get(word))
    return Cell(
        requirement=requirement,
        state=worst or ("not-applicable" if counts else ""),
        says=says or "not judged yet",
        late=counts.get("late", 0),
    )


def rows(
    row: Directive, answers: QuerySet[Answer], subjects: Sequence[Subject]
) -> Iterator[tuple[object, ...]]:
    """The same as rows of a file: one for each organisation and requirement."""
    order = order_of(row)
    counted = by_both(answers, [subject.organisation_id for subject in subjects])
    for subject in subjects:
        for each in order.requirements:
            counts = counted.get((subject.organisation_id, each.id), {})
            due = order.due(each)
            yield (
                subject.organisation_id,
                str(subject.organisation),
                each.id,
                each.title,
                str(due) if due else "",
                *(counts.get(word, 0) for word in (*WORDS, "found", "late")),
            )


def as_xlsx(found: Iterable[Sequence[object]]) -> bytes:
    """The same as a workbook of Excel."""
    return plain_book("Compliance", (HEADER, *found))
