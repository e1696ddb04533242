"""What the page of one organisation under a directive shows."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import RowNumber

from tocsin.hub.accounts.models import User
from tocsin.hub.directives import selectors, services
from tocsin.hub.directives.loading import order_of
from tocsin.hub.directives.models import Answer, Return, Subject
from tocsin.hub.directives.said import told_by

SHOWN = 50
FEW = 8
"""Servers that are shown of one requirement, the late ones first; the others are counted."""


def organisation_page(user: User, subject: Subject) -> dict[str, Any]:
    """Requirements with their answers, exceptions, reports, questions, and what this person may do."""
    row, number = subject.directive, subject.organisation_id
    order = order_of(row)
    found, counts = _answers(selectors.visible_to(user).filter(directive=row, organisation=number))
    replies = told_by(row, number).replies
    lines: list[dict[str, Any]] = [
        {
            "requirement": each,
            "round": turn,
            "due": str(due) if due else "",
            "answers": found[each.id, turn],
            "more": max(0, counts.get((each.id, turn), 0) - FEW),
        }
        for each in order.requirements
        for turn, due in enumerate(order.deadlines(each))
    ]
    return {
        "subject": subject,
        "directive": row,
        "order": order,
        "parts": [
            (part, [line for line in lines if line["requirement"].part == part.id]) for part in order.parts
        ],
        "questions": [(asked, replies.get(name)) for name, asked in order.questions.items()],
        "excuses": selectors.excuses_visible_to(user)
        .filter(directive=row, organisation=number)
        .order_by("-pk")[:SHOWN],
        "signoffs": selectors.signoffs_visible_to(user)
        .filter(directive=row, organisation=number)
        .order_by("-pk")[:SHOWN],
        "returns": Return.objects.filter(directive=row, organisation=number).order_by("-pk")[:SHOWN],
        "speaks": services.may_speak(user, number),
    }


def _answers(
    rows: QuerySet[Answer],
) -> tuple[dict[tuple[str, int], list[Answer]], dict[tuple[str, int], int]]:
    """The first few answers to each requirement, and how many there are: a large owner has thousands."""
    place = Window(
        RowNumber(), partition_by=[F("requirement"), F("round")], order_by=[F("late").desc(), F("pk").asc()]
    )
    found: dict[tuple[str, int], list[Answer]] = defaultdict(list)
    for each in rows.annotate(place=place).filter(place__lte=FEW).order_by("place"):
        found[each.requirement, each.round].append(each)
    totals = rows.order_by().values_list("requirement", "round").annotate(number=Count("pk"))
    return found, {(requirement, turn): number for requirement, turn, number in totals}
