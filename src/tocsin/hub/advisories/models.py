"""Advisories with their versions, who publishes them, and who gets them by mail."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from django.db import models
from django.utils import timezone

from tocsin.hub.accounts.models import choices
from tocsin.hub.rules.advisory import Content, State
from tocsin.hub.rules.csaf import Publisher as Spoken
from tocsin.hub.rules.tlp import Tlp

CATEGORIES = ("coordinator", "vendor", "other", "user", "discoverer")
"""Who may publish here. A ``translator`` has to name the language that he translates from (CSAF 6.1.15)."""


class Publisher(models.Model):
    """Who speaks in this hub's advisories; one row. Empty until an administrator has filled it in."""

    name = models.CharField(max_length=200)
    namespace = models.CharField(max_length=300)  # a web address
    category = models.CharField(
        max_length=20, choices=[(each, each) for each in CATEGORIES], default=CATEGORIES[0]
    )
    contact = models.CharField(max_length=500, blank=True)
    authority = models.CharField(max_length=500, blank=True)
    prefix = models.CharField(max_length=20, default="TOCSIN")
    second_look = models.BooleanField(default=False)

    def __str__(self) -> str:
        """Its name."""
        return self.name

    def spoken(self) -> Spoken:
        """As documents name it."""
        return Spoken(
            name=self.name,
            namespace=self.namespace,
            category=self.category,
            contact=self.contact,
            authority=self.authority,
        )


class Advisory(models.Model):
    """One advisory: the draft of its next version, and what of it is published."""

    campaign_id: int | None
    author_id: int | None

    slug = models.SlugField(max_length=80, unique=True)
    number = models.CharField(max_length=60, unique=True)  # the tracking id in all its versions
    campaign = models.ForeignKey(
        "campaigns.Campaign", null=True, on_delete=models.SET_NULL, related_name="advisories"
    )
    state = models.CharField(max_length=20, choices=choices(State), default=State.DRAFT)
    title = models.CharField(max_length=300)
    tlp = models.CharField(max_length=20, choices=choices(Tlp), default=Tlp.CLEAR)  # the draft's
    draft = models.JSONField(default=dict)
    edited = models.PositiveIntegerField(default=1)  # which saving of the draft this is
    author = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    created = models.DateTimeField(default=timezone.now)
    changed = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField(default=0)  # the last published one
    published_tlp = models.CharField(max_length=20, choices=choices(Tlp), blank=True)
    published_title = models.CharField(max_length=300, blank=True)  # ``title`` is the draft's, for staff
    published = models.DateTimeField(null=True)
    released = models.DateTimeField(null=True)  # its first version
    withdrawn = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-changed", "-id"], name="advisory_newest"),
            models.Index(fields=["state", "-changed", "-id"], name="advisory_by_state"),
            models.Index(fields=["published_tlp", "-published", "-id"], name="advisory_published"),
        ]

    def __str__(self) -> str:
        """Its title."""
        return self.title

    @property
    def content(self) -> Content:
        """The draft."""
        return msgspec.convert(self.draft, Content)


class Version(models.Model):
    """What was published, as it was. A row is never changed, but for how far its mail has gone."""

    advisory_id: int
    by_id: int | None

    advisory = models.ForeignKey(Advisory, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    tlp = models.CharField(max_length=20, choices=choices(Tlp))
    summary = models.CharField(max_length=300)  # of what changed
    body = models.JSONField()
    csaf = models.TextField(blank=True)  # exactly what is served; empty for TLP:RED
    withdrawal = models.BooleanField(default=False)
    author = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    mail_after = models.BigIntegerField(default=0)  # the last subscriber whose mail is queued
    mailed = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["advisory", "number"], name="one_version"),
            models.CheckConstraint(
                condition=~models.Q(tlp=Tlp.RED.value) | models.Q(csaf=""), name="red_is_not_exported"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=models.Q(mailed__isnull=True), name="version_to_mail")
        ]

    def __str__(self) -> str:
        """Which of what."""
        return f"{self.advisory} {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write it once.

        Raises:
            TypeError: it stands already.
        """
        if not self._state.adding:
            raise TypeError("a published version is never changed; publish another")
        super().save(*args, **kwargs)

    @property
    def content(self) -> Content:
        """What it says."""
        return msgspec.convert(self.body, Content)


class SigningKey(models.Model):
    """A key that documents here are signed with: its public part, and nothing else."""

    fingerprint = models.CharField(max_length=64, unique=True)
    certificate = models.TextField()  # in ASCII armour
    since = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        """Its fingerprint."""
        return self.fingerprint


class Signature(models.Model):
    """The OpenPGP signature of a version's CSAF document, apart from it. Another key replaces it."""

    key_id: int

    version = models.OneToOneField(Version, on_delete=models.CASCADE, related_name="signature")
    key = models.ForeignKey(SigningKey, on_delete=models.PROTECT, related_name="signatures")
    text = models.TextField()  # in ASCII armour
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        """Of what, by which key."""
        return f"{self.version} by {self.key}"


class Subscriber(models.Model):
    """An address that gets advisories by mail, or has been asked whether it wants to.

    ``nonce`` is in its links: ended and asked anew, old links are dead.
    """

    WAITING, CONFIRMED = "waiting", "confirmed"

    address = models.EmailField(unique=True)
    state = models.CharField(max_length=20, choices=[(WAITING, WAITING), (CONFIRMED, CONFIRMED)])
    community = models.BooleanField(default=False)  # known to staff: may get TLP:GREEN
    nonce = models.CharField(max_length=32)
    asked = models.DateTimeField(default=timezone.now)
    confirmed = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "id"], name="subscriber_by_state")]

    def __str__(self) -> str:
        """Its address."""
        return self.address
