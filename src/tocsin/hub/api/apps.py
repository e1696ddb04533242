"""Tells Django of this app."""

from __future__ import annotations

from django.apps import AppConfig


class Api(AppConfig):
    """The hub for programs."""

    name = "tocsin.hub.api"
    label = "api"
