"""Walks over one page until nothing new is learnt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tocsin.detections.webshells.calling import com_type
from tocsin.detections.webshells.code import Unit
from tocsin.detections.webshells.journal import Journal
from tocsin.detections.webshells.sightings import Traced
from tocsin.detections.webshells.store import Store
from tocsin.detections.webshells.tables import api
from tocsin.detections.webshells.values import Value
from tocsin.detections.webshells.walkbase import Reparse
from tocsin.detections.webshells.walking import Walker

__all__ = ["Reparse", "Tracing"]

PASSES = 4
"""Walks over a page at most; two settle most pages, a function that is called before it is written takes
three.
"""
MOST_NODES = 300_000
"""Nodes visited in all walks over a page together."""


class Tracing:
    """One page: its variables are shared by the code of all its languages."""

    def __init__(
        self,
        units: Sequence[Unit],
        *,
        reparse: Reparse | None,
        objects: Iterable[tuple[str, str]],
        controls: Iterable[str],
    ) -> None:
        """Learn the page's functions, and what its markup declares."""
        self.units = units
        self.store = Store()
        self.reparse = _remembering(reparse)
        self.controls = frozenset(name.lower() for name in controls)
        self.budget = MOST_NODES
        for unit in units:
            self.store.learn(unit.body, exact=api(unit.language).exact)
        for name, identifier in objects:
            self.store.write(
                f":{name.lower()}", Value(type=com_type(identifier, api("vbscript").classes)), name.lower()
            )

    def run(self) -> Traced:
        """Walk until nothing changes."""
        journal = Journal()
        for number in range(PASSES):
            self.store.changed = False
            journal = self._walk()
            settled = number and not self.store.changed
            if self.budget <= 0 or settled or journal.idle or journal.certain:
                break
        limits = ("nodes",) if self.budget <= 0 else ()
        return journal.traced(limits)

    def _walk(self) -> Journal:
        journal = Journal()
        for unit in self.units:
            walker = Walker(api(unit.language), self.store, journal, self.reparse, self.controls, self.budget)
            walker.statements(unit.body)
            self.budget = walker.budget
        return journal


def _remembering(reparse: Reparse | None) -> Reparse:
    """Parse every text once: the walks come by again, and the functions in it must stay the same."""
    held: dict[tuple[str, str], Unit | None] = {}

    def remembered(text: str, language: str) -> Unit | None:
        if reparse is None:
            return None
        if (text, language) not in held:
            held[(text, language)] = reparse(text, language)
        return held[(text, language)]

    return remembered
