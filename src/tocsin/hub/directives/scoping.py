"""Whom a directive addresses: found again whenever something happens to a server, a bounded piece at a time.

The scope is a walk over all organisations once, and then a walk along the chain of events: whoever owns a
server that something happened to is looked at. Both keep their place in the directive's row.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef

from tocsin.hub.constituency.models import Organisation
from tocsin.hub.directives.loading import order_of
from tocsin.hub.directives.models import Addressee, Directive, Subject
from tocsin.hub.exposure.models import Event, Standing
from tocsin.hub.rules.directives import Directive as Order

PIECE = 500
EVENTS = 2_000
DEEPEST = 20


def find_subjects() -> bool:
    """The chore: look at some organisations or events of one directive. Gives whether there were any."""
    return any(_one(row) for row in Directive.objects.filter(active=True).order_by("pk"))


def _one(row: Directive) -> bool:
    return _follow(row) if row.settled else _walk(row)


@transaction.atomic
def _walk(row: Directive) -> bool:
    newest = Event.objects.order_by("-id").values_list("id", flat=True).first() or 0
    if not row.walked:
        row.seen = newest
    numbers = list(
        Organisation.objects.filter(pk__gt=row.walked).order_by("pk").values_list("pk", flat=True)[:PIECE]
    )
    address(row, numbers)
    row.walked, row.settled = (numbers[-1] if numbers else 0), len(numbers) < PIECE
    row.save(update_fields=["seen", "walked", "settled"])
    return True


@transaction.atomic
def _follow(row: Directive) -> bool:
    events = list(
        Event.objects.filter(pk__gt=row.seen).order_by("pk").values_list("pk", "subject", "kind")[:EVENTS]
    )
    if not events:
        return False
    servers = {int(subject[7:]) for _, subject, kind in events if kind != KIND and _names_server(subject)}
    owners = set(
        Standing.objects.filter(server__in=servers, organisation__isnull=False).values_list(
            "organisation_id", flat=True
        )
    )
    former = Subject.objects.filter(directive=row, organisation__directive_answers__server__in=servers)
    address(row, owners | set(former.values_list("organisation_id", flat=True)))
    row.seen = events[-1][0]
    row.save(update_fields=["seen"])
    return True


KIND = "requirement"
"""The kind of the events that judging itself makes: they concern no scope."""


def _names_server(subject: str) -> bool:
    return subject.startswith("server:") and subject[7:].isdecimal()


def address(row: Directive, organisations: Iterable[int]) -> None:
    """Put organisations under a directive that it addresses, and have them judged; let the others go."""
    numbers = set(organisations)
    meant = addressed(row, order_of(row), numbers)
    known = set(
        Subject.objects.filter(directive=row, organisation__in=numbers).values_list(
            "organisation_id", flat=True
        )
    )
    Subject.objects.bulk_create(
        [Subject(directive=row, organisation_id=number) for number in sorted(meant - known)],
        ignore_conflicts=True,
    )
    Subject.objects.filter(directive=row, organisation__in=meant).update(stale=True, reached=0)
    gone = known - meant
    row.answers.filter(organisation__in=gone).delete()
    Subject.objects.filter(directive=row, organisation__in=gone).delete()


def addressed(row: Directive, order: Order, organisations: Iterable[int]) -> set[int]:
    """Those of some organisations that a directive addresses.

    They own a server of its campaigns; where the order names tags, they or one above them carries one. Who
    carries a tag himself is addressed without a server too: a report is due from him all the same.
    """
    numbers = set(organisations)
    if order.applies.tags:
        numbers &= tagged(order.applies.tags, numbers)
    owning = Standing.objects.filter(
        organisation=OuterRef("pk"), campaign__key__in=order.campaigns, campaign__active=True
    )
    found = Organisation.objects.filter(pk__in=numbers)
    with_servers = set(found.filter(Exists(owning)).values_list("pk", flat=True))
    tops = set(Addressee.objects.filter(tag__in=order.applies.tags).values_list("organisation_id", flat=True))
    return with_servers | (numbers & tops) | set(_answered(row, numbers - with_servers))


def look_again(organisations: Iterable[int | None], row: Directive | None = None) -> None:
    """Have organisations judged again, with all below them: a report of a department speaks for them.

    Args:
        organisations: which; None is nobody.
        row: under this directive; None for all.
    """
    numbers = below(number for number in organisations if number is not None)
    mine = Subject.objects.filter(organisation__in=numbers)
    (mine if row is None else mine.filter(directive=row)).update(stale=True, reached=0)


def below(organisations: Iterable[int]) -> set[int]:
    """Some organisations and all that stand below them."""
    found = level = set(organisations)
    for _ in range(DEEPEST):
        if not level:
            break
        level = set(Organisation.objects.filter(parent__in=level).values_list("pk", flat=True)) - found
        found = found | level
    return found


def _answered(row: Directive, numbers: Iterable[int]) -> Iterable[int]:
    """Who said something stays under the directive, that his words do not vanish with his last server."""
    return row.words.filter(organisation__in=numbers).values_list("organisation_id", flat=True)


def tagged(tags: Iterable[str], organisations: Iterable[int]) -> set[int]:
    """Those of some organisations that carry a tag, or stand below one that does."""
    carriers = set(Addressee.objects.filter(tag__in=list(tags)).values_list("organisation_id", flat=True))
    found: set[int] = set()
    above = {number: number for number in organisations}
    for _ in range(DEEPEST):
        found |= {number for number, top in above.items() if top in carriers}
        above = {number: top for number, top in above.items() if number not in found}
        parents = dict(Organisation.objects.filter(pk__in=set(above.values())).values_list("pk", "parent_id"))
        above = {number: parent for number, top in above.items() if (parent := parents.get(top))}
        if not above:
            break
    return found
