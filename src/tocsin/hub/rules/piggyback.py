"""Whom somebody else may reach next: servers whose web shell still waits, in the order of the risk.

Others use what the first intruder left: in March 2021 ransomware came within a week of the flaw's disclosure.
Queued are cases of web shells that are open while the server counts as patched, so that its owner may believe
that it is over, and those whose server shows more than one hand. Points add up, so that the order can be told
in words:

* one for each day that the shell has been there, sixty at most;
* thirty if more than one hand was seen on the server: others have found the way;
* twenty if the server is patched: nobody looks any more;
* fifteen if the sector is highly critical by annex I of Directive (EU) 2022/2555 (NIS2).
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from tocsin.hub.rules.sectors import sectors
from tocsin.hub.rules.words import Exposure

MOST_DAYS = 60
SECOND_HAND = 30
PATCHED = 20
CRITICAL = 15
HIGHLY_CRITICAL = frozenset(
    {
        "government-national",
        "government-regional",
        "energy",
        "transport",
        "finance",
        "health",
        "water",
        "digital-infrastructure",
        "ict-services",
        "space",
    }
)
"""Sectors of annex I of NIS2; of public administration, central and regional governments."""
FIXED = frozenset({Exposure.PATCHED, Exposure.PATCH_VERIFIED})

ORDER = (
    "Ordered by points: one for each day with a web shell (60 at most), 30 if more than one hand was seen on"
    " the server, 20 if it is patched and its owner may believe that it is over, 15 for a highly critical"
    " sector (NIS2, annex I)."
)


class Exposed(Struct, frozen=True, kw_only=True):
    """An open case of a web shell.

    Attributes:
        found: the first day on which the shell was there.
        patched: the server is.
        second_hand: more than one hand was seen on the server.
        sector: of the owner.
    """

    found: date
    patched: bool
    second_hand: bool
    sector: str


class Risk(Struct, frozen=True, kw_only=True):
    """Points, and what they are for, the weightiest first."""

    points: int
    words: tuple[str, ...]


def queued(case: Exposed) -> bool:
    """Tell whether a case stands in the queue."""
    return case.patched or case.second_hand


def risk(case: Exposed, today: date) -> Risk:
    """Give the risk of a case on a day; no points for one that is not queued."""
    if not queued(case):
        return Risk(points=0, words=())
    days = max((today - case.found).days, 0) + 1
    parts = [(min(days, MOST_DAYS), f"{days} day{'s' if days > 1 else ''} with a web shell")]
    if case.second_hand:
        parts.append((SECOND_HAND, "more than one hand on the server"))
    if case.patched:
        parts.append((PATCHED, "patched, so nobody may be looking"))
    if case.sector in HIGHLY_CRITICAL:
        parts.append((CRITICAL, f"highly critical sector: {sectors()[case.sector].name.lower()}"))
    parts.sort(key=lambda part: -part[0])
    return Risk(points=sum(points for points, _ in parts), words=tuple(words for _, words in parts))
