"""Scores for all cases, by the weights as they are or by weights fitted without the case's source."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from benchmarks.webshells.cache import Row, key
from benchmarks.webshells.corpus import Case
from benchmarks.webshells.figures import Judged
from benchmarks.webshells.fitting import examples, fit

from tocsin.detections.webshells.score import score_of


def fitted_each(found: Sequence[Case], have: Mapping[str, Row]) -> dict[str, dict[str, float]]:
    """Fit all together, then every family of pages by itself, drawn to what holds for all."""
    pooled = fitted(found, have)
    families: dict[str, list[Case]] = defaultdict(list)
    for case in found:
        families[family_of(have[key(case)].features)].append(case)
    each = {name: fitted(group, have, pooled, pooled) for name, group in sorted(families.items())}
    return {"": pooled, **each}


def family_of(features: Mapping[str, float]) -> str:
    return next((MODELS.get(n[7:], "net") for n in features if n.startswith("family:")), "")

MODELS={'asp':'asp','jsp':'jsp','php':'php','cfm':'cfm'}


def fitted(
    found: Sequence[Case], have: Mapping[str, Row], start: Mapping[str, float] | None = None, before: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Fit on the cases; near-duplicates of one source share the weight of two."""
    sizes = Counter((case.cluster, case.shell) for case in found)
    rows = (
        (have[key(case)].features, case.shell, min(1.0, 2.0 / sizes[(case.cluster, case.shell)]))
        for case in found
    )
    return fit(examples(rows), start, before)


def judged_by(found: Sequence[Case], have: Mapping[str, Row], weights: Mapping[str, float]) -> list[Judged]:
    """Score the cases by given weights."""
    return [Judged(case=case, score=score_of(have[key(case)].features, weights)) for case in found]


def judged_left_out(
    found: Sequence[Case], have: Mapping[str, Row], start: Mapping[str, float]
) -> list[Judged]:
    """Score every source by weights that were fitted without it and without its near-duplicates."""
    by_source: dict[str, list[Case]] = defaultdict(list)
    for case in found:
        by_source[case.source].append(case)
    out: list[Judged] = []
    for source, held in sorted(by_source.items()):
        clusters = {case.cluster for case in held}
        rest = [case for case in found if case.source != source and case.cluster not in clusters]
        out += judged_by(held, have, fitted(rest, have, start))
    return out
