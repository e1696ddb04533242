"""Boxes about cases for other apps' pages: of a server, of an organisation; and how many there are."""

from __future__ import annotations

from typing import Any

from django import template

from tocsin.hub.cases import selectors
from tocsin.hub.rules.cases import CaseState

register = template.Library()
SHOWN = 50


@register.inclusion_tag("cases/box.html", takes_context=True)
def cases_of(
    context: dict[str, Any], *, server: int | None = None, organisation: int | None = None
) -> dict[str, Any]:
    """The cases of a server or of an organisation that this person may see, the newest first."""
    about = {"server": server} if server else {"organisation": organisation}
    rows = selectors.visible_to(context["user"]).filter(**about).exclude(state=CaseState.MERGED)
    found = list(rows.order_by("-opened", "-id")[: SHOWN + 1])
    query = "".join(f"?{name}={number}" for name, number in about.items())
    return {
        "cases": found[:SHOWN],
        "more": len(found) > SHOWN,
        "query": query,
        "server": server,
        "user": context["user"],
    }


@register.inclusion_tag("cases/tiles.html", takes_context=True)
def case_tiles(context: dict[str, Any], campaign: int | None = None) -> dict[str, Any]:
    """How many cases stand where, each a way into the list."""
    return {"tiles": selectors.tiles(context["user"], campaign)}
