"""Messages: what leaves the hub, how far it got, and what came back."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from tocsin.hub.accounts.models import choices
from tocsin.hub.rules.mail import Purpose, Sign, State
from tocsin.hub.rules.words import Channel


class Message(models.Model):
    """One message to one address. ``message_id`` is fixed when it is queued, and never used for another.

    ``not_before`` moves when a message waits: for its recipient's morning, for a free slot at its domain,
    for another try. ``told`` says that the chain of events has its present state.
    """

    contact_id: int | None
    organisation_id: int | None

    key = models.CharField(max_length=200, unique=True)
    channel = models.CharField(max_length=20, choices=choices(Channel))
    state = models.CharField(max_length=20, choices=choices(State), default=State.QUEUED)
    purpose = models.CharField(max_length=20, choices=choices(Purpose))
    address = models.CharField(max_length=500)
    domain = models.CharField(max_length=255, blank=True)
    contact = models.ForeignKey(
        "constituency.Contact", null=True, on_delete=models.SET_NULL, related_name="messages"
    )
    organisation = models.ForeignKey(
        "constituency.Organisation",
        null=True,
        on_delete=models.SET_NULL,
        related_name="messages",
        db_index=False,
    )
    subject = models.CharField(max_length=500)
    text = models.TextField()
    headers = models.JSONField(default=dict)
    reply_to = models.CharField(max_length=500, blank=True)
    list_id = models.CharField(max_length=600, blank=True)
    language = models.CharField(max_length=12, default="en")
    sign = models.CharField(max_length=10, choices=choices(Sign), default=Sign.HUB)
    encrypt = models.BooleanField(default=False)
    urgency = models.PositiveSmallIntegerField(default=5)
    message_id = models.CharField(max_length=200, unique=True)
    created = models.DateTimeField(default=timezone.now)
    not_before = models.DateTimeField(default=timezone.now)
    began = models.DateTimeField(null=True)  # when it was last tried
    sent = models.DateTimeField(null=True)  # when the next mail server, or the receiver, took it
    answered = models.DateTimeField(null=True)  # when something came back, or a call had its outcome
    complained = models.DateTimeField(null=True)  # when its receiver was heard to have marked it as unwanted
    tries = models.PositiveSmallIntegerField(default=0)
    fault = models.CharField(max_length=500, blank=True)
    told = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(  # whole: of a partial one SQLite makes no use where values are bound
                fields=["state", "channel", "urgency", "not_before", "id"], name="message_queue"
            ),
            models.Index(fields=["state", "-id"], name="message_by_state"),
            models.Index(fields=["organisation", "-id"], name="message_by_owner"),
            models.Index(fields=["purpose", "-id"], name="message_by_purpose"),
            models.Index(fields=["channel", "-id"], name="message_by_channel"),
            models.Index(fields=["began", "domain"], name="message_by_began"),
            models.Index(fields=["address", "-id"], name="message_by_address"),
            models.Index(fields=["state", "id"], condition=models.Q(told=False), name="message_untold"),
            models.Index(
                fields=["complained"], condition=models.Q(complained__isnull=False), name="message_unwanted"
            ),
        ]

    def __str__(self) -> str:
        """To whom, about what."""
        return f"{self.address}: {self.subject}"


class Enclosure(models.Model):
    """A file that goes along with a message. Never shown or run; handed out as a download alone."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="enclosures")
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=130)
    content = models.BinaryField()

    def __str__(self) -> str:
        """Its name."""
        return self.name


class Hold(models.Model):
    """Somebody held everything, or let it go again; the last row says which."""

    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    held = models.BooleanField()
    reason = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        """Held or not."""
        return "held" if self.held else "let go"


class Outage(models.Model):
    """A way out that did not answer: not tried again before ``until``. One row for each way."""

    way = models.CharField(max_length=300, unique=True)
    until = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    fault = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        """Which way."""
        return self.way
