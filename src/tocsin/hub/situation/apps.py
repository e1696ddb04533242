"""Tells Django of this app."""

from __future__ import annotations

from django.apps import AppConfig


class Situation(AppConfig):
    """The national picture: counts by day, curves, queues, reports."""

    name = "tocsin.hub.situation"
    label = "situation"
