"""Tells Django of this app."""

from __future__ import annotations

from django.apps import AppConfig


class Outbox(AppConfig):
    """What leaves the hub: messages, how they are signed and sent, and what became of them."""

    name = "tocsin.hub.outbox"
    label = "outbox"
