"""Who wants events, what was sent to whom, and what came back."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.utils import timezone


class Subscription(models.Model):
    """A receiver of events, as its person may see them. ``cursor`` is the last event that it was given.

    The secret is kept sealed under the hub's own, since every delivery is signed with it.
    """

    user_id: int

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="subscriptions")
    name = models.CharField(max_length=100)
    url = models.CharField(max_length=500)
    sealed = models.TextField()
    kinds = models.JSONField(default=list)  # none: all
    campaign = models.CharField(max_length=60, blank=True)  # none: every one
    cursor = models.BigIntegerField(default=0)
    created = models.DateTimeField(default=timezone.now)
    active = models.BooleanField(default=True)
    failures = models.PositiveIntegerField(default=0)  # in a row
    next_try = models.DateTimeField(default=timezone.now)
    why = models.CharField(max_length=500, blank=True)  # disabled

    class Meta:
        indexes: ClassVar = [models.Index(fields=["active", "next_try", "id"], name="subscription_due")]

    def __str__(self) -> str:
        """Its name."""
        return self.name


class Delivery(models.Model):
    """Some events for one receiver, under a number that stays the same however often it is tried."""

    WAITING, DELIVERED, DROPPED = "waiting", "delivered", "dropped"
    STATES: ClassVar = [(word, word) for word in (WAITING, DELIVERED, DROPPED)]

    subscription_id: int

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="deliveries")
    number = models.UUIDField(default=uuid4, unique=True)
    first = models.BigIntegerField()  # of the events that it spans; 0 for a test
    last = models.BigIntegerField()
    events = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=STATES, default=WAITING)
    created = models.DateTimeField(default=timezone.now)
    delivered = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["subscription", "state", "id"], name="delivery_by_state"),
            models.Index(fields=["created"], name="delivery_by_age"),
        ]

    def __str__(self) -> str:
        """Its number."""
        return str(self.number)


class Attempt(models.Model):
    """One try of a delivery: the answer's status, or what went wrong."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField(default=timezone.now)
    status = models.PositiveIntegerField(null=True)
    fault = models.CharField(max_length=500, blank=True)
    milliseconds = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        """Status or fault."""
        return str(self.status or self.fault)
