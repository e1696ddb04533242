"""The state of each server in each campaign, on two axes, and the chain of events that led there."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from tocsin.hub.accounts.models import choices
from tocsin.hub.rules.words import Compromise, Exposure, Grade

BOUND = "sha256:"
"""How a decision names the evidence that it rests on, before the digest."""


class Standing(models.Model):
    """Where one server stands in one campaign now: a fold over observations and decisions, kept for lists.

    Sector, country, region and branch repeat the server's and owner's, so that a list of a million filters
    and sorts on one table's indexes.
    """

    server_id: int
    campaign_id: int
    organisation_id: int | None

    # The indexes below begin with each of these three; none needs another of its own.
    server = models.ForeignKey(
        "census.Server", on_delete=models.CASCADE, related_name="standings", db_index=False
    )
    campaign = models.ForeignKey(
        "campaigns.Campaign", on_delete=models.CASCADE, related_name="standings", db_index=False
    )
    organisation = models.ForeignKey(
        "constituency.Organisation",
        null=True,
        on_delete=models.SET_NULL,
        related_name="standings",
        db_index=False,
    )
    exposure = models.CharField(max_length=20, choices=choices(Exposure), default=Exposure.UNKNOWN)
    compromise = models.CharField(max_length=20, choices=choices(Compromise), default=Compromise.UNKNOWN)
    worst = models.CharField(max_length=20, choices=choices(Compromise), default=Compromise.UNKNOWN)
    compromise_since = models.DateField(null=True)
    grade = models.CharField(max_length=20, choices=choices(Grade), default=Grade.OBSERVED)
    reason = models.CharField(max_length=300, blank=True)
    since = models.DateField()  # the day from which the exposure state holds
    opened = models.DateField()  # the first day of this episode
    closed = models.DateField(null=True)
    reopened = models.PositiveIntegerField(default=0)
    shell_seen = models.DateField(null=True)  # the last day on which a census saw a web shell
    contradictory = models.BooleanField(default=False)
    false_positive_until = models.DateField(null=True)
    due = models.DateField(null=True)
    last_seen = models.DateTimeField()
    sector = models.CharField(max_length=60, default="unknown")
    country = models.CharField(max_length=2, blank=True)
    region = models.CharField(max_length=100, blank=True)
    branch = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["server", "campaign"], name="one_standing")]
        indexes: ClassVar = [
            models.Index(fields=["campaign", "-last_seen", "-id"], name="standing_newest"),
            models.Index(fields=["campaign", "exposure", "-last_seen", "-id"], name="standing_by_exposure"),
            models.Index(
                fields=["campaign", "compromise", "-last_seen", "-id"], name="standing_by_compromise"
            ),
            models.Index(fields=["campaign", "sector", "-last_seen", "-id"], name="standing_by_sector"),
            models.Index(fields=["campaign", "country", "-last_seen", "-id"], name="standing_by_country"),
            models.Index(fields=["organisation", "-last_seen", "-id"], name="standing_by_owner"),
            models.Index(
                fields=["campaign", "-last_seen", "-id"],
                condition=models.Q(contradictory=True),
                name="standing_contradictory",
            ),
            models.Index(
                fields=["campaign", "-last_seen", "-id"],
                condition=models.Q(shell_seen__isnull=False),
                name="standing_with_shell",
            ),
            models.Index(
                fields=["campaign", "-last_seen", "-id"],
                condition=models.Q(reopened__gt=0),
                name="standing_reopened",
            ),
        ]

    def __str__(self) -> str:
        """Server, campaign and both axes."""
        return f"{self.server} in {self.campaign}: {self.exposure}, {self.compromise}"


class Matching(models.Model):
    """How far servers follow claims and sectors; there is one row.

    All were matched by the revision ``done`` (`constituency.selectors.revision`); by ``doing`` they are, as
    far as the server ``until``.
    """

    done = models.BigIntegerField(default=-1)
    doing = models.BigIntegerField(default=-1)
    until = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        """The revision."""
        return f"revision {self.done}"


class Decision(models.Model):
    """What a person or an assessment says of one server in one campaign. Never changed, only superseded."""

    server_id: int
    campaign_id: int
    by_id: int | None
    supersedes_id: int | None

    server = models.ForeignKey("census.Server", on_delete=models.CASCADE, related_name="decisions")
    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.CASCADE, related_name="decisions")
    kind = models.CharField(max_length=30)  # a word of rules.decisions
    exposure = models.CharField(max_length=20, blank=True)
    compromise = models.CharField(max_length=20, blank=True)
    residual = models.CharField(max_length=20, blank=True)  # of an assessment
    shown_clean = models.BooleanField(
        default=False
    )  # every condition of verified-clean but those of time is met
    grade = models.CharField(max_length=20, choices=choices(Grade), default=Grade.SELF_REPORTED)
    at = models.DateTimeField()  # when it was true: of an assessment, when its evidence was collected
    until = models.DateField(null=True)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="decisions")
    reason = models.TextField()
    evidence = models.CharField(max_length=200, blank=True)  # a digest, or where it is held
    supersedes = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    recorded = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(  # the hand-in itself is looked at by services (`proof`)
                condition=models.Q(shown_clean=False)
                | models.Q(
                    kind="assessment",
                    grade=Grade.RE_ASSESSED,
                    residual="none-seen",
                    by__isnull=False,
                    evidence__startswith=BOUND,
                ),
                name="clean_by_re_assessed_evidence",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["server", "campaign", "id"], name="decision_by_server")]

    def __str__(self) -> str:
        """Kind and day."""
        return f"{self.kind} {self.at:%Y-%m-%d}"


class Event(models.Model):
    """One change of anything that matters, in a chain: each event's digest covers the one before.

    ``at`` is when it was so, ``recorded`` when the hub learned it. Rows are never changed or deleted;
    ``tocsin hub audit`` verifies the chain without the hub. ``id`` is the event's number in the chain: the
    digest covers it, so that a gap shows.
    """

    id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    recorded = models.DateTimeField()
    actor = models.CharField(max_length=200)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=80)  # server:17, organisation:4
    campaign = models.CharField(max_length=60, blank=True)
    before = models.CharField(max_length=100, blank=True)
    after = models.CharField(max_length=100, blank=True)
    detail = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["subject", "-id"], name="event_of_subject"),
            models.Index(fields=["recorded"], name="event_recorded"),
        ]

    def __str__(self) -> str:
        """What changed."""
        return f"{self.kind} {self.subject}: {self.before} -> {self.after}"
