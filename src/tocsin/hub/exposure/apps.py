"""Tells Django of this app."""

from __future__ import annotations

from django.apps import AppConfig


class ExposureApp(AppConfig):
    """What is known of each server in each campaign: two axes, and the chain of what changed them."""

    name = "tocsin.hub.exposure"
    label = "exposure"

    def ready(self) -> None:
        """Follow the census."""
        from tocsin.hub.census.followers import FOLLOWERS  # noqa: PLC0415 - models must stand first
        from tocsin.hub.exposure.folding import Folder  # noqa: PLC0415 - as above

        FOLLOWERS.append(Folder)
