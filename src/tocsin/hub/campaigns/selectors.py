"""Read campaigns and the catalogue. They name no victim: whoever is logged in may see them."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from tocsin.hub.accounts.models import User
from tocsin.hub.campaigns.models import Campaign, KnownExploited
from tocsin.hub.rules.kev import overdue_days

Visitor = AbstractBaseUser | AnonymousUser


def visible_to(user: Visitor) -> QuerySet[Campaign]:
    """Campaigns that this person may see: all, once logged in."""
    return Campaign.objects.all() if isinstance(user, User) else Campaign.objects.none()


def catalogue_visible_to(user: Visitor) -> QuerySet[KnownExploited]:
    """The catalogue, once logged in."""
    return KnownExploited.objects.all() if isinstance(user, User) else KnownExploited.objects.none()


def of_campaign(campaign: Campaign) -> QuerySet[KnownExploited]:
    """The rows of the catalogue about a campaign's vulnerabilities."""
    return KnownExploited.objects.filter(cve__in=campaign.cves).order_by("cve")


def search(found: QuerySet[KnownExploited], text: str) -> QuerySet[KnownExploited]:
    """Rows with a text in number, vendor or product; the catalogue is small enough to look through."""
    text = text.strip()
    wanted = Q(cve__icontains=text) | Q(vendor__icontains=text) | Q(product__icontains=text)
    return found.filter(wanted) if text else found


def overdue(row: KnownExploited, today: date) -> int | None:
    """Days since a row was due; None for one that was due before it was added."""
    return overdue_days(added=row.added, due=row.due, today=today)
