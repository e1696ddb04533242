"""Advisories for the tests that walk every address: one for everybody, one for members, one for few."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.hub.advisories import making

from tocsin.hub.accounts.models import User
from tocsin.hub.advisories import services
from tocsin.hub.advisories.models import Advisory, Signature, SigningKey, Version

MADE = (("everybody", "clear"), ("members", "amber"), ("named", "red"))
MARCH = datetime(2021, 3, 3, tzinfo=UTC)


def advisories(by: User) -> None:
    """``everybody`` (TLP:CLEAR), ``members`` (AMBER) and ``named`` (RED), and a subscriber with number 1."""
    for at, (slug, tlp) in enumerate(MADE, start=1):
        row = making.advisory(by, tlp=tlp)
        Advisory.objects.filter(pk=row.pk).update(slug=slug, number=f"TOCSIN-2021-{at:04}", created=MARCH)
        row.refresh_from_db()
        services.publish(row, by=by, summary="First version", now=MARCH)
    key = SigningKey.objects.create(fingerprint="A" * 40, certificate="x")
    Signature.objects.create(version=Version.objects.get(tlp="clear"), key=key, text="x")
    making.subscriber("reader@contoso.example", pk=1)
