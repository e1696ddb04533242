"""What may be said where no vulnerable server is known: only how far that was looked for."""

from __future__ import annotations

from typing import NamedTuple


class Ground(NamedTuple):
    """What is known of a sector, or of any other part.

    Attributes:
        name: of the part, as the sentence shall name it.
        open: servers not shown to be fixed: vulnerable, mitigated, or unknown.
        vulnerable: those known to be vulnerable.
        known: servers that the hub knows of.
        covered: those that lay in the scope of a snapshot of the day.
    """

    name: str
    open: int
    vulnerable: int
    known: int
    covered: int


def sentence(ground: Ground) -> str:
    """One sentence on the part; "none" never stands without what it rests on."""
    if not ground.known:
        return f"{ground.name}: no server is known, which says nothing of whether there are any."
    share = ground.covered / ground.known
    looked = f"{ground.covered} of {ground.known} known servers ({share:.0%}) were looked at"
    if ground.vulnerable:
        return f"{ground.name}: {ground.vulnerable} known to be vulnerable; {looked}."
    rest = f", and {ground.open} are not shown to be fixed" if ground.open else ""
    return f"{ground.name}: none known to be vulnerable among those seen; {looked}{rest}."
