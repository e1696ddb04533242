"""Tells Django of this app."""

from __future__ import annotations

from django.apps import AppConfig


class Streams(AppConfig):
    """Events for other programs: webhooks and a stream."""

    name = "tocsin.hub.streams"
    label = "streams"
