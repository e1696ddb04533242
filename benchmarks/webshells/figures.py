"""Recall, false alarms and their intervals."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from benchmarks.webshells.corpus import Case
from msgspec import Struct

FLAGGED = 0.5


class Judged(Struct, frozen=True, kw_only=True):
    """A case and its score."""

    case: Case
    score: float

    @property
    def flagged(self) -> bool:
        """Whether it is called a shell."""
        return self.score >= FLAGGED


class Figures(Struct, frozen=True, kw_only=True):
    """How well one group of languages is told apart.

    Attributes:
        interval: Wilson's, 95 %.
        by_cluster: recall where every cluster of near-duplicates counts once.
        by_source: mean of the recalls of the sources.
        alarms: false alarms; ``applications`` names the sources that have some.
    """

    shells: int
    found: int
    interval: tuple[float, float]
    by_cluster: float
    by_source: float
    pages: int
    alarms: int
    applications: dict[str, int]

    @property
    def recall(self) -> float:
        """Shells that were flagged, of all."""
        return self.found / self.shells if self.shells else math.nan

    @property
    def per_ten_thousand(self) -> float:
        """False alarms per 10,000 harmless files."""
        return 1e4 * self.alarms / self.pages if self.pages else math.nan


def wilson(found: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """Give Wilson's interval for a share."""
    if not of:
        return (0.0, 1.0)
    share = found / of
    middle = share + z * z / (2 * of)
    spread = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    scale = 1 + z * z / of
    return (max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale))


def figures(judged: Sequence[Judged]) -> Figures:
    """Count."""
    shells = [one for one in judged if one.case.shell]
    pages = [one for one in judged if not one.case.shell]
    found = sum(one.flagged for one in shells)
    alarms: dict[str, int] = defaultdict(int)
    for one in pages:
        if one.flagged:
            alarms[one.case.source] += 1
    return Figures(
        shells=len(shells),
        found=found,
        interval=wilson(found, len(shells)),
        by_cluster=_mean_by((one.case.cluster, one.flagged) for one in shells),
        by_source=_mean_by((one.case.source, one.flagged) for one in shells),
        pages=len(pages),
        alarms=sum(alarms.values()),
        applications=dict(alarms),
    )


def _mean_by(pairs: Iterable[tuple[str, bool]]) -> float:
    groups: dict[str, list[bool]] = defaultdict(list)
    for name, flagged in pairs:
        groups[name].append(flagged)
    shares = [sum(group) / len(group) for group in groups.values()]
    return sum(shares) / len(shares) if shares else math.nan
