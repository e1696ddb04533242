"""Reports of incidents, what was said about them since, the files that came along, proofs that are spent."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from tocsin.hub.accounts.models import choices
from tocsin.hub.rules.incident import Answer, Functional, Information, Proof, Recoverability, Stage, State
from tocsin.hub.rules.tlp import Tlp


class IncidentReport(models.Model):
    """What somebody reported, in his words; and what staff made of it.

    Only a digest of the reporter's secret is kept. ``next_due`` is when the next clock ends that nothing has
    come in for.
    """

    organisation_id: int | None
    campaign_id: int | None
    assignee_id: int | None
    merged_into_id: int | None

    reference = models.CharField(max_length=20, unique=True)
    secret = models.CharField(max_length=64)
    state = models.CharField(max_length=20, choices=choices(State), default=State.RECEIVED)
    proof = models.CharField(max_length=10, choices=choices(Proof), default=Proof.NONE)
    received = models.DateTimeField(default=timezone.now)
    changed = models.DateTimeField(default=timezone.now)
    closed = models.DateTimeField(null=True)
    next_due = models.DateTimeField(null=True)

    name = models.CharField(max_length=200, blank=True)
    organisation_name = models.CharField(max_length=300)
    contact = models.CharField(max_length=254)  # apart from what is affected
    work_address = models.CharField(max_length=254, blank=True)  # for reference, never written to
    seen = models.TextField()
    aware = models.DateTimeField()
    affected = models.TextField(blank=True)
    functional = models.CharField(max_length=20, choices=choices(Functional), default=Functional.UNKNOWN)
    information = models.CharField(max_length=20, choices=choices(Information), default=Information.UNKNOWN)
    recoverability = models.CharField(
        max_length=20, choices=choices(Recoverability), default=Recoverability.UNKNOWN
    )
    cross_border = models.CharField(max_length=10, choices=choices(Answer), default=Answer.UNKNOWN)
    malicious = models.CharField(max_length=10, choices=choices(Answer), default=Answer.UNKNOWN)
    personal_data = models.CharField(max_length=10, choices=choices(Answer), default=Answer.UNKNOWN)
    tlp = models.CharField(max_length=20, choices=choices(Tlp), default=Tlp.AMBER)

    doubts = models.JSONField(default=list)  # about the contact; for staff
    organisation = models.ForeignKey(
        "constituency.Organisation", null=True, on_delete=models.SET_NULL, related_name="incidents"
    )
    campaign = models.ForeignKey(
        "campaigns.Campaign", null=True, on_delete=models.SET_NULL, related_name="incidents"
    )
    servers = models.ManyToManyField("census.Server", related_name="incidents")
    cases = models.ManyToManyField("cases.Case", related_name="incidents")
    assignee = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    merged_into = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="merged")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-received", "-id"], name="incident_newest"),
            models.Index(fields=["state", "-received", "-id"], name="incident_by_state"),
        ]

    def __str__(self) -> str:
        """Its reference."""
        return self.reference


class Entry(models.Model):
    """Something that was said about a report later. ``shown``: the reporter sees it on his page."""

    FOLLOW_UP, QUESTION, NOTE, STEP = "follow-up", "question", "note", "step"
    KINDS = (FOLLOW_UP, QUESTION, NOTE, STEP)

    report_id: int
    by_id: int | None

    report = models.ForeignKey(IncidentReport, on_delete=models.CASCADE, related_name="entries")
    kind = models.CharField(max_length=12, choices=[(each, each) for each in KINDS])
    stage = models.CharField(max_length=20, choices=choices(Stage), blank=True)
    text = models.TextField()
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    shown = models.BooleanField(default=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["report", "id"], name="entry_of_report")]

    def __str__(self) -> str:
        """What and when."""
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class Upload(models.Model):
    """A file that a reporter sent, in quarantine under its digest."""

    report = models.ForeignKey(IncidentReport, on_delete=models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64, db_index=True)
    size = models.BigIntegerField()
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        """What its sender called it."""
        return self.name


class SpentProof(models.Model):
    """A challenge that was used, until it would have ended anyway."""

    mark = models.CharField(max_length=22, unique=True)
    ends = models.DateTimeField()

    def __str__(self) -> str:
        """Its mark."""
        return self.mark
