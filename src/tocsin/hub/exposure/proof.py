"""Who can show that a server is clean: whoever holds the evidence registers here, and is asked each time.

This app knows no hand-ins; without anybody who holds them nothing can be shown clean.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct


class Claimed(Struct, frozen=True, kw_only=True):
    """What somebody wants to have recorded as shown.

    Attributes:
        server: its number.
        campaign: its number.
        evidence: ``sha256:`` and the digest of the hand-in.
        at: up to when the evidence shows anything; None where nobody said.
        by: number of the analyst.
    """

    server: int
    campaign: int
    evidence: str
    at: datetime | None
    by: int


Witness = Callable[[Claimed], str | None]
"""Gives None where it holds evidence that shows this, else the reason why it does not."""

WITNESSES: list[Witness] = []
"""Apps that hold evidence add theirs in ``AppConfig.ready``."""

NOBODY = "no re-assessed evidence is held that shows it"


def unproven(claimed: Claimed) -> str | None:
    """Give why it is not shown, or None where somebody holds the evidence."""
    answers = [witness(claimed) for witness in WITNESSES]
    if None in answers:
        return None
    return "; ".join(filter(None, answers)) or NOBODY
