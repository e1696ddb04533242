"""Tells Django of this app."""

from __future__ import annotations

from django.apps import AppConfig


class Directives(AppConfig):
    """Orders with deadlines, and what each organisation has proven, claimed or not answered."""

    name = "tocsin.hub.directives"
    label = "directives"
