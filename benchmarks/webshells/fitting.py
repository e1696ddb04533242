"""Weights from cases: a logistic model whose evidence never speaks for innocence unless it may.

Coordinate descent with a quadratic penalty; a feature keeps to the sign that its prefix allows
(``tocsin.detections.webshells.score.SIGNS``), so that added evidence never lowers a score by accident.
Equal cases are folded into one with their number.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from tocsin.detections.webshells.score import BIAS, sign_of

PENALTY = 0.3
RARITY = 2.0
"""What a feature weighs before shells are seen, for every power of ten that it is rare in harmless pages."""
TRUSTED = {"grave": 1.0, "flow": 0.7, "sig": 0.7, "shape": 0.7, "sink": 0.5, "note": 0.5}
"""By the first word of a feature, how far its rarity counts."""
STIFF = {"use": 10.0, "note": 4.0, "fetch": 4.0, "many": 4.0, "bound": 4.0, "sink": 3.0, "shape": 2.0}
"""By the first word of a feature, how much harder it is held to what it weighs before."""
COMMON = 1.5
"""A feature in one of ``10 ** COMMON`` harmless pages weighs nothing before shells are seen."""
SWEEPS = 25
_CLOSE = 0.02
_LOOSE = 0.001
_LONGEST_STEP = 2.0
_FAR = 30.0

Floats = NDArray[np.float64]


class Example(Struct, frozen=True, kw_only=True):
    """Cases with the same features.

    Attributes:
        features: names; a feature is there or it is not.
    """

    features: tuple[str, ...]
    shell: bool
    weight: float


class _Column(Struct, frozen=True, kw_only=True):
    """A feature: the examples that have it, and how its weight is held."""

    rows: NDArray[np.int64]
    before: float
    penalty: float
    sign: int


def examples(cases: Iterable[tuple[Iterable[str], bool, float]]) -> list[Example]:
    """Fold equal cases: features, whether a shell, and the weight of the case."""
    counts: Counter[tuple[tuple[str, ...], bool]] = Counter()
    for features, shell, weight in cases:
        counts[(tuple(sorted(features)), shell)] += weight  # type: ignore[assignment]  # weights are floats
    return [
        Example(features=features, shell=shell, weight=weight) for (features, shell), weight in counts.items()
    ]


def fit(found: Sequence[Example], before: Mapping[str, float] | None = None) -> dict[str, float]:
    """Give the weights, the intercept among them under ``BIAS``.

    Args:
        found: the cases.
        before: what the weights are drawn to; without it, the rarity of a feature says it.
    """
    shells = np.array([example.shell for example in found], np.float64)
    shares = np.array([example.weight for example in found], np.float64)
    columns = _columns(found, shells, shares, before or {})
    weights = {name: column.before for name, column in columns.items()}
    margins = np.zeros(len(found))
    for name, column in columns.items():
        margins[column.rows] += weights[name]
    for _ in range(SWEEPS):
        if max(_step(one, columns[one], weights, margins, shares, shells) for one in columns) < _CLOSE:
            break
    return {name: round(float(weight), 4) for name, weight in weights.items() if weight or name == BIAS}


def _columns(
    found: Sequence[Example], shells: Floats, shares: Floats, before: Mapping[str, float]
) -> dict[str, _Column]:
    rows: dict[str, list[int]] = {BIAS: list(range(len(found)))}
    for at, example in enumerate(found):
        for name in example.features:
            rows.setdefault(name, []).append(at)
    harmless = shares * (1.0 - shells)
    pages = float(harmless.sum())
    return {
        name: _Column(
            rows=np.array(held, np.int64),
            before=before.get(name, _rarity(name, pages, float(harmless[held].sum()))),
            penalty=_LOOSE if name == BIAS else PENALTY * STIFF.get(name.partition(":")[0], 1.0),
            sign=sign_of(name),
        )
        for name, held in sorted(rows.items())
    }


def _rarity(name: str, pages: float, seen: float) -> float:
    """Give what a feature weighs before shells are seen: the rarer in harmless pages, the more."""
    trust = TRUSTED.get(name.partition(":")[0], 0.0)
    rare = math.log10((pages + 1.0) / (seen + 0.5)) - COMMON
    return RARITY * trust * max(0.0, rare)


def _step(
    name: str, column: _Column, weights: dict[str, float], margins: Floats, shares: Floats, shells: Floats
) -> float:
    """Move one weight by a damped Newton step; give how far it moved."""
    rows = column.rows
    chance = 1.0 / (1.0 + np.exp(-np.clip(margins[rows], -_FAR, _FAR)))
    share = shares[rows]
    gradient = column.penalty * (weights[name] - column.before) + float(
        (share * (chance - shells[rows])).sum()
    )
    curvature = column.penalty + float((share * chance * (1.0 - chance)).sum())
    new = weights[name] - max(-_LONGEST_STEP, min(_LONGEST_STEP, gradient / curvature))
    new = max(0.0, new) if column.sign > 0 else min(0.0, new) if column.sign < 0 else new
    change = new - weights[name]
    if change:
        weights[name] = new
        margins[rows] += change
    return abs(change)
