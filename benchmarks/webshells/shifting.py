"""Where a family's score is cut: moved so that false alarms stay within a wanted rate on sources left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from benchmarks.webshells.corpus import Case

WANTED = {"net": 2.0, "asp": 50.0, "jsp": 15.0, "php": 5.0, "cfm": 25.0}
"""False alarms per 10,000 harmless files, by model."""
CLEAR = 1.0
"""How far beyond the last tolerated alarm the cut stays, where there is room."""
FARTHEST = 2.0
"""How far a cut is moved towards more alarms: the absence of alarms in few files is no licence."""


def shifts(margins: Iterable[tuple[Case, str, float]]) -> dict[str, float]:
    """Give for every model what is added to its margins.

    Args:
        margins: cases with model and margin under weights that were fitted without their source.
    """
    pages: dict[str, list[float]] = defaultdict(list)
    for case, model, margin in margins:
        if not case.shell:
            pages[model].append(margin)
    return {model: _shift(held, WANTED.get(model, 5.0)) for model, held in pages.items()}


def _shift(pages: list[float], wanted: float) -> float:
    ranked = sorted(pages, reverse=True)
    tolerated = int(wanted * len(ranked) / 1e4)
    cut = ranked[min(tolerated, len(ranked) - 1)]
    return round(min(FARTHEST, -(cut + CLEAR) if cut + CLEAR < 0 else -cut - 0.01), 4)
