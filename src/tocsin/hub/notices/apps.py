"""Tells Django of this app."""

from __future__ import annotations

from django.apps import AppConfig


class Notices(AppConfig):
    """Who is told what, by whom to reach them, in which order, and when again."""

    name = "tocsin.hub.notices"
    label = "notices"
