"""Batches of notices, one notice per organisation, each message of it, and whom nobody can reach."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from tocsin.hub.accounts.models import choices
from tocsin.hub.rules.ladder import Rung
from tocsin.hub.rules.notices import BatchState, Kind, Part, State
from tocsin.hub.rules.secrecy import Say
from tocsin.hub.rules.words import Channel


class Batch(models.Model):
    """What is to be told, to the owners of which servers of one campaign.

    ``query`` is a filter of the list of servers, as its address has it; ``planned_through`` the last
    organisation that was planned.
    """

    campaign_id: int
    by_id: int
    approved_by_id: int | None
    seconded_by_id: int | None

    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.PROTECT, related_name="batches")
    kind = models.CharField(max_length=20, choices=choices(Kind))
    state = models.CharField(max_length=20, choices=choices(BatchState), default=BatchState.PLANNING)
    query = models.CharField(max_length=1000, blank=True)
    directive = models.CharField(max_length=200, blank=True)
    deadline = models.CharField(max_length=200, blank=True)  # in words, with its time zone
    note = models.TextField(blank=True)
    created = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="batches")
    planned_through = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)  # of every message, once planned
    counts = models.JSONField(default=dict)
    approved_by = models.ForeignKey(
        "accounts.User", null=True, on_delete=models.PROTECT, related_name="batches_approved"
    )
    approved = models.DateTimeField(null=True)
    seconded_by = models.ForeignKey(
        "accounts.User", null=True, on_delete=models.PROTECT, related_name="batches_seconded"
    )
    seconded = models.DateTimeField(null=True)
    released = models.DateTimeField(null=True)  # when enough people had approved
    per_hour = models.PositiveIntegerField(default=0)  # what capacity allows; 0: not known
    trial = models.BooleanField(default=False)  # a random order of sending was asked for
    trial_by = models.ForeignKey(
        "accounts.User", null=True, on_delete=models.PROTECT, related_name="trials_approved"
    )
    trial_seed = models.CharField(max_length=64, blank=True)
    trial_digest = models.CharField(max_length=64, blank=True)  # of the assignment, recorded before sending
    trial_stopped = models.DateTimeField(null=True)
    trial_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "batches"
        indexes: ClassVar = [models.Index(fields=["-created", "-id"], name="batch_newest")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(seconded_by__isnull=True)
                | models.Q(approved_by__isnull=True)
                | ~models.Q(seconded_by=models.F("approved_by")),
                name="batch_by_two",
            )
        ]

    def __str__(self) -> str:
        """Number, kind and campaign."""
        return f"batch {self.pk}: {self.kind}, {self.campaign}"


class Notice(models.Model):
    """What one organisation is told, about all its servers of one campaign together."""

    batch_id: int
    organisation_id: int
    campaign_id: int
    contact_id: int | None
    link_id: int | None

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="notices")
    organisation = models.ForeignKey(
        "constituency.Organisation", on_delete=models.CASCADE, related_name="notices"
    )
    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=20, choices=choices(Kind))
    state = models.CharField(max_length=20, choices=choices(State), default=State.PLANNED)
    reference = models.CharField(max_length=20, unique=True)
    contact = models.ForeignKey(
        "constituency.Contact", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    rung = models.CharField(max_length=20, choices=choices(Rung))
    say = models.CharField(max_length=20, choices=choices(Say))  # by mail
    reasons = models.JSONField(default=list)  # why mail may say no more
    detailed = models.BooleanField(default=True)  # somebody is told the details, by some channel
    urgency = models.PositiveSmallIntegerField(default=2)
    link = models.ForeignKey("owners.OwnerLink", null=True, on_delete=models.SET_NULL, related_name="notices")
    created = models.DateTimeField(default=timezone.now)
    told = models.DateTimeField(null=True)  # when the first message left
    answered = models.DateTimeField(null=True)
    answer = models.CharField(max_length=40, blank=True)
    fixed = models.DateTimeField(null=True)
    arm = models.PositiveSmallIntegerField(null=True)  # of the random order of sending
    reminded = models.PositiveSmallIntegerField(default=0)
    looked = models.DateTimeField(default=timezone.now)  # when it was last looked at for answers and fixes

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "organisation"], name="one_notice_per_organisation")
        ]
        indexes: ClassVar = [
            models.Index(fields=["-created", "-id"], name="notice_newest"),
            models.Index(fields=["organisation", "-created", "-id"], name="notice_by_owner"),
            models.Index(fields=["batch", "-created", "-id"], name="notice_by_batch"),
            models.Index(fields=["state", "looked"], name="notice_to_look_at"),
            models.Index(fields=["campaign", "kind", "organisation"], name="notice_told_already"),
        ]

    def __str__(self) -> str:
        """Its reference."""
        return self.reference


class Told(models.Model):
    """One server of a notice, as it was when the notice was planned."""

    server_id: int

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="servers")
    server = models.ForeignKey("census.Server", on_delete=models.CASCADE, related_name="+")
    exposure = models.CharField(max_length=20)
    compromise = models.CharField(max_length=20)
    ip = models.GenericIPAddressField()
    port = models.PositiveIntegerField(default=443)
    hostname = models.CharField(max_length=255, blank=True)
    name = models.CharField(max_length=255, blank=True)
    build = models.CharField(max_length=60, blank=True)
    shell = models.DateField(null=True)
    day = models.DateField(null=True)  # on which it was seen so
    source = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["notice", "server"], name="told_once_in_a_notice")
        ]

    def __str__(self) -> str:
        """Where it is."""
        return self.hostname or f"{self.ip}:{self.port}"


class Delivery(models.Model):
    """One message of a notice, word for word. ``key`` is also that of its row in the outbox.

    The private character U+E000 stands where the owner's link will: its secret exists only once it is sent.
    """

    notice_id: int
    contact_id: int | None
    message_id: int | None

    WAITING, QUEUED, CANCELLED, HELD = "waiting", "queued", "cancelled", "held"
    STATES: ClassVar = [(word, word) for word in (WAITING, QUEUED, CANCELLED, HELD)]

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="deliveries")
    part = models.CharField(max_length=20, choices=choices(Part))
    key = models.CharField(max_length=120, unique=True)
    contact = models.ForeignKey(
        "constituency.Contact", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    channel = models.CharField(max_length=20, choices=choices(Channel))
    address = models.CharField(max_length=500)
    language = models.CharField(max_length=10, default="en")
    rung = models.CharField(max_length=20, choices=choices(Rung))
    say = models.CharField(max_length=20, choices=choices(Say))
    why = models.JSONField(default=list)  # the reason of each choice
    subject = models.CharField(max_length=300)
    text = models.TextField()
    attachments = models.JSONField(default=list)  # name, media_type, content
    state = models.CharField(max_length=20, choices=STATES, default=WAITING)
    due = models.DateTimeField(null=True)  # not before; null until the batch is approved
    queued = models.DateTimeField(null=True)
    message = models.ForeignKey(
        "outbox.Message", null=True, on_delete=models.SET_NULL, related_name="deliveries"
    )
    fault = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes: ClassVar = [
            models.Index(fields=["state", "due", "id"], name="delivery_to_do"),
            models.Index(fields=["notice", "id"], name="delivery_of_notice"),
        ]

    def __str__(self) -> str:
        """By what, to whom."""
        return f"{self.channel} to {self.address}"


class Gap(models.Model):
    """Somebody whom a batch could not tell, and why. Without ``organisation``: servers that nobody owns."""

    batch_id: int
    organisation_id: int | None

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="gaps")
    organisation = models.ForeignKey(
        "constituency.Organisation", null=True, on_delete=models.CASCADE, related_name="+"
    )
    servers = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=300)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["batch", "id"], name="gap_by_batch")]

    def __str__(self) -> str:
        """Who, and why."""
        return f"{self.organisation or 'no owner'}: {self.reason}"


class MailRoute(models.Model):
    """Where mail to a domain goes, looked up once when a batch was planned. Null: not known."""

    domain = models.CharField(max_length=255, unique=True)
    hosts = models.JSONField(null=True)
    addresses = models.JSONField(null=True)
    looked = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        """Its domain."""
        return self.domain
