"""Tells Django of this app."""

from __future__ import annotations

from django.apps import AppConfig


class Incidents(AppConfig):
    """Reports of incidents from outside, with their clocks, until they become cases."""

    name = "tocsin.hub.incidents"
    label = "incidents"

    def ready(self) -> None:
        """Say which files in quarantine reports still name."""
        from tocsin.hub.incidents.uploads import holds  # noqa: PLC0415 - models are there from here on
        from tocsin.hub.lists.quarantine import HOLDERS  # noqa: PLC0415 - as above

        if holds not in HOLDERS:
            HOLDERS.append(holds)
