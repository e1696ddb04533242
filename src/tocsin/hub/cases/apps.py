"""Tells Django of this app."""

from __future__ import annotations

from django.apps import AppConfig


class Cases(AppConfig):
    """One case for each web shell or compromise, from found to verified removed."""

    name = "tocsin.hub.cases"
    label = "cases"

    def ready(self) -> None:
        """Tell of web shells that cases know, and follow what owners say."""
        from tocsin.hub.cases.closing import known_to_cases, unanswered  # noqa: PLC0415 - models must stand first
        from tocsin.hub.cases.taking_in import answered  # noqa: PLC0415 - as above
        from tocsin.hub.owners.answering import HEARERS  # noqa: PLC0415 - as above
        from tocsin.hub.owners.known import OBJECTORS, SHELLS  # noqa: PLC0415 - as above

        SHELLS.append(known_to_cases)
        OBJECTORS.append(unanswered)
        HEARERS.append(answered)
