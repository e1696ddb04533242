"""Organisations, how each can be reached, and which addresses and names are theirs."""

from __future__ import annotations

from typing import ClassVar

from django.db import models, transaction
from django.utils import timezone

from tocsin.hub.accounts.models import choices
from tocsin.hub.rules.words import Bounce, Channel, ClaimKind, ContactRole, Provenance


class Organisation(models.Model):
    """Somebody who owns servers. ``sector`` is a word of `rules/data/sectors.yaml`."""

    name = models.CharField(max_length=300)
    folded = models.CharField(max_length=300, db_index=True, editable=False)
    sector = models.CharField(max_length=60, default="unknown", db_index=True)
    country = models.CharField(max_length=2, blank=True)
    region = models.CharField(max_length=100, blank=True)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children"
    )
    foreign_id = models.CharField(max_length=200, null=True, blank=True, unique=True)
    provenance = models.CharField(max_length=20, choices=choices(Provenance), default=Provenance.MANUAL)
    created = models.DateTimeField(default=timezone.now)
    note = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["folded", "id"], name="organisation_by_name"),
            models.Index(fields=["sector", "folded", "id"], name="organisation_by_sector"),
        ]

    def __str__(self) -> str:
        """Its name."""
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep the folded name in step, for search without regard to case."""
        self.folded = self.name.casefold()
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # Django's own, passed through


class Contact(models.Model):
    """One way to reach an organisation. A manual entry and an imported one stand side by side."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="contacts")
    role = models.CharField(max_length=20, choices=choices(ContactRole), default=ContactRole.TECHNICAL)
    channel = models.CharField(max_length=20, choices=choices(Channel), default=Channel.EMAIL)
    value = models.CharField(max_length=500)
    name = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=10, default="en")
    key = models.TextField(blank=True)
    provenance = models.CharField(max_length=20, choices=choices(Provenance), default=Provenance.MANUAL)
    verified = models.DateTimeField(null=True, blank=True)
    opted_out = models.DateTimeField(null=True, blank=True)
    bounce = models.CharField(max_length=10, choices=choices(Bounce), default=Bounce.NONE)
    bounced = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "channel", "value", "role", "provenance"], name="one_contact"
            )
        ]

    def __str__(self) -> str:
        """What to call or write to."""
        return self.value


class Claim(models.Model):
    """An address range, a network, a domain or a host of an organisation, while it is valid."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="claims")
    kind = models.CharField(max_length=10, choices=choices(ClaimKind))
    value = models.CharField(max_length=300)
    provenance = models.CharField(max_length=20, choices=choices(Provenance), default=Provenance.MANUAL)
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    created = models.DateTimeField(default=timezone.now)
    changed = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "kind", "value", "provenance"], name="one_claim")
        ]
        indexes: ClassVar = [models.Index(fields=["kind", "value"], name="claim_by_value")]

    def __str__(self) -> str:
        """What is claimed."""
        return f"{self.kind} {self.value}"

    @transaction.atomic
    def save(self, *args: object, **kwargs: object) -> None:
        """Keep it, and let servers be matched by it."""
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # Django's own, passed through
        advance()

    @transaction.atomic
    def delete(self, *args: object, **kwargs: object) -> tuple[int, dict[str, int]]:
        """Remove it, and let servers be matched without it."""
        gone = super().delete(*args, **kwargs)  # type: ignore[arg-type]  # as above
        advance()
        return gone


class Revision(models.Model):
    """How often it changed whose a server may be, or of which sector; one row.

    A counter, since times do not tell: on PostgreSQL what was changed first may be seen last.
    """

    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        """Its number."""
        return str(self.number)


def advance() -> None:
    """Say that claims or sectors changed, in the transaction that changes them.

    Whoever writes claims past `Claim.save`, in bulk, calls it himself.
    """
    Revision.objects.get_or_create(pk=1)
    Revision.objects.filter(pk=1).update(number=models.F("number") + 1)


class Import(models.Model):
    """A file of organisations that was taken in, and what it changed."""

    layout = models.CharField(max_length=60)
    filename = models.CharField(max_length=300)
    digest = models.CharField(max_length=64, db_index=True)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    counts = models.JSONField(default=dict)
    refusals = models.JSONField(default=list)

    def __str__(self) -> str:
        """Which file."""
        return f"{self.filename} {self.at:%Y-%m-%d}"
