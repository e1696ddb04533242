"""Scores for all cases, by the weights as they are or by weights fitted without the case's source."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

from benchmarks.webshells.cache import Row, key
from benchmarks.webshells.corpus import Case
from benchmarks.webshells.figures import Judged
from benchmarks.webshells.fitting import examples, fit
from benchmarks.webshells.ordinary import ordinary
from benchmarks.webshells.shifting import shifts

from tocsin.detections.webshells.score import BIAS, margin_of, model_of, score_of

Models = Mapping[str, Mapping[str, float]]
POOLED = "all"
"""The model that is fitted on all families together; the others are drawn to it."""
FOREIGN = 0.2
"""What a harmless page of another family counts in the fit of a family: it too has what is ordinary."""


def models(found: Sequence[Case], have: Mapping[str, Row], only: frozenset[str] = frozenset()) -> Models:
    """Fit all families of pages together, then every one by itself, drawn to what holds for all.

    Args:
        found: the cases.
        have: their features.
        only: the models that are wanted; none means all.
    """
    pooled = _fitted(found, have, "", None)
    names = only or frozenset(model_of(have[key(case)].features) for case in found)
    each = {name: {**pooled, **_fitted(found, have, name, pooled)} for name in sorted(names)}
    return {POOLED: pooled, **each}


def published(found: Sequence[Case], have: Mapping[str, Row]) -> Models:
    """Give the models fitted on everything, their intercepts moved to the wanted rate of false alarms."""
    moved = shifts(margins_left_out(found, have))
    return {
        name: {**model, BIAS: round(model[BIAS] + moved.get(name, 0.0), 4)}
        for name, model in models(found, have).items()
    }


def judged_by(found: Sequence[Case], have: Mapping[str, Row], weighed: Models) -> list[Judged]:
    """Score the cases by given models."""
    rows = [(case, have[key(case)].features) for case in found]
    return [
        Judged(case=case, score=score_of(features, weighed[model_of(features)])) for case, features in rows
    ]


def judged_left_out(found: Sequence[Case], have: Mapping[str, Row]) -> list[Judged]:
    """Score every source by models that were fitted without it and without its near-duplicates.

    The intercepts are moved as for the published weights, by what the other sources' files scored when they
    were left out themselves; no score of the source that is judged moves its own.
    """
    margins = margins_left_out(found, have)
    out: list[Judged] = []
    for source in sorted({case.source for case, _, _ in margins}):
        moved = shifts([one for one in margins if one[0].source != source])
        for case, model, margin in margins:
            if case.source == source:
                score = score_of({"margin": 1.0}, {"margin": margin + moved.get(model, 0.0)})
                out.append(Judged(case=case, score=score))
    return out


def judged_fixed(
    found: Sequence[Case], have: Mapping[str, Row], rule: Callable[[Mapping[str, float]], bool]
) -> list[Judged]:
    """Score the cases by a rule without weights."""
    return [Judged(case=case, score=float(rule(have[key(case)].features))) for case in found]


def margins_left_out(found: Sequence[Case], have: Mapping[str, Row]) -> list[tuple[Case, str, float]]:
    """Give for every case its model and its margin under weights fitted without its source."""
    by_source: dict[str, list[Case]] = defaultdict(list)
    for case in found:
        by_source[case.source].append(case)
    out: list[tuple[Case, str, float]] = []
    for source, held in sorted(by_source.items()):
        clusters = {case.cluster for case in held}
        rest = [case for case in found if case.source != source and case.cluster not in clusters]
        named = [(case, have[key(case)].features) for case in held]
        fitted = models(rest, have, frozenset(model_of(features) for _, features in named))
        out += [
            (case, model_of(features), margin_of(features, fitted[model_of(features)]))
            for case, features in named
        ]
    return out


def _fitted(
    found: Sequence[Case], have: Mapping[str, Row], model: str, before: Mapping[str, float] | None
) -> dict[str, float]:
    """Fit on the cases; near-duplicates share the weight of two."""
    own = [case for case in found if not model or model_of(have[key(case)].features) == model]
    sizes = Counter((case.cluster, case.shell) for case in own)
    rows = [
        (have[key(case)].features, case.shell, min(1.0, 2.0 / sizes[(case.cluster, case.shell)]))
        for case in own
    ]
    mine = set(map(id, own))
    rows += [
        (have[key(case)].features, False, FOREIGN)
        for case in found
        if not case.shell and id(case) not in mine
    ]
    return fit(examples([*rows, *ordinary(model)]), before)
