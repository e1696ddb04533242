"""Carriers and their slices with what they answered; what attackers run, and to whom it was reported."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from tocsin.hub.accounts.models import choices
from tocsin.hub.rules.relay import CarrierKind, Label, RowState, Terms, Why
from tocsin.hub.rules.relay_reports import Kind, Recipient, State, Use

USER = "accounts.User"


class Carrier(models.Model):
    """Somebody who carries other people's servers, and what was agreed about what he is told.

    Members of ``organisation`` see the slice. ``by_claims``: that organisation's own claims are scope, too.
    """

    organisation_id: int

    name = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=30, choices=choices(CarrierKind), default=CarrierKind.PROVIDER)
    organisation = models.ForeignKey(
        "constituency.Organisation", on_delete=models.PROTECT, related_name="carriers"
    )
    by_claims = models.BooleanField(default=True)
    ceiling = models.CharField(max_length=12, choices=choices(Label), default=Label.AMBER)
    tells_compromise = models.BooleanField(default=False)
    tells_owner = models.BooleanField(default=False)
    agreement = models.TextField(blank=True)  # where what was agreed is held
    active = models.BooleanField(default=True)
    created = models.DateTimeField(default=timezone.now)
    changed = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        """Its name."""
        return self.name

    @property
    def terms(self) -> Terms:
        """What was agreed, as the rules take it."""
        return Terms(ceiling=Label(self.ceiling), compromise=self.tells_compromise, owners=self.tells_owner)


class ScopePart(models.Model):
    """One part of a carrier's scope: a network, a system, a name, or an organisation from a list."""

    carrier = models.ForeignKey(Carrier, on_delete=models.CASCADE, related_name="parts")
    kind = models.CharField(max_length=12)  # a claim's kind, or organisation
    value = models.CharField(max_length=300)
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["carrier", "kind", "value"], name="one_part_of_scope")
        ]

    def __str__(self) -> str:
        """Kind and value."""
        return f"{self.kind} {self.value}"


class Secrecy(models.Model):
    """An organisation whose servers are told to no carrier."""

    organisation = models.OneToOneField(
        "constituency.Organisation", on_delete=models.CASCADE, related_name="secrecy"
    )
    reason = models.CharField(max_length=500)
    by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        """Whose."""
        return str(self.organisation)


class Entry(models.Model):
    """One row of a slice: a server in a campaign, as one carrier is told of it, and what he says."""

    carrier_id: int
    standing_id: int

    # The indexes and the constraint below begin with the carrier.
    carrier = models.ForeignKey(Carrier, on_delete=models.CASCADE, related_name="entries", db_index=False)
    standing = models.ForeignKey("exposure.Standing", on_delete=models.CASCADE, related_name="entries")
    why = models.CharField(max_length=12, choices=choices(Why), default=Why.EXPOSURE)
    added = models.DateTimeField(default=timezone.now)
    left = models.DateTimeField(null=True)  # no longer in scope, or no longer to be told
    state = models.CharField(max_length=15, choices=choices(RowState), default=RowState.NO_ANSWER)
    answered = models.DateTimeField(null=True)  # the first answer of any kind
    taken_on = models.DateTimeField(null=True)  # the first of this kind
    passed_on = models.DateField(null=True)  # the day that the carrier named
    fixed = models.DateTimeField(null=True)  # first said to be; the carrier's word
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["carrier", "standing"], name="one_entry_of_slice")
        ]
        indexes: ClassVar = [
            models.Index(fields=["carrier", "-added", "-id"], name="entry_newest"),
            models.Index(fields=["carrier", "state", "-added", "-id"], name="entry_by_state"),
        ]

    def __str__(self) -> str:
        """Which server."""
        return str(self.standing.server)


class EntryAnswer(models.Model):
    """What somebody at a carrier said of a row. Never changed; the newest holds."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="answers")
    state = models.CharField(max_length=15, choices=choices(RowState))
    day = models.DateField(null=True)
    note = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        """State and day."""
        return f"{self.state} {self.at:%Y-%m-%d}"


class Walk(models.Model):
    """How far slices were worked out: a walk over all standings, then the chain's events. One row."""

    marks = models.CharField(max_length=200, blank=True)  # scopes, terms and claims at its start
    standing = models.BigIntegerField(null=True)  # the last one looked at; null: the walk is done
    event = models.BigIntegerField(default=0)  # the last one looked at
    began = models.DateTimeField(null=True)

    def __str__(self) -> str:
        """Where it is."""
        return f"standing {self.standing}, event {self.event}"


class Authority(models.Model):
    """Law enforcement, as a recipient of reports."""

    name = models.CharField(max_length=200, unique=True)
    address = models.EmailField()
    country = models.CharField(max_length=2, blank=True)
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        """Its name."""
        return self.name


class Infrastructure(models.Model):
    """Something that attackers use: an address, a name, a web address."""

    campaign_id: int | None

    kind = models.CharField(max_length=10, choices=choices(Kind))
    value = models.CharField(max_length=2_000)
    digest = models.CharField(max_length=64, unique=True)  # of kind and value
    host = models.CharField(max_length=255, db_index=True)
    use = models.CharField(max_length=20, choices=choices(Use), default=Use.UNKNOWN)
    campaign = models.ForeignKey(
        "campaigns.Campaign", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    label = models.CharField(max_length=12, choices=choices(Label), default=Label.AMBER)
    origin = models.CharField(max_length=200)  # by hand, indicator of a pack, case 12
    public = models.TextField(blank=True)  # may stand in a report
    note = models.TextField(blank=True)  # never leaves the hub
    by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-created", "-id"], name="infrastructure_newest")]

    def __str__(self) -> str:
        """What it is, so that nothing makes a link of it."""
        return self.value.replace(".", "[.]")


class Report(models.Model):
    """One piece of infrastructure as it was reported to one recipient."""

    infrastructure_id: int

    infrastructure = models.ForeignKey(Infrastructure, on_delete=models.PROTECT, related_name="reports")
    recipient = models.CharField(max_length=20, choices=choices(Recipient))
    name = models.CharField(max_length=300)
    address = models.EmailField()
    contact = models.ForeignKey(
        "constituency.Contact", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    reference = models.UUIDField(unique=True)
    key = models.CharField(max_length=100, unique=True)  # of the message in the outbox
    state = models.CharField(max_length=15, choices=choices(State), default=State.QUEUED)
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    created = models.DateTimeField(default=timezone.now)
    reported = models.DateTimeField(null=True)
    acknowledged = models.DateTimeField(null=True)
    acted = models.DateTimeField(null=True)
    refused = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["infrastructure", "address"], name="one_report_to_each")
        ]
        indexes: ClassVar = [
            models.Index(fields=["-created", "-id"], name="report_newest"),
            models.Index(fields=["state", "id"], name="report_by_state"),
        ]

    def __str__(self) -> str:
        """What, to whom."""
        return f"{self.infrastructure} to {self.name}"


class ReportStep(models.Model):
    """One change of a report's state. Never changed."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="steps")
    before = models.CharField(max_length=15)
    after = models.CharField(max_length=15)
    note = models.CharField(max_length=1_000, blank=True)
    by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        """From what to what."""
        return f"{self.before} -> {self.after}"
