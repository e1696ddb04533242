"""A share with its interval: how far a figure can be trusted that so many trials gave."""

from __future__ import annotations

import math

from msgspec import Struct

_Z = 1.959964
"""Two-sided 95 %."""


class Share(Struct, frozen=True, kw_only=True):
    """So many hits of so many trials, with the 95 % interval after Wilson; all three 0 to 1, or None.

    Trials of one scenario are not independent of one another: the interval says how much chance
    alone could do, not how well the scenarios stand for the world.
    """

    hits: int
    of: int
    share: float | None = None
    low: float | None = None
    high: float | None = None


def share(hits: int, of: int) -> Share:
    """Reckon the share; nothing of nothing has none.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22 (1927), 209-212.
    """
    if not of:
        return Share(hits=hits, of=of)
    low, high = _wilson(hits, of)
    return Share(hits=hits, of=of, share=round(hits / of, 4), low=round(low, 4), high=round(high, 4))


def _wilson(hits: int, of: int) -> tuple[float, float]:
    point, squared = hits / of, _Z * _Z
    middle = point + squared / (2 * of)
    reach = _Z * math.sqrt(point * (1 - point) / of + squared / (4 * of * of))
    below = 1 + squared / of
    return max((middle - reach) / below, 0.0), min((middle + reach) / below, 1.0)
