"""Tells Django of this app."""

from __future__ import annotations

from django.apps import AppConfig


class ExposureApp(AppConfig):
    """What is known of each server in each campaign: two axes, and the chain of what changed them."""

    name = "tocsin.hub.exposure"
    label = "exposure"
