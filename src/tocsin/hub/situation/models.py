"""What the national picture is drawn from, kept so that no page counts a million rows."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class DailyCount(models.Model):
    """By how much one state's count changed on one day, in the whole, one sector, region, country or branch.

    The count of a day is the sum up to it. Kept by adding what new events change (`rules.daily`); the events
    alone give the same rows again.
    """

    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.CASCADE, related_name="daily_counts")
    day = models.DateField()
    dimension = models.CharField(max_length=10)
    value = models.CharField(max_length=100)
    exposure = models.CharField(max_length=20)
    compromise = models.CharField(max_length=20)
    change = models.IntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["campaign", "dimension", "value", "day", "exposure", "compromise"],
                name="one_daily_count",
            )
        ]

    def __str__(self) -> str:
        """Day, state and change."""
        return f"{self.day} {self.dimension} {self.value} {self.exposure}: {self.change:+}"


class TimesOpen(models.Model):
    """How many servers were open from one day, seen so until another, and fixed by a third.

    ``last_open`` is empty while they are still seen open, ``fixed`` where no fix was seen.
    """

    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.CASCADE, related_name="times_open")
    dimension = models.CharField(max_length=10)
    value = models.CharField(max_length=100)
    opened = models.IntegerField()  # days as proleptic ordinals; 0 for none, so that they can be a key
    last_open = models.IntegerField()
    fixed = models.IntegerField()
    servers = models.IntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["campaign", "dimension", "value", "opened", "last_open", "fixed"],
                name="one_time_open",
            )
        ]

    def __str__(self) -> str:
        """Days and number."""
        return f"{self.opened} {self.last_open} {self.fixed}: {self.servers}"


class DailyLook(models.Model):
    """How many servers were known on a day, and how many of those lay in the scope of a snapshot of that day.

    Rows are added, never changed: what was known at a past moment is the newest row before it.
    """

    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.CASCADE, related_name="daily_looks")
    day = models.DateField()
    dimension = models.CharField(max_length=10)
    value = models.CharField(max_length=100)
    known = models.PositiveIntegerField()
    covered = models.PositiveIntegerField()
    recorded = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["campaign", "dimension", "day"], name="look_by_day")]

    def __str__(self) -> str:
        """Day and share."""
        return f"{self.day} {self.value}: {self.covered} of {self.known}"


class Estimate(models.Model):
    """A figure that takes seconds to work out. Rows are added, never changed, until they age."""

    HALF_LIFE, UNSEEN, QUEUES = "half-life", "unseen", "queues"

    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.CASCADE, related_name="estimates")
    kind = models.CharField(max_length=20)
    day = models.DateField()
    figures = models.JSONField()
    through = models.BigIntegerField()  # number of the last event that it rests on
    recorded = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["campaign", "kind", "-recorded"], name="estimate_newest")]

    def __str__(self) -> str:
        """Kind and day."""
        return f"{self.kind} {self.day}"


class Counted(models.Model):
    """How far the chores have come; there is one row."""

    events = models.BigIntegerField(default=0)  # number of the last event that was counted
    looked_until = models.DateTimeField(null=True)  # when the last snapshot was finished whose looks are kept
    estimated = models.BigIntegerField(default=0)  # number of the last event when estimates were last made

    def __str__(self) -> str:
        """The last event."""
        return f"event {self.events}"
