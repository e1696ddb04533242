"""Read organisations, contacts and claims: each only as far as the asking person may see it."""

from __future__ import annotations

from datetime import date, datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from tocsin.hub.accounts.models import User
from tocsin.hub.constituency.models import Claim, Contact, Organisation, Revision
from tocsin.hub.rules.claims import ClaimRow, Conflict, conflicts
from tocsin.hub.rules.reach import STALE, Reach
from tocsin.hub.rules.words import Bounce, Role

Visitor = AbstractBaseUser | AnonymousUser
DEEPEST = 20


def organisation_ids(user: Visitor) -> frozenset[int] | None:
    """The organisations that a member sees: his own and those below. None for staff, who see all."""
    if not isinstance(user, User):
        return frozenset()
    if user.role != Role.MEMBER:
        return None
    found = frozenset(user.memberships.values_list("organisation_id", flat=True))
    level = found
    for _ in range(DEEPEST):
        below = frozenset(Organisation.objects.filter(parent__in=level).values_list("pk", flat=True)) - found
        if not below:
            break
        found, level = found | below, below
    return found


def visible_to(user: Visitor) -> QuerySet[Organisation]:
    """The organisations that this person may see."""
    numbers = organisation_ids(user)
    return Organisation.objects.all() if numbers is None else Organisation.objects.filter(pk__in=numbers)


def contacts_visible_to(user: Visitor) -> QuerySet[Contact]:
    """Contacts of organisations that this person may see."""
    numbers = organisation_ids(user)
    return Contact.objects.all() if numbers is None else Contact.objects.filter(organisation__in=numbers)


def claims_visible_to(user: Visitor) -> QuerySet[Claim]:
    """Claims of organisations that this person may see."""
    numbers = organisation_ids(user)
    return Claim.objects.all() if numbers is None else Claim.objects.filter(organisation__in=numbers)


def search(
    found: QuerySet[Organisation], *, text: str = "", sector: str = "", country: str = ""
) -> QuerySet[Organisation]:
    """Organisations whose name begins with the text, or that claim exactly it; of a sector or a country."""
    if text:
        folded = text.strip().casefold()
        claims = Claim.objects.filter(organisation=OuterRef("pk"), value=folded)
        found = found.filter(Q(folded__startswith=folded) | Q(Exists(claims)))
    if sector:
        found = found.filter(sector=sector)
    return found.filter(country=country.upper()) if country else found


def usable() -> QuerySet[Contact]:
    """Contacts that did not opt out and whose mail does not come back."""
    return Contact.objects.filter(opted_out=None).exclude(bounce=Bounce.HARD)


def usable_contacts() -> QuerySet[Contact]:
    """Usable contacts of the organisation that an outer query looks at."""
    return usable().filter(organisation=OuterRef("pk"))


def contact_gap(user: Visitor, now: datetime | None = None) -> list[Reach]:
    """By sector, how many organisations have a usable and a verified contact; the worst first."""
    since = (now or timezone.now()) - STALE
    rows = visible_to(user).annotate(
        usable=Exists(usable_contacts()), verified=Exists(usable_contacts().filter(verified__gt=since))
    )
    counted = rows.values("sector").annotate(
        n=Count("pk"), u=Count("pk", filter=Q(usable=True)), v=Count("pk", filter=Q(verified=True))
    )
    found = [
        Reach(sector=row["sector"], organisations=row["n"], usable=row["u"], verified=row["v"])
        for row in counted.order_by()
    ]
    return sorted(found, key=lambda row: (row.usable / row.organisations, -row.organisations, row.sector))


def claims_of(found: QuerySet[Claim]) -> list[ClaimRow]:
    """Claims as the rules take them."""
    return [
        ClaimRow(
            number=row.pk,
            owner=row.organisation_id,
            kind=row.kind,
            value=row.value,
            provenance=row.provenance,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
        )
        for row in found.iterator(chunk_size=5_000)
    ]


def valid_claims(day: date) -> QuerySet[Claim]:
    """Claims that hold on a day; ``valid_until`` is the last one."""
    begun = Q(valid_from=None) | Q(valid_from__lte=day)
    return Claim.objects.filter(begun, Q(valid_until=None) | Q(valid_until__gte=day))


def claim_conflicts(most: int = 500) -> list[Conflict]:
    """Claims that overlap with somebody else's, today and later; equal ones first."""
    rows = claims_of(Claim.objects.filter(Q(valid_until=None) | Q(valid_until__gte=timezone.now().date())))
    found = sorted(conflicts(rows), key=lambda pair: (not pair.same, pair.narrow.kind, pair.narrow.value))
    return found[:most]


def revision() -> int:
    """Grows whenever a claim or a sector changes: whoever follows them compares it with what he last saw.

    Ask before reading claims: what is read then is of this revision or a later one.
    """
    return Revision.objects.filter(pk=1).values_list("number", flat=True).first() or 0


def claims_version() -> str:
    """`revision`, as a text."""
    return str(revision())
