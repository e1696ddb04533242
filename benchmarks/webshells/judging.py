"""Scores for all cases, by the weights as they are or by weights fitted without the case's source."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from benchmarks.webshells.cache import Row, key
from benchmarks.webshells.corpus import Case
from benchmarks.webshells.figures import Judged
from benchmarks.webshells.fitting import examples, fit

from tocsin.detections.webshells.score import model_of, score_of

Models = Mapping[str, Mapping[str, float]]
POOLED = "all"
"""The model that is fitted on all families together; the others are drawn to it."""


def models(
    found: Sequence[Case], have: Mapping[str, Row], start: Models, only: frozenset[str] = frozenset()
) -> Models:
    """Fit all families of pages together, then every one by itself, drawn to what holds for all.

    Args:
        found: the cases.
        have: their features.
        start: models to begin from, to be faster.
        only: the models that are wanted; none means all.
    """
    pooled = _fitted(found, have, start.get(POOLED), None)
    families: dict[str, list[Case]] = defaultdict(list)
    for case in found:
        families[model_of(have[key(case)].features)].append(case)
    each = {
        name: {**pooled, **_fitted(group, have, start.get(name), pooled)}
        for name, group in sorted(families.items())
        if not only or name in only
    }
    return {POOLED: pooled, **each}


def judged_by(found: Sequence[Case], have: Mapping[str, Row], weighed: Models) -> list[Judged]:
    """Score the cases by given models."""
    rows = [(case, have[key(case)].features) for case in found]
    return [
        Judged(case=case, score=score_of(features, weighed[model_of(features)])) for case, features in rows
    ]


def judged_left_out(found: Sequence[Case], have: Mapping[str, Row], start: Models) -> list[Judged]:
    """Score every source by models that were fitted without it and without its near-duplicates."""
    by_source: dict[str, list[Case]] = defaultdict(list)
    for case in found:
        by_source[case.source].append(case)
    out: list[Judged] = []
    for _, held in sorted(by_source.items()):
        source, clusters = held[0].source, {case.cluster for case in held}
        rest = [case for case in found if case.source != source and case.cluster not in clusters]
        only = frozenset(model_of(have[key(case)].features) for case in held)
        out += judged_by(held, have, models(rest, have, start, only))
    return out


def _fitted(
    found: Sequence[Case],
    have: Mapping[str, Row],
    start: Mapping[str, float] | None,
    before: Mapping[str, float] | None,
) -> dict[str, float]:
    """Fit on the cases; near-duplicates share the weight of two."""
    sizes = Counter((case.cluster, case.shell) for case in found)
    rows = (
        (have[key(case)].features, case.shell, min(1.0, 2.0 / sizes[(case.cluster, case.shell)]))
        for case in found
    )
    return fit(examples(rows), start, before)
