"""Tells Django of this app."""

from __future__ import annotations

from django.apps import AppConfig


class Cases(AppConfig):
    """One case for each web shell or compromise, from found to verified removed."""

    name = "tocsin.hub.cases"
    label = "cases"
