"""Campaigns that the hub follows, and the catalogue of known exploited vulnerabilities."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class Campaign(models.Model):
    """One campaign pack as the hub has taken it in. Its build facts are read from the pack itself.

    ``folded`` is the digest of the pack by which all standings were judged last. Where it is not ``digest``,
    they are judged anew by ``folding``, as far as the server ``refolded``.
    """

    key = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    version = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    cves = models.JSONField(default=list)
    disclosed = models.DateField(null=True)
    active = models.BooleanField(default=True)
    folded = models.CharField(max_length=64, blank=True)
    folding = models.CharField(max_length=64, blank=True)
    refolded = models.BigIntegerField(default=0)
    loaded = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        """Its name."""
        return self.name


class KnownExploited(models.Model):
    """One row of the catalogue. ``due`` before ``added`` is an error of the catalogue, not of an owner."""

    cve = models.CharField(max_length=20, unique=True)
    vendor = models.CharField(max_length=200)
    product = models.CharField(max_length=200)
    name = models.CharField(max_length=500)
    action = models.TextField()
    added = models.DateField(db_index=True)
    due = models.DateField()
    ransomware = models.BooleanField(default=False)
    due_before_added = models.BooleanField(default=False)
    rest = models.JSONField(default=dict)

    def __str__(self) -> str:
        """Its number."""
        return self.cve
