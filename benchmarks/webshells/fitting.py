"""Weights from cases: a logistic model whose evidence never speaks for innocence unless it may.

Coordinate descent with a quadratic penalty; a feature keeps to the sign that its prefix allows
(``tocsin.detections.webshells.score.SIGNS``), so that added evidence never lowers a score by accident.
Equal cases are folded into one with their number.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from tocsin.detections.webshells.score import BIAS, sign_of

BENIGN = 1.0
"""How much graver a false alarm is than a miss, while fitting."""
PENALTY = 0.3
RARITY = 1.1
"""What a feature weighs before any shell is seen, for every power of ten that it is rare in harmless pages."""
TRUSTED = {"grave": 1.0, "flow": 0.7, "sig": 0.7, "sink": 0.0}
"""By the first word of a feature, how far its rarity counts."""
STIFF = {"sink": 10.0, "use": 10.0, "note": 10.0, "fetch": 4.0, "many": 4.0, "shape": 2.0}
"""By the first word of a feature, how much harder it is held to what it weighs before."""
COMMON = 1.5
"""A feature in one of ``10 ** COMMON`` harmless pages weighs nothing before shells are seen."""
SWEEPS = 25
_CLOSE = 0.02


class Example(Struct, frozen=True, kw_only=True):
    """Cases with the same features."""

    features: tuple[tuple[str, float], ...]
    shell: bool
    weight: float


def examples(cases: Iterable[tuple[Mapping[str, float], bool, float]]) -> list[Example]:
    """Fold equal cases: features, whether a shell, and the weight of the case."""
    counts: Counter[tuple[tuple[tuple[str, float], ...], bool]] = Counter()
    for features, shell, weight in cases:
        counts[(tuple(sorted(features.items())), shell)] += weight  # type: ignore[assignment]  # weights are floats
    return [
        Example(features=features, shell=shell, weight=weight) for (features, shell), weight in counts.items()
    ]


def fit(
    found: Sequence[Example],
    start: Mapping[str, float] | None = None,
    before: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Give the weights, the intercept among them under ``BIAS``.

    Args:
        found: the cases.
        start: where to begin, to be faster.
        before: what the weights are drawn to; without it, the rarity of a feature says it.
    """
    columns: dict[str, list[tuple[int, float]]] = {BIAS: [(at, 1.0) for at in range(len(found))]}
    for at, example in enumerate(found):
        for name, value in example.features:
            columns.setdefault(name, []).append((at, value))
    before = {**_before(columns, found), **(before or {})}
    weights = {name: (start or {}).get(name, before[name]) for name in columns}
    margins = [
        weights[BIAS] + sum(weights[name] * value for name, value in example.features) for example in found
    ]
    for _ in range(SWEEPS):
        moved = max(
            _step((name, before[name]), column, weights, margins, found) for name, column in columns.items()
        )
        if moved < _CLOSE:
            break
    return {name: round(weight, 4) for name, weight in weights.items() if weight or name == BIAS}


def _before(columns: Mapping[str, Sequence[tuple[int, float]]], found: Sequence[Example]) -> dict[str, float]:
    """Give what every feature weighs before shells are seen: the rarer in harmless pages, the more."""
    pages = sum(example.weight for example in found if not example.shell)
    before: dict[str, float] = {}
    for name, column in columns.items():
        seen = sum(found[at].weight for at, _ in column if not found[at].shell)
        trust = TRUSTED.get(name.partition(":")[0], 0.0)
        rare = math.log10((pages + 1.0) / (seen + 0.5)) if trust else 0.0
        before[name] = RARITY * trust * max(0.0, rare - COMMON)
    return before


def _step(
    named: tuple[str, float],
    column: Sequence[tuple[int, float]],
    weights: dict[str, float],
    margins: list[float],
    found: Sequence[Example],
) -> float:
    """Move one weight by a damped Newton step; give how far it moved."""
    name, before = named
    penalty = 0.001 if name == BIAS else PENALTY * STIFF.get(name.partition(":")[0], 1.0)
    gradient, curvature = penalty * (weights[name] - before), penalty
    for at, value in column:
        example = found[at]
        chance = 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, margins[at]))))
        share = example.weight if example.shell else example.weight * BENIGN
        gradient += share * (chance - example.shell) * value
        curvature += share * chance * (1.0 - chance) * value * value
    new = weights[name] - max(-2.0, min(2.0, gradient / curvature))
    sign = sign_of(name)
    new = max(0.0, new) if sign > 0 else min(0.0, new) if sign < 0 else new
    change = new - weights[name]
    if change:
        weights[name] = new
        for at, value in column:
            margins[at] += change * value
    return abs(change)
