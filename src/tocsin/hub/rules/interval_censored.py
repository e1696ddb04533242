"""How long servers stay open, where each fix is only known to lie between two looks.

A server was last seen open after ``left`` days and first seen fixed after ``right``: the fix lies in
(left, right]. Taking either end, or the middle, would bias the half-life by half the time between scans. The
maximum likelihood estimate needs no such choice (Peto 1973, Turnbull 1976). It is found by Turnbull's
self-consistency, sped up by squared extrapolation (Varadhan and Roland 2008), and stops only when the
Kuhn-Tucker conditions hold, so the result does not depend on the way that led there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import inf, isfinite

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from tocsin.hub.rules.survival import HalfLife

Numbers = NDArray[np.float64]
MOST_ROUNDS = 20_000
TOLERANCE = 1e-10
DRAWN = 1e-4  # redrawn data differ by far more than this


class Between(Struct, frozen=True, kw_only=True, order=True):
    """The fix came after ``left`` days, and by ``right``; ``inf`` where none was seen yet."""

    left: float
    right: float


class Fall(Struct, frozen=True, kw_only=True):
    """A share of the servers that was fixed in (``left``, ``right``]; where inside, no data can tell."""

    left: float
    right: float
    share: float


def turnbull(counts: Mapping[Between, float], *, tolerance: float = TOLERANCE) -> tuple[Fall, ...]:
    """The estimate: where the curve falls, and by how much. Sorted; empty for no data.

    The shares add up to 1. What falls in (x, inf] is the share never seen fixed.
    """
    kept = {one: counts[one] for one in sorted(counts) if counts[one] > 0 and one.left < one.right}
    if not kept:
        return ()
    cells = innermost(kept)
    problem = _Problem(kept, cells)
    mass = problem.solved(tolerance)
    return tuple(
        Fall(left=left, right=right, share=float(share))
        for (left, right), share in zip(cells, mass, strict=True)
    )


def innermost(intervals: Iterable[Between]) -> list[tuple[float, float]]:
    """The stretches on which the estimate can put weight: a left end followed by a right end (Peto 1973)."""
    points = sorted({(one.left, 1) for one in intervals} | {(one.right, 0) for one in intervals})
    return [(a[0], b[0]) for a, b in pairwise(points) if a[1] == 1 and b[1] == 0]


def open_shares(falls: Iterable[Fall], days: Iterable[float]) -> list[tuple[float, float]]:
    """For each day the share still open, as (low, high): inside a fall's stretch no data can tell."""
    known = tuple(falls)
    return [
        (
            1 - sum(fall.share for fall in known if fall.left < day),
            1 - sum(fall.share for fall in known if fall.right <= day),
        )
        for day in days
    ]


def median(falls: Iterable[Fall]) -> float:
    """Days until half were fixed, by a straight line inside the stretch where that happened; else ``inf``."""
    gone = 0.0
    for fall in falls:
        if gone + fall.share >= 0.5 - 1e-12 and fall.share > 0:
            if not isfinite(fall.right):
                return inf
            return fall.left + (fall.right - fall.left) * (0.5 - gone) / fall.share
        gone += fall.share
    return inf


def half_life(
    counts: Mapping[Between, float], *, level: float = 0.95, draws: int = 200, seed: int = 1
) -> HalfLife:
    """The median with an interval from redrawn data (bootstrap percentiles). Equal input, equal answer."""
    found = median(turnbull(counts))
    keys = sorted(counts)
    total = int(sum(counts.values()))
    if not total:
        return HalfLife(days=inf, low=inf, high=inf)
    chance = np.random.Generator(np.random.PCG64(seed))
    shares = np.array([counts[key] for key in keys], dtype=np.float64) / sum(counts.values())
    drawn = sorted(
        median(turnbull(_drawn(keys, chance.multinomial(total, shares)), tolerance=DRAWN))
        for _ in range(draws)
    )
    cut = round((1 - level) / 2 * (draws - 1))
    return HalfLife(days=found, low=min(found, drawn[cut]), high=max(found, drawn[-1 - cut]))


def _drawn(keys: list[Between], numbers: NDArray[np.int64]) -> dict[Between, float]:
    return {key: float(number) for key, number in zip(keys, numbers, strict=True)}


def grouped(intervals: Iterable[Between]) -> dict[Between, float]:
    """Equal intervals counted together."""
    return {one: float(number) for one, number in Counter(intervals).items()}


class _Problem:
    """The likelihood over cells: each observation covers a run of them."""

    def __init__(self, counts: Mapping[Between, float], cells: list[tuple[float, float]]) -> None:
        lefts = np.array([cell[0] for cell in cells])
        rights = np.array([cell[1] for cell in cells])
        self.weights: Numbers = np.array(list(counts.values()), dtype=np.float64)
        self.first = np.searchsorted(lefts, [one.left for one in counts], side="left")
        self.after = np.searchsorted(rights, [one.right for one in counts], side="right")
        self.size = len(cells)
        self.total = float(self.weights.sum())

    def gradient(self, mass: Numbers) -> Numbers:
        """Expected count of each cell per unit of its mass, over the number of servers: 1 where optimal."""
        heaped = np.concatenate(([0.0], np.cumsum(mass)))
        parts = self.weights / np.maximum(heaped[self.after] - heaped[self.first], 1e-300)
        changes = np.bincount(self.first, parts, self.size + 1) - np.bincount(
            self.after, parts, self.size + 1
        )
        return np.asarray(np.cumsum(changes)[: self.size] / self.total, dtype=np.float64)

    def step(self, mass: Numbers) -> Numbers:
        """One round of self-consistency."""
        new = mass * self.gradient(mass)
        return np.asarray(new / new.sum(), dtype=np.float64)

    def likelihood(self, mass: Numbers) -> float:
        """The log-likelihood."""
        heaped = np.concatenate(([0.0], np.cumsum(mass)))
        inside = heaped[self.after] - heaped[self.first]
        return float((self.weights * np.log(np.maximum(inside, 1e-300))).sum())

    def solved(self, tolerance: float) -> Numbers:
        """The mass of each cell, once the Kuhn-Tucker conditions hold."""
        mass: Numbers = np.full(self.size, 1.0 / self.size)
        for _ in range(MOST_ROUNDS):
            if self._settled(mass, tolerance):
                break
            mass = self._leap(mass)
        mass[mass < tolerance] = 0.0
        return np.asarray(mass / mass.sum(), dtype=np.float64)

    def _settled(self, mass: Numbers, tolerance: float) -> bool:
        slope = self.gradient(mass)
        busy = mass > tolerance
        return bool(slope.max() <= 1 + tolerance and np.abs(slope[busy] - 1).max() <= tolerance)

    def _leap(self, mass: Numbers) -> Numbers:
        once = self.step(mass)
        twice = self.step(once)
        change, bend = once - mass, twice - 2 * once + mass
        if not bend.any():
            return twice
        length = max(1.0, float(np.sqrt((change @ change) / (bend @ bend))))
        far = np.maximum(mass + 2 * length * change + length * length * bend, 0.0)
        if far.sum() <= 0:
            return twice
        landed = self.step(far / far.sum())
        return landed if self.likelihood(landed) >= self.likelihood(twice) else twice
