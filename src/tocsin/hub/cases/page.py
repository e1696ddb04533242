"""All that the page of one case shows, to this person."""

from __future__ import annotations

from typing import Any

from tocsin.hub.accounts.models import Act, User
from tocsin.hub.cases import closing, selectors
from tocsin.hub.cases.forms import ACTS_ON_ONE
from tocsin.hub.cases.models import Case, Fact
from tocsin.hub.cases.moving import folded
from tocsin.hub.rules.cases import CLOSED, CaseState
from tocsin.hub.rules.words import Role

SHOWN = 200


def case_page(user: User, case: Case, hand_in: int | None = None) -> dict[str, Any]:
    """Timeline, what is missing for closing, comments, links, what looks alike, and what may be done.

    The case must be one that the person may see. ``hand_in`` chooses the evidence that the conditions are
    worked out for; without it the newest.
    """
    staff = user.role != Role.MEMBER
    evidence = list(closing.usable(case)[:SHOWN])
    chosen = next((one for one in evidence if hand_in in {None, one.pk}), None)
    over = case.state in CLOSED
    conditions = [] if over else closing.conditions_of(case, chosen, by=user if user.writes else None)
    return {
        "case": case,
        "staff": staff,
        "over": over,
        "timeline": _timeline(case),
        "evidence": evidence,
        "chosen": chosen,
        "conditions": conditions,
        "missing": sum(not one.met for one in conditions),
        "comments": case.comments.select_related("by").order_by("id")[:SHOWN] if staff else [],
        "links": case.links.select_related("by").order_by("id")[:SHOWN],
        "acts": Act.objects.filter(subject=f"case:{case.pk}").order_by("-id")[:SHOWN] if staff else [],
        "alike": selectors.alike(user, case)[:20] if staff else [],
        "forms": {} if over and not user.writes else _forms(user, case),
    }


def _forms(user: User, case: Case) -> dict[str, Any]:
    """What this person may do to the case now: forms by the word of the act."""
    may = {
        word: form
        for word, form in ACTS_ON_ONE.items()
        if user.writes or (user.role == Role.MEMBER and form.members)
    }
    if case.key:
        may.pop("merge", None)
    if case.state in CLOSED:
        may = {word: form for word, form in may.items() if word in {"assign", "comment", "link"}}
    return {word: form(auto_id=f"{word}_%s", initial=_initial(case, word)) for word, form in may.items()}


def _initial(case: Case, word: str) -> dict[str, Any]:
    known: dict[str, dict[str, Any]] = {"assign": {"to": case.assignee_id}, "due": {"day": case.due}}
    return known.get(word, {})


def _timeline(case: Case) -> list[dict[str, Any]]:
    """Every fact in the order in which it was so, with the state that it led to, if it led to one."""
    path = dict(folded([case.pk])[case.pk].path)
    rows = list(case.facts.select_related("by", "hand_in").order_by("at", "id"))
    last = {row.at: row.pk for row in rows}
    return [_shown(row, path.get(row.at) if last[row.at] == row.pk else None) for row in rows[-SHOWN:]]


def _shown(row: Fact, state: CaseState | None) -> dict[str, Any]:
    return {"fact": row, "state": state.value if state else ""}
