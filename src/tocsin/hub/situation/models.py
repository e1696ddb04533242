"""Counts by day, kept so that no page counts a million rows while somebody waits."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class DailyCount(models.Model):
    """Servers of one campaign on one day, in one combination of both axes and three groupings."""

    day = models.DateField()
    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.CASCADE, related_name="daily_counts")
    exposure = models.CharField(max_length=20)
    compromise = models.CharField(max_length=20)
    sector = models.CharField(max_length=60)
    region = models.CharField(max_length=100)
    branch = models.CharField(max_length=60)
    servers = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["campaign", "day", "exposure", "compromise", "sector", "region", "branch"],
                name="one_daily_count",
            )
        ]

    def __str__(self) -> str:
        """Day and state."""
        return f"{self.day} {self.exposure}: {self.servers}"
