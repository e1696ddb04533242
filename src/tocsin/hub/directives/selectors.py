"""Read directives, and where everybody stands under them: staff see all, members their organisations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Q, QuerySet

from tocsin.hub.accounts.models import User
from tocsin.hub.constituency.selectors import Visitor, organisation_ids
from tocsin.hub.directives.loading import order_of
from tocsin.hub.directives.models import Addressee, Answer, Directive, Excuse, SignOff, Subject, Word
from tocsin.hub.rules.directives import Standing


def directives_visible_to(user: Visitor) -> QuerySet[Directive]:
    """Directives that a person may see: staff all of them, members those in force that address them."""
    if not isinstance(user, User):
        return Directive.objects.none()
    owned = organisation_ids(user)
    if owned is None:
        return Directive.objects.all()
    return Directive.objects.filter(active=True, subjects__organisation__in=owned).distinct()


def subjects_visible_to(user: Visitor) -> QuerySet[Subject]:
    """Organisations under directives that a person may see."""
    owned = organisation_ids(user)
    found = Subject.objects.select_related("directive", "organisation")
    return found if owned is None else found.filter(organisation_id__in=owned)


def visible_to(user: Visitor) -> QuerySet[Answer]:
    """The answers that a person may see."""
    owned = organisation_ids(user)
    found = Answer.objects.select_related("directive", "organisation", "server")
    return found if owned is None else found.filter(organisation_id__in=owned)


def words_visible_to(user: Visitor) -> QuerySet[Word]:
    """What was said, as far as a person may see it."""
    owned = organisation_ids(user)
    found = Word.objects.select_related("organisation", "server", "by")
    return found if owned is None else found.filter(organisation_id__in=owned)


def excuses_visible_to(user: Visitor) -> QuerySet[Excuse]:
    """Exceptions that a person may see."""
    owned = organisation_ids(user)
    found = Excuse.objects.select_related("directive", "organisation", "server", "asked_by", "decided_by")
    return found if owned is None else found.filter(organisation_id__in=owned)


def signoffs_visible_to(user: Visitor) -> QuerySet[SignOff]:
    """Signed reports that a person may see."""
    owned = organisation_ids(user)
    found = SignOff.objects.select_related("directive", "organisation", "by", "taken_by")
    return found if owned is None else found.filter(organisation_id__in=owned)


COUNTS: dict[str, Any] = {
    **{word.value.replace("-", "_"): Count("pk", filter=Q(standing=word.value)) for word in Standing},
    "late": Count("pk", filter=Q(late=True)),
    "found": Count("pk", filter=Q(found=True)),
}


def by_requirement(rows: QuerySet[Answer]) -> dict[tuple[str, int], dict[str, int]]:
    """Counts by requirement and round."""
    counted: Iterable[Any] = rows.values("requirement", "round").annotate(**COUNTS).order_by()
    return {(row["requirement"], row["round"]): {name: row[name] for name in COUNTS} for row in counted}


def by_both(rows: QuerySet[Answer], organisations: Iterable[int]) -> dict[tuple[int, str], dict[str, int]]:
    """Counts by organisation and requirement, of the first round."""
    mine = rows.filter(organisation__in=list(organisations), round=0)
    counted: Iterable[Any] = mine.values("organisation", "requirement").annotate(**COUNTS).order_by()
    return {
        (row["organisation"], row["requirement"]): {name: row[name] for name in COUNTS} for row in counted
    }


def tags() -> list[str]:
    """Every tag that a directive names."""
    return sorted({tag for row in Directive.objects.all() for tag in order_of(row).applies.tags})


def addressees(tags: Iterable[str]) -> list[Addressee]:
    """Who carries one of these tags; for staff alone."""
    found = Addressee.objects.filter(tag__in=list(tags)).select_related("organisation", "by")
    return list(found.order_by("organisation__folded", "pk"))
