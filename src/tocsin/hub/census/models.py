"""Snapshots of who is seen, the servers in them, and what each showed on which days."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class CensusSource(models.Model):
    """Somebody who looks: a scan service, a sensor network, an owner's list."""

    key = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    independent_group = models.CharField(max_length=60, blank=True)

    def __str__(self) -> str:
        """Its name."""
        return self.name


class Snapshot(models.Model):
    """One census by one source. What it covered (`scope`) and how it looked make absence mean something."""

    WAITING, RUNNING, COMPLETE, FAILED = "waiting", "running", "complete", "failed"

    source = models.ForeignKey(CensusSource, on_delete=models.PROTECT, related_name="snapshots")
    taken = models.DateTimeField(db_index=True)
    layout = models.CharField(max_length=60)
    scope = models.JSONField(default=dict)
    method = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    filename = models.CharField(max_length=300)
    state = models.CharField(max_length=10, default=WAITING)
    read = models.PositiveBigIntegerField(default=0)
    rows = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(default=0)
    refusals = models.JSONField(default=list)
    unknown_columns = models.JSONField(default=list)
    fault = models.TextField(blank=True)
    created = models.DateTimeField(default=timezone.now)
    finished = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-taken", "-id"], name="snapshot_newest")]

    def __str__(self) -> str:
        """Source and day."""
        return f"{self.source} {self.taken:%Y-%m-%d}"


class Server(models.Model):
    """One server as the census knows it. Its ``identity`` comes from `rules.identity`: never the IP alone."""

    identity = models.CharField(max_length=200, unique=True)
    ip = models.GenericIPAddressField(db_index=True)
    port = models.PositiveIntegerField(default=443)
    hostname = models.CharField(max_length=255, blank=True)
    name = models.CharField(max_length=255, blank=True)
    asn = models.PositiveBigIntegerField(null=True)
    country = models.CharField(max_length=2, blank=True)
    region = models.CharField(max_length=100, blank=True)
    city = models.CharField(max_length=100, blank=True)
    product = models.CharField(max_length=100, blank=True)
    build = models.CharField(max_length=60, blank=True)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    organisation = models.ForeignKey(
        "constituency.Organisation", null=True, on_delete=models.SET_NULL, related_name="servers"
    )
    owned_by = models.CharField(max_length=340, blank=True)  # the claim that won, in words

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-last_seen", "-id"], name="server_newest"),
            models.Index(fields=["organisation", "-last_seen", "-id"], name="server_by_owner"),
            models.Index(fields=["hostname"], name="server_by_host"),
        ]

    def __str__(self) -> str:
        """Host name, or address and port."""
        return self.hostname or f"{self.ip}:{self.port}"


class Observation(models.Model):
    """What one source saw of one server, and on which days it saw exactly that.

    ``days`` is a packed set (`rules.days`): adding a day twice, or days in another order, changes nothing.
    """

    server = models.ForeignKey(Server, on_delete=models.CASCADE, related_name="observations")
    source = models.ForeignKey(CensusSource, on_delete=models.PROTECT, related_name="observations")
    content = models.CharField(max_length=32)
    build = models.CharField(max_length=60, blank=True)
    tags = models.JSONField(default=list)
    method = models.CharField(max_length=200, blank=True)
    ip = models.GenericIPAddressField()
    rest = models.JSONField(default=dict)
    days = models.BinaryField()
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["server", "source", "content"], name="one_observation")
        ]

    def __str__(self) -> str:
        """What, from when to when."""
        return f"{self.build or self.tags} {self.first_seen:%Y-%m-%d} - {self.last_seen:%Y-%m-%d}"
