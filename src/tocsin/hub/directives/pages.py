"""What the page of one organisation under a directive shows."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tocsin.hub.accounts.models import User
from tocsin.hub.directives import selectors, services
from tocsin.hub.directives.loading import order_of
from tocsin.hub.directives.models import Answer, Return, Subject
from tocsin.hub.directives.said import told_by

MOST = 2_000
SHOWN = 50


def organisation_page(user: User, subject: Subject) -> dict[str, Any]:
    """Requirements with their answers, exceptions, reports, questions, and what this person may do."""
    row, number = subject.directive, subject.organisation_id
    order = order_of(row)
    found: dict[tuple[str, int], list[Answer]] = defaultdict(list)
    rows = selectors.visible_to(user).filter(directive=row, organisation=number).order_by("-late", "pk")
    for each in rows[:MOST]:
        found[each.requirement, each.round].append(each)
    replies = told_by(row, number).replies
    lines: list[dict[str, Any]] = [
        {
            "requirement": each,
            "round": turn,
            "due": str(due) if due else "",
            "answers": found[each.id, turn][:SHOWN],
            "more": max(0, len(found[each.id, turn]) - SHOWN),
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
