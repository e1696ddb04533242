"""Put cases that look alike into clusters: a few at a time, and joined where one leads to two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Count, Max, Min

from tocsin.hub.cases.models import Case, Cluster, Trait
from tocsin.hub.census.bulk import writing
from tocsin.hub.rules import similarity
from tocsin.hub.rules.cases import CaseKind, CaseState

PIECE = 200


def compare() -> bool:
    """Compare cases that are new, or of which more is known now. Gives whether there were any."""
    waiting = Case.objects.filter(looked_alike=False).order_by("id")[:PIECE]
    if not waiting.exists():
        return False
    with writing():
        cases = list(waiting)
        touched = {number for case in cases if (number := _joined(case)) is not None}
        Case.objects.filter(pk__in=[case.pk for case in cases]).update(looked_alike=True)
        for number in sorted(touched):
            count(number)
    return True


def count(number: int) -> None:
    """Count a cluster's cases and owners anew."""
    members = Case.objects.filter(cluster=number).exclude(state=CaseState.MERGED)
    told = members.aggregate(
        cases=Count("pk"),
        organisations=Count("organisation", distinct=True),
        first_found=Min("opened"),
        last_found=Max("opened"),
    )
    Cluster.objects.filter(pk=number).update(**told)


def _joined(case: Case) -> int | None:
    """Put a case into its cluster, and join the clusters that it leads to; gives the cluster."""
    wanted = _traits(case)
    if not wanted:
        return None
    known = {one.value: one for one in Trait.objects.filter(value__in=[one.value for one in wanted])}
    met = [(known[one.value].cluster_id, one.why) for one in wanted if _met(one, known.get(one.value))]
    old = {case.cluster_id} - {None}
    numbers = sorted({number for number, _ in met} | {number for number in old if number})
    cluster = numbers[0] if numbers else Cluster.objects.create().pk
    _unite(cluster, numbers[1:])
    _say(cluster, {why for _, why in met})
    Case.objects.filter(pk=case.pk).update(cluster=cluster)
    fresh = [one for one in wanted if one.value not in known]
    Trait.objects.bulk_create(
        [Trait(value=one.value, cluster_id=cluster, sketch=one.sketch) for one in fresh]
    )
    return cluster


def _traits(case: Case) -> list[similarity.Trait]:
    if case.kind != CaseKind.WEBSHELL or case.state == CaseState.MERGED:
        return []
    return similarity.traits(sha256=case.sha256, sketch=case.sketch, family=case.family, key=case.key)


def _met(one: similarity.Trait, known: Trait | None) -> bool:
    return known is not None and (not one.sketch or similarity.alike(one.sketch, known.sketch))


def _unite(cluster: int, others: Sequence[int]) -> None:
    if others:
        _say(cluster, {why for row in Cluster.objects.filter(pk__in=others) for why in row.why})
        Case.objects.filter(cluster__in=others).update(cluster=cluster)
        Trait.objects.filter(cluster__in=others).update(cluster=cluster)
        Cluster.objects.filter(pk__in=others).delete()


def _say(cluster: int, reasons: Iterable[str]) -> None:
    row = Cluster.objects.get(pk=cluster)
    said = sorted({*row.why, *reasons})
    if said != row.why:
        Cluster.objects.filter(pk=cluster).update(why=said)
