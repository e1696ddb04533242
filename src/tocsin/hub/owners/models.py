"""Links for owners without an account, what they answered, and what they handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from tocsin.hub.accounts.models import choices
from tocsin.hub.rules import links
from tocsin.hub.rules.handins import Form, State
from tocsin.hub.rules.links import Answered, Purpose, Stand
from tocsin.hub.rules.words import Channel, Grade

if TYPE_CHECKING:
    from tocsin.hub.census.models import Server


class OwnerLink(models.Model):
    """One link: for one organisation, about some of its servers in one campaign. Its secret is kept nowhere.

    It ends by its time, by being withdrawn, or when its work is done.
    """

    organisation_id: int
    campaign_id: int
    contact_id: int | None

    organisation = models.ForeignKey(
        "constituency.Organisation", on_delete=models.CASCADE, related_name="owner_links"
    )
    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.CASCADE, related_name="owner_links")
    servers = models.ManyToManyField("census.Server", related_name="owner_links")
    contact = models.ForeignKey(  # whom it was sent to, where that is known
        "constituency.Contact", null=True, on_delete=models.SET_NULL, related_name="owner_links"
    )
    purpose = models.CharField(max_length=20, choices=choices(Purpose), default=Purpose.NOTICE)
    digest = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    expires = models.DateTimeField()
    opened = models.DateTimeField(null=True)  # first, by "Show me": a mail scanner's look does not count
    last_opened = models.DateTimeField(null=True)
    withdrawn = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_why = models.CharField(max_length=500, blank=True)
    done = models.DateTimeField(null=True)  # what it was for is done, and was to be read for a while

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-created", "-id"], name="link_newest"),
            models.Index(fields=["organisation", "campaign", "-id"], name="link_by_owner"),
        ]

    def __str__(self) -> str:
        """For whom, in which campaign."""
        return f"{self.organisation} in {self.campaign}"

    @property
    def own_servers(self) -> models.QuerySet[Server]:
        """Its servers that are its organisation's now: of one that is another's it tells nothing."""
        return self.servers.filter(organisation_id=self.organisation_id)

    @property
    def stand(self) -> Stand:
        """Whether it opens now."""
        times = links.Times(expires=self.expires, withdrawn=self.withdrawn, done=self.done)
        return links.stand(times, timezone.now())


class Nonce(models.Model):
    """What evidence for a link must carry. A claimed removal makes a new one, which older evidence lacks."""

    link_id: int

    link = models.ForeignKey(OwnerLink, on_delete=models.CASCADE, related_name="nonces")
    value = models.CharField(max_length=64, unique=True)
    issued = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        """The value."""
        return self.value


class Answer(models.Model):
    """What an owner said by a link. Never changed; ``handled`` says that somebody here took it up."""

    link_id: int
    server_id: int | None

    link = models.ForeignKey(OwnerLink, on_delete=models.CASCADE, related_name="answers")
    kind = models.CharField(max_length=20, choices=choices(Answered))
    at = models.DateTimeField(default=timezone.now)
    text = models.TextField(blank=True)
    server = models.ForeignKey(
        "census.Server", null=True, on_delete=models.CASCADE, related_name="owner_answers"
    )
    channel = models.CharField(max_length=20, choices=choices(Channel), blank=True)  # proposed, no more
    value = models.CharField(max_length=500, blank=True)
    handled = models.DateTimeField(null=True)
    handled_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-at", "-id"], name="answer_newest"),
            models.Index(fields=["link", "id"], name="answer_by_link"),
        ]

    def __str__(self) -> str:
        """What, when."""
        return f"{self.kind} {self.at:%Y-%m-%d}"


class HandIn(models.Model):
    """An assessment or evidence of one server, for one campaign. What it proves is worked out, not believed.

    ``digest`` is of the file as it came; ``evidence_digest`` is that of the evidence by the assessment.
    ``collected`` is the moment up to which the evidence itself shows anything; uploads have no say in it.
    """

    link_id: int | None
    server_id: int
    campaign_id: int
    organisation_id: int | None
    decision_id: int | None

    link = models.ForeignKey(OwnerLink, null=True, on_delete=models.SET_NULL, related_name="hand_ins")
    server = models.ForeignKey("census.Server", on_delete=models.CASCADE, related_name="hand_ins")
    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.CASCADE, related_name="hand_ins")
    organisation = models.ForeignKey(
        "constituency.Organisation", null=True, on_delete=models.SET_NULL, related_name="hand_ins"
    )
    form = models.CharField(max_length=10, choices=choices(Form))
    state = models.CharField(max_length=12, choices=choices(State), default=State.WAITING)
    grade = models.CharField(max_length=20, choices=choices(Grade), default=Grade.SELF_REPORTED)
    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=200, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    given_by = models.CharField(max_length=200, blank=True)  # link:4, user:2
    received = models.DateTimeField(default=timezone.now)
    began = models.DateTimeField(null=True)  # the look or examination that runs, or was killed
    looked = models.DateTimeField(null=True)  # the first look at evidence: nonce, names, addresses
    attempts = models.PositiveIntegerField(default=0)
    fault = models.TextField(blank=True)
    report = models.JSONField(null=True)  # the assessment, redacted
    evidence_digest = models.CharField(max_length=64, blank=True)
    pack = models.CharField(max_length=200, blank=True)  # id, version and SHA-256 of what assessed it
    collected = models.DateTimeField(null=True)
    collected_by_custody = models.DateTimeField(null=True)
    last_record = models.DateTimeField(null=True)
    nonce = models.ForeignKey(Nonce, null=True, on_delete=models.SET_NULL, related_name="hand_ins")
    hosts = models.JSONField(default=list)  # what the evidence calls the server
    addresses = models.JSONField(default=list)  # that its logs give the server
    identity = models.CharField(max_length=12, default="unknown")  # same, different, unknown
    matched = models.JSONField(default=list)  # what in the evidence is the server's: sentences
    exposure = models.CharField(max_length=20, blank=True)
    compromise = models.CharField(max_length=20, blank=True)
    residual = models.CharField(max_length=20, blank=True)
    answer = models.TextField(blank=True)
    window_covered = models.BooleanField(default=False)
    shells_gone = models.BooleanField(default=False)
    asked = models.JSONField(default=dict)  # of each known web shell, by key, what became of it
    objections = models.JSONField(default=list)  # as the analyst saw them when deciding
    shown_clean = models.BooleanField(default=False)
    decided = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    decision = models.OneToOneField(  # what it made of the server's standing
        "exposure.Decision", null=True, on_delete=models.SET_NULL, related_name="hand_in"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["server", "campaign", "digest"], name="one_hand_in"),
            models.CheckConstraint(
                condition=~Q(state__in=[State.CONFIRMED, State.REFUSED])
                | Q(decided__isnull=False, decided_by__isnull=False),
                name="hand_in_decided_by_name",
            ),
            models.CheckConstraint(
                condition=Q(form=Form.EVIDENCE) | Q(grade=Grade.SELF_REPORTED),
                name="reports_are_self_reported",
            ),
            models.CheckConstraint(
                condition=~Q(grade=Grade.RE_ASSESSED)
                | (Q(identity="same", nonce__isnull=False) & ~Q(evidence_digest="") & ~Q(pack="")),
                name="re_assessed_is_bound",
            ),
            models.CheckConstraint(
                condition=~Q(grade=Grade.EVIDENCE_HELD)
                | Q(form=Form.EVIDENCE, identity="same", nonce__isnull=False),
                name="held_is_bound",
            ),
            models.CheckConstraint(
                condition=Q(shown_clean=False)
                | Q(
                    state=State.CONFIRMED,
                    grade=Grade.RE_ASSESSED,
                    residual="none-seen",
                    window_covered=True,
                    shells_gone=True,
                    collected__isnull=False,
                    decided_by__isnull=False,
                ),
                name="hand_in_clean_by_evidence",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-received", "-id"], name="hand_in_newest"),
            models.Index(fields=["state", "-received", "-id"], name="hand_in_by_state"),
            models.Index(fields=["server", "campaign", "-id"], name="hand_in_by_server"),
        ]

    def __str__(self) -> str:
        """What, of which server."""
        return f"{self.form} of {self.server} {self.received:%Y-%m-%d}"
