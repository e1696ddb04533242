"""How many servers nobody has seen: capture and recapture over sources that look independently.

Two groups of sources: Chapman's estimator. Three or four: log-linear models with dependence between pairs,
the best by AIC (Fienberg 1972; Bishop, Fienberg and Holland 1975, chapter 6), and Chao's lower bound (1989),
which holds even where some servers are seen more easily than others. Every answer carries an interval and
says in words what it assumes, because a figure without its assumptions would be believed too much.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from math import exp, inf, log, sqrt
from statistics import NormalDist

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
MOST_GROUPS = 4
TWO_ONLY = (
    "With two sources their independence is assumed and cannot be tested: if what one sees the other sees "
    "more easily too, more remains unseen than this says."
)
ALL_AT_ONCE = (
    "A dependence of all sources at once cannot be seen in such data; servers that none can reach are not "
    "counted."
)
Pattern = frozenset[str]
"""The groups that saw a server."""


class Unseen(Struct, frozen=True, kw_only=True):
    """An estimate of what remains unseen.

    Attributes:
        seen: servers that at least one group saw.
        total: estimated servers in all; ``inf`` where the data bear no estimate.
        low: lower end of the interval of ``total``, never below ``seen``.
        high: its upper end.
        method: ``chapman``, ``log-linear``, ``chao`` or ``none``.
        at_least: Chao's lower bound of ``total``, where there are three groups or more.
        words: what the figure rests on, as sentences for the reader.
    """

    seen: int
    total: float
    low: float
    high: float
    method: str
    at_least: float
    words: tuple[str, ...]


class _Fit(Struct, frozen=True, kw_only=True):
    pairs: tuple[tuple[int, int], ...]
    aic: float
    unseen: float
    log_variance: float
    strengths: tuple[float, ...]


def estimate(patterns: Mapping[Pattern, int], *, level: float = 0.95) -> Unseen:
    """What remains unseen, from how many servers each combination of groups saw.

    Args:
        patterns: counts by the set of groups that saw the server; empty sets are ignored.
        level: of the interval.
    """
    counts = {who: number for who, number in patterns.items() if who and number > 0}
    groups = sorted(frozenset[str]().union(*counts))
    z = NormalDist().inv_cdf((1 + level) / 2)
    if len(groups) < 2:  # noqa: PLR2004 - one group cannot recapture
        return _none(counts, groups)
    if len(groups) == 2:  # noqa: PLR2004 - two lists
        return _two(counts, groups, z)
    kept = _largest(counts, groups)
    return _many(_seen_by(counts, kept), kept, z, left_out=[g for g in groups if g not in kept])


def chapman(first: int, second: int, both: int) -> tuple[float, float]:
    """Chapman's estimate of the total and its variance (Seber 1982, section 3.1)."""
    total = (first + 1) * (second + 1) / (both + 1) - 1
    variance = (first + 1) * (second + 1) * (first - both) * (second - both)
    return total, variance / ((both + 1) ** 2 * (both + 2))


def chao(counts: Mapping[Pattern, int]) -> float:
    """Chao's estimate of the total where sources differ in how much they see (1989, M_th, corrected).

    It is exact for independent sources, a lower bound where some servers are seen more easily than others.
    """
    alone = [number for who, number in counts.items() if len(who) == 1]
    twice = sum(number for who, number in counts.items() if len(who) == 2)  # noqa: PLR2004 - seen twice
    products = (sum(alone) ** 2 - sum(number**2 for number in alone)) / 2
    return sum(counts.values()) + products / (twice + 1)


def interval(seen: int, unseen: float, variance: float, z: float) -> tuple[float, float]:
    """A log-normal interval of the total, which never falls below what was seen (Burnham 1987)."""
    if unseen <= 0:
        return float(seen), float(seen)
    factor = exp(z * sqrt(log(1 + variance / unseen**2)))
    return seen + unseen / factor, seen + unseen * factor


def _none(counts: Mapping[Pattern, int], groups: list[str]) -> Unseen:
    seen = sum(counts.values())
    who = f"Only {groups[0]} looked" if groups else "Nobody looked"
    words = (f"{who}: how much remains unseen cannot be estimated from fewer than two independent sources.",)
    return Unseen(
        seen=seen, total=inf, low=float(seen), high=inf, method="none", at_least=float(seen), words=words
    )


def _two(counts: Mapping[Pattern, int], groups: list[str], z: float) -> Unseen:
    first, second = (_by(counts, group) for group in groups)
    both = counts.get(frozenset(groups), 0)
    seen = sum(counts.values())
    total, variance = chapman(first, second, both)
    low, high = interval(seen, total - seen, variance, z)
    words = (
        f"Of {seen} servers seen, {groups[0]} saw {first}, {groups[1]} {second}, both {both}.",
        TWO_ONLY,
    )
    return Unseen(seen=seen, total=total, low=low, high=high, method="chapman", at_least=low, words=words)


def _many(counts: Mapping[Pattern, int], groups: list[str], z: float, *, left_out: list[str]) -> Unseen:
    seen = sum(counts.values())
    bound = chao(counts)
    fits = sorted(_fits(counts, groups), key=lambda fit: fit.aic)
    if not fits:
        return Unseen(
            seen=seen,
            total=bound,
            low=float(seen),
            high=inf,
            method="chao",
            at_least=bound,
            words=(
                "The sources saw too little in common for a model: this is a lower bound.",
                *_left(left_out),
            ),
        )
    best = fits[0]
    # Models that explain the data nearly as well belong to the uncertainty.
    near = [fit for fit in fits if fit.aic <= best.aic + 2]
    ends = [interval(seen, fit.unseen, fit.log_variance * fit.unseen**2, z) for fit in near]
    return Unseen(
        seen=seen,
        total=seen + best.unseen,
        low=min(low for low, _ in ends),
        high=max(high for _, high in ends),
        method="log-linear",
        at_least=bound,
        words=(*_dependence(best, groups, len(near)), *_left(left_out)),
    )


def _dependence(best: _Fit, groups: list[str], near: int) -> Iterator[str]:
    if not best.pairs:
        yield "The data agree with independent sources."
    for (a, b), strength in zip(best.pairs, best.strengths, strict=True):
        how = "more" if strength > 0 else "less"
        yield (
            f"{groups[a]} and {groups[b]} see the same servers {how} often than chance would have it "
            f"(odds ratio {exp(min(strength, 50.0)):.2g}); the estimate allows for it."
        )
    if near > 1:
        yield f"{near} models explain the data about equally well; the interval spans them all."
    yield ALL_AT_ONCE


def _left(groups: list[str]) -> Iterator[str]:
    if groups:
        yield f"Left out, because they saw least: {', '.join(groups)}."


def _by(counts: Mapping[Pattern, int], group: str) -> int:
    return sum(number for who, number in counts.items() if group in who)


def _largest(counts: Mapping[Pattern, int], groups: list[str]) -> list[str]:
    return sorted(sorted(groups, key=lambda group: -_by(counts, group))[:MOST_GROUPS])


def _seen_by(counts: Mapping[Pattern, int], groups: list[str]) -> dict[Pattern, int]:
    found: dict[Pattern, int] = {}
    for who, number in counts.items():
        kept = who & frozenset(groups)
        if kept:
            found[kept] = found.get(kept, 0) + number
    return found


def _fits(counts: Mapping[Pattern, int], groups: list[str]) -> Iterator[_Fit]:
    pairs = list(combinations(range(len(groups)), 2))
    cells = [
        frozenset(who) for size in range(1, len(groups) + 1) for who in combinations(range(len(groups)), size)
    ]
    numbers = np.array(
        [counts.get(frozenset(groups[i] for i in cell), 0) for cell in cells], dtype=np.float64
    )
    for size in range(len(pairs) + 1):
        for chosen in combinations(pairs, size):
            if 1 + len(groups) + size < len(cells) and (fit := _fit(cells, numbers, len(groups), chosen)):
                yield fit


def _fit(
    cells: list[frozenset[int]], numbers: Numbers, groups: int, pairs: tuple[tuple[int, int], ...]
) -> _Fit | None:
    """A Poisson log-linear model by iteratively reweighted least squares; None where it has no estimate."""
    columns = [[1.0, *(float(g in cell) for g in range(groups))] for cell in cells]
    both = [[float(a in cell and b in cell) for a, b in pairs] for cell in cells]
    design = np.hstack([np.array(columns), np.array(both).reshape(len(cells), len(pairs))])
    mean = numbers + 0.5
    for _ in range(100):
        weighted = design.T * mean
        working = np.log(mean) + (numbers - mean) / mean
        try:
            found: Numbers = np.asarray(
                np.linalg.solve(weighted @ design, weighted @ working), dtype=np.float64
            )
            new = np.exp(np.clip(design @ found, -30, 30))
            settled = np.abs(new - mean).max() <= 1e-9 * new.max()
            mean = new
            if settled:
                return _result(design, numbers, mean, (found, pairs, 1 + groups))
        except np.linalg.LinAlgError:
            return None
    return None


def _result(
    design: Numbers, numbers: Numbers, mean: Numbers, found: tuple[Numbers, tuple[tuple[int, int], ...], int]
) -> _Fit | None:
    values, pairs, plain = found
    spread = np.linalg.inv((design.T * mean) @ design)
    # A wide, or by rounding a negative, variance: the data do not determine the cell.
    if not 0 <= spread[0, 0] <= 25 or not np.isfinite(values).all():  # noqa: PLR2004 - five standard errors
        return None
    likelihood = float((numbers * np.log(mean) - mean).sum())
    return _Fit(
        pairs=pairs,
        aic=2 * len(values) - 2 * likelihood,
        unseen=exp(float(values[0])),
        log_variance=float(spread[0, 0]),
        strengths=tuple(float(value) for value in values[plain:]),
    )
