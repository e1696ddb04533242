"""Tells Django of this app."""

from __future__ import annotations

from django.apps import AppConfig


class Owners(AppConfig):
    """Owners without an account: their link, their answers, and what they hand in."""

    name = "tocsin.hub.owners"
    label = "owners"
