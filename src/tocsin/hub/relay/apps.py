"""Tells Django of this app."""

from __future__ import annotations

from django.apps import AppConfig


class Relay(AppConfig):
    """Slices for those who stand between the hub and the owner, and reports of what attackers run."""

    name = "tocsin.hub.relay"
    label = "relay"
