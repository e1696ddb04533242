"""What owners hand in: an assessment, or the evidence itself, and how far each carries.

An assessment somebody else made is ``self-reported``, whatever it says: it can raise an alarm and close
nothing. Evidence is ``evidence-held`` once the hub has found its own nonce in the record of custody or the
manifest, and the server in it is the one meant; what the hub itself then reads out of it is ``re-assessed``.
"""

from __future__ import annotations

from enum import StrEnum


class Form(StrEnum):
    """What was handed in."""

    REPORT = "report"
    EVIDENCE = "evidence"


class State(StrEnum):
    """Where a hand-in stands. ``waiting`` and ``examining`` are the hub's turn, ``open`` an analyst's."""

    WAITING = "waiting"
    EXAMINING = "examining"
    OPEN = "open"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    UNREADABLE = "unreadable"


DECIDED = frozenset({State.CONFIRMED, State.REFUSED})
