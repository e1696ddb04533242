"""Tells Django of this app."""

from __future__ import annotations

from django.apps import AppConfig


class Constituency(AppConfig):
    """Whose servers they are: organisations, how to reach them, what they claim."""

    name = "tocsin.hub.constituency"
    label = "constituency"
