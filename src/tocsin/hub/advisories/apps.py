"""Tells Django of this app."""

from __future__ import annotations

from django.apps import AppConfig


class Advisories(AppConfig):
    """What everybody is told: written once, published as page, feed, CSAF and mail to subscribers."""

    name = "tocsin.hub.advisories"
    label = "advisories"
