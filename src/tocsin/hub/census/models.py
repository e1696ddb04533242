"""Snapshots of who is seen, the servers in them, and what each showed on which days."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from tocsin.hub.rules.scope import parse_scope


class CensusSource(models.Model):
    """Somebody who looks: a scan service, a sensor network, an owner's list."""

    key = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    independent_group = models.CharField(max_length=60, blank=True)

    def __str__(self) -> str:
        """Its name."""
        return self.name


class Snapshot(models.Model):
    """One census by one source. What it covered (`scope`) and how it looked make absence mean something.

    It waits, its rows are read (``running``), those who were looked for and not found are settled
    (``settling``), and it is complete. ``read`` and ``settled`` are where a killed import goes on.
    """

    source_id: int

    WAITING, RUNNING, SETTLING, COMPLETE, FAILED = "waiting", "running", "settling", "complete", "failed"
    STATES: ClassVar = [(word, word) for word in (WAITING, RUNNING, SETTLING, COMPLETE, FAILED)]
    PENDING: ClassVar = (WAITING, RUNNING, SETTLING)

    source = models.ForeignKey(CensusSource, on_delete=models.PROTECT, related_name="snapshots")
    taken = models.DateTimeField(db_index=True)
    layout = models.CharField(max_length=60)
    scope = models.JSONField(default=dict)  # rules.scope; an empty one covers nothing
    method = models.CharField(max_length=200, blank=True)
    succeeds = models.JSONField(default=list)  # methods whose looks this method continues
    lists_all = models.BooleanField(default=False)  # every server of its kind, not only vulnerable ones
    window_days = models.PositiveIntegerField(default=0)  # how old a row may be
    digest = models.CharField(max_length=64, unique=True)  # of source, day and content
    filename = models.CharField(max_length=300)
    held = models.CharField(max_length=300, blank=True)  # where the file lies, below the data folder
    mapping = models.CharField(max_length=300, blank=True)  # likewise a layout of somebody's own
    size = models.PositiveBigIntegerField(default=0)  # bytes of the file
    consumed = models.PositiveBigIntegerField(default=0)  # bytes of them that were read
    state = models.CharField(max_length=10, choices=STATES, default=WAITING)
    read = models.PositiveBigIntegerField(default=0)  # lines that were taken in
    rows = models.PositiveBigIntegerField(default=0)
    other = models.PositiveBigIntegerField(default=0)  # rows about something else
    blank = models.PositiveBigIntegerField(default=0)  # header and empty lines
    refused = models.PositiveBigIntegerField(default=0)
    refusals = models.JSONField(default=list)  # the first ones: [line, reason]
    blind = models.JSONField(default=list)  # addresses that refused rows named: not covered
    unplaced = models.PositiveBigIntegerField(default=0)  # refused rows whose address nobody knows
    unknown_columns = models.JSONField(default=list)
    settled = models.BigIntegerField(default=0)  # the last server that was settled
    fault = models.TextField(blank=True)
    given_by = models.CharField(max_length=200, blank=True)
    created = models.DateTimeField(default=timezone.now)
    finished = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-taken", "-id"], name="snapshot_newest"),
            models.Index(fields=["source", "-taken", "-id"], name="snapshot_by_source"),
            models.Index(fields=["state", "taken", "id"], name="snapshot_to_do"),
        ]

    def __str__(self) -> str:
        """Source and day."""
        return f"{self.source} {self.taken:%Y-%m-%d}"

    @property
    def proves_absence(self) -> bool:
        """Whether who is not in it was not there: it says what it covered, and no row of it is a riddle."""
        scope = parse_scope(self.scope)
        return scope.known and not self.unplaced and self.state in {self.SETTLING, self.COMPLETE}


class Server(models.Model):
    """One server as the census knows it. Its ``identity`` comes from `rules.identity`: never the IP alone.

    Everything else is what its observations say last: the newest value that is not empty.
    """

    organisation_id: int | None

    identity = models.CharField(max_length=200, unique=True)
    ip = models.GenericIPAddressField(db_index=True)
    port = models.PositiveIntegerField(default=443)
    hostname = models.CharField(max_length=255, blank=True, db_index=True)
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
            models.Index(fields=["country", "-last_seen", "-id"], name="server_by_country"),
            models.Index(fields=["asn", "-last_seen", "-id"], name="server_by_network"),
        ]

    def __str__(self) -> str:
        """Host name, or address and port."""
        return self.hostname or f"{self.ip}:{self.port}"


class Observation(models.Model):
    """What one source saw of one server, and on which days it saw exactly that.

    ``days`` is a packed set (`rules.days`): adding a day twice, or days in another order, changes nothing.
    ``content`` digests what makes two sightings one; ``rest`` is what the newest of them said besides.
    """

    server_id: int
    source_id: int

    server = models.ForeignKey(Server, on_delete=models.CASCADE, related_name="observations")
    source = models.ForeignKey(CensusSource, on_delete=models.PROTECT, related_name="observations")
    content = models.CharField(max_length=32)
    ip = models.GenericIPAddressField()
    port = models.PositiveIntegerField(default=443)
    hostname = models.CharField(max_length=255, blank=True)
    name = models.CharField(max_length=255, blank=True)
    product = models.CharField(max_length=100, blank=True)
    build = models.CharField(max_length=60, blank=True)
    status = models.CharField(max_length=20, blank=True)  # what the source itself concluded
    tags = models.JSONField(default=list)
    method = models.CharField(max_length=200, blank=True)
    geo = models.JSONField(default=dict)  # asn, country, region, city
    rest = models.JSONField(default=dict)
    days = models.BinaryField()
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)  # days

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["server", "source", "content"], name="one_observation")
        ]
        indexes: ClassVar = [models.Index(fields=["source", "server"], name="observation_by_source")]

    def __str__(self) -> str:
        """What, from when to when."""
        return f"{self.build or self.tags} {self.first_seen:%Y-%m-%d} - {self.last_seen:%Y-%m-%d}"
