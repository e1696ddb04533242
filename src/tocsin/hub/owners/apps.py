"""Tells Django of this app."""

from __future__ import annotations

from django.apps import AppConfig


class Owners(AppConfig):
    """Owners without an account: their link, their answers, and what they hand in."""

    name = "tocsin.hub.owners"
    label = "owners"

    def ready(self) -> None:
        """Answer for what is held: nothing else shows a server clean."""
        from tocsin.hub.exposure.proof import WITNESSES  # noqa: PLC0415 - models must stand first
        from tocsin.hub.lists.quarantine import HOLDERS  # noqa: PLC0415 - as above
        from tocsin.hub.owners.deciding import witness  # noqa: PLC0415 - as above
        from tocsin.hub.owners.selectors import held_among  # noqa: PLC0415 - as above

        WITNESSES.append(witness)
        HOLDERS.append(held_among)
