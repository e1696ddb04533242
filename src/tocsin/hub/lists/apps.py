"""Tells Django of these tags."""

from __future__ import annotations

from django.apps import AppConfig


class Lists(AppConfig):
    """What all lists share."""

    name = "tocsin.hub.lists"
    label = "lists"
