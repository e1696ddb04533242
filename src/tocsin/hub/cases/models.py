"""Cases, the facts that move them, what people write on them, and which of them look alike."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from tocsin.hub.accounts.models import choices
from tocsin.hub.rules.cases import URGENCY, CaseKind, CaseState, FactKind, Source
from tocsin.hub.rules.words import Grade

NEVER = date(9999, 12, 31)


class Cluster(models.Model):
    """Web shells that look alike. It says nothing of who wrote or used them."""

    cases = models.PositiveIntegerField(default=0)
    organisations = models.PositiveIntegerField(default=0)
    first_found = models.DateTimeField(null=True)
    last_found = models.DateTimeField(null=True)
    why = models.JSONField(default=list)  # words of rules.similarity

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-cases", "-id"], name="cluster_largest")]

    def __str__(self) -> str:
        """Its number."""
        return f"Alike {self.pk}"


class Trait(models.Model):
    """One thing by which web shells are found to be alike, and the cluster that it leads to."""

    value = models.CharField(max_length=120, unique=True)
    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="traits")
    sketch = models.CharField(max_length=300, blank=True)  # of a band of a sketch: the whole of it

    def __str__(self) -> str:
        """The trait."""
        return self.value


class Case(models.Model):
    """One web shell or one compromise, on one server in one campaign, from found to verified removed.

    What the facts make of it (`rules.cases.fold`) is kept for lists: `moving` alone writes it. ``key`` names
    a web shell on its server; it is empty while nobody knows its path, and for a compromise.
    """

    id: int
    campaign_id: int
    server_id: int | None
    organisation_id: int | None
    assignee_id: int | None
    cluster_id: int | None
    hand_in_id: int | None
    closed_by_id: int | None
    merged_into_id: int | None

    kind = models.CharField(max_length=20, choices=choices(CaseKind), default=CaseKind.WEBSHELL)
    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.PROTECT, related_name="cases")
    server = models.ForeignKey("census.Server", null=True, on_delete=models.SET_NULL, related_name="cases")
    organisation = models.ForeignKey(
        "constituency.Organisation",
        null=True,
        on_delete=models.SET_NULL,
        related_name="cases",
        db_index=False,
    )
    key = models.CharField(max_length=300, blank=True)
    url = models.CharField(max_length=500, blank=True)
    path = models.CharField(max_length=500, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    sketch = models.CharField(max_length=300, blank=True)
    family = models.CharField(max_length=100, blank=True)
    source = models.CharField(max_length=20, choices=choices(Source), default=Source.HAND)

    state = models.CharField(max_length=20, choices=choices(CaseState), default=CaseState.FOUND)
    since = models.DateTimeField(default=timezone.now)
    opened = models.DateTimeField(default=timezone.now)
    seen_until = models.DateTimeField(null=True)
    notified = models.DateTimeField(null=True)
    claimed = models.DateTimeField(null=True)
    closed = models.DateTimeField(null=True)
    collected = models.DateTimeField(null=True)  # when the evidence that closed it was
    hand_in = models.ForeignKey(
        "owners.HandIn", null=True, on_delete=models.PROTECT, related_name="closed_cases"
    )
    closed_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    exception = models.TextField(blank=True)  # why the risk is accepted
    reopened = models.PositiveIntegerField(default=0)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="merged")

    assignee = models.ForeignKey(
        "accounts.User", null=True, on_delete=models.SET_NULL, related_name="cases", db_index=False
    )
    due = models.DateField(null=True)
    due_order = models.GeneratedField(  # to sort by: without a day behind all days
        expression=Coalesce("due", models.Value(NEVER)), output_field=models.DateField(), db_persist=True
    )
    stage = models.GeneratedField(  # to sort by: what asks for most comes first
        expression=models.Case(
            *(models.When(state=state.value, then=place) for place, state in enumerate(URGENCY)),
            default=len(URGENCY),
        ),
        output_field=models.PositiveSmallIntegerField(),
        db_persist=True,
    )
    overdue = models.BooleanField(default=False)
    notify = models.BooleanField(default=False)  # somebody asked for a notice to its owner
    cluster = models.ForeignKey(
        Cluster, null=True, on_delete=models.SET_NULL, related_name="members", db_index=False
    )
    looked_alike = models.BooleanField(default=False)  # it was compared with the others
    second_hand = models.BooleanField(default=False)  # the server's evidence shows more than one
    patched = models.BooleanField(default=False)  # its server is, in this campaign
    risk = models.PositiveIntegerField(default=0)  # rules.piggyback, while it is queued there
    weighed = models.DateField(null=True)
    sector = models.CharField(max_length=60, default="unknown")
    country = models.CharField(max_length=2, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["server", "campaign", "kind", "key"], name="one_case"),
            models.CheckConstraint(
                condition=~Q(state=CaseState.VERIFIED_REMOVED)
                | Q(
                    hand_in__isnull=False,
                    closed_by__isnull=False,
                    closed__isnull=False,
                    collected__gt=F("claimed"),
                    collected__isnull=False,
                    claimed__isnull=False,
                )
                & (Q(seen_until__isnull=True) | Q(collected__gt=F("seen_until"))),
                name="removal_by_later_evidence",
            ),
            models.CheckConstraint(
                condition=~Q(state=CaseState.ACCEPTED_RISK)
                | Q(closed_by__isnull=False, closed__isnull=False, due__isnull=False) & ~Q(exception=""),
                name="risk_accepted_by_name",
            ),
            models.CheckConstraint(
                condition=~Q(state=CaseState.MERGED) | Q(merged_into__isnull=False),
                name="merged_into_another",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-opened", "-id"], name="case_newest"),
            models.Index(fields=["state", "-opened", "-id"], name="case_by_state"),
            models.Index(fields=["campaign", "-opened", "-id"], name="case_by_campaign"),
            models.Index(fields=["kind", "-opened", "-id"], name="case_by_kind"),
            models.Index(fields=["sector", "-opened", "-id"], name="case_by_sector"),
            models.Index(fields=["country", "-opened", "-id"], name="case_by_country"),
            models.Index(fields=["organisation", "-opened", "-id"], name="case_by_owner"),
            models.Index(fields=["assignee", "-opened", "-id"], name="case_by_assignee"),
            models.Index(fields=["cluster", "-opened", "-id"], name="case_by_cluster"),
            models.Index(fields=["due", "id"], condition=Q(due__isnull=False), name="case_by_due"),
            models.Index(fields=["due_order", "id"], name="case_due_order"),
            models.Index(fields=["stage", "id"], name="case_by_stage"),
            models.Index(fields=["-risk", "-id"], name="case_by_risk"),
            models.Index(fields=["-opened", "-id"], condition=Q(overdue=True), name="case_overdue"),
            models.Index(fields=["-opened", "-id"], condition=Q(notify=True), name="case_to_notify"),
            models.Index(fields=["id"], condition=Q(looked_alike=False), name="case_to_compare"),
            models.Index(fields=["sha256"], condition=~Q(sha256=""), name="case_by_content"),
        ]

    def __str__(self) -> str:
        """Number, what, and where."""
        what = self.key or ("web shell, path not known" if self.kind == CaseKind.WEBSHELL else self.kind)
        return f"#{self.pk} {what}"


class Fact(models.Model):
    """Something that was learned of a case. Never changed; nothing with the same ``key`` is kept twice."""

    case_id: int
    hand_in_id: int | None
    by_id: int | None

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="facts")
    kind = models.CharField(max_length=20, choices=choices(FactKind))
    source = models.CharField(max_length=20, choices=choices(Source), default=Source.HAND)
    at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    recorded = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    grade = models.CharField(max_length=20, choices=choices(Grade), default=Grade.OBSERVED)
    gone = models.BooleanField(default=False)
    hand_in = models.ForeignKey("owners.HandIn", null=True, on_delete=models.PROTECT, related_name="facts")
    review = models.DateField(null=True)  # of an accepted risk: when it is looked at again
    reason = models.TextField(blank=True)
    detail = models.JSONField(default=dict)
    key = models.CharField(max_length=120, null=True, blank=True, unique=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(kind=FactKind.VERIFIED)
                | Q(hand_in__isnull=False, by__isnull=False, grade=Grade.RE_ASSESSED, gone=True),
                name="verified_by_evidence_and_name",
            ),
            models.CheckConstraint(
                condition=~Q(kind=FactKind.RISK_ACCEPTED)
                | Q(by__isnull=False, review__isnull=False) & ~Q(reason=""),
                name="exception_signed",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["case", "at", "id"], name="fact_of_case")]

    def __str__(self) -> str:
        """What, when."""
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class Comment(models.Model):
    """What somebody wrote on a case, as plain text."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="comments")
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    text = models.TextField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["case", "id"], name="comment_on_case")]

    def __str__(self) -> str:
        """Its beginning."""
        return self.text[:60]


class EvidenceLink(models.Model):
    """Where something about a case is held: a digest, a ticket, ``file:line``. Shown as text, no link."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="links")
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    label = models.CharField(max_length=200)
    place = models.CharField(max_length=500)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "label", "place"], name="one_evidence_link")
        ]

    def __str__(self) -> str:
        """Its label."""
        return self.label


class Read(models.Model):
    """What was taken in: a hand-in, an answer, a decision, a standing up to the day of its web shell."""

    hand_in = models.OneToOneField("owners.HandIn", null=True, on_delete=models.CASCADE, related_name="+")
    answer = models.OneToOneField("owners.Answer", null=True, on_delete=models.CASCADE, related_name="+")
    decision = models.OneToOneField(
        "exposure.Decision", null=True, on_delete=models.CASCADE, related_name="+"
    )
    standing = models.OneToOneField(
        "exposure.Standing", null=True, on_delete=models.CASCADE, related_name="+"
    )
    day = models.DateField(null=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        """Which."""
        return f"{self.hand_in_id or ''} {self.standing_id or ''}"
