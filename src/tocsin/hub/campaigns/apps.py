"""Tells Django of this app."""

from __future__ import annotations

from django.apps import AppConfig


class Campaigns(AppConfig):
    """What is being exploited: campaigns from packs, and the catalogue of known exploited vulnerabilities."""

    name = "tocsin.hub.campaigns"
    label = "campaigns"
