"""What programs submitted and the worker has not yet taken in."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class Submission(models.Model):
    """A few observations of one source on one day. The row is the queue: gone when they are taken in."""

    source = models.CharField(max_length=60)
    day = models.DateField()
    rows = models.JSONField(default=list)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    received = models.DateTimeField(default=timezone.now)
    fault = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["fault", "id"], name="submission_to_do")]

    def __str__(self) -> str:
        """Of whom, of when."""
        return f"{self.source} {self.day}"
