"""Tells Django of this app."""

from __future__ import annotations

from django.apps import AppConfig


class Incidents(AppConfig):
    """Reports of incidents from outside, with their clocks, until they become cases."""

    name = "tocsin.hub.incidents"
    label = "incidents"
