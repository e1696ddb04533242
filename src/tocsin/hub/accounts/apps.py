"""Tells Django of this app."""

from __future__ import annotations

from django.apps import AppConfig


class Accounts(AppConfig):
    """Who may do what: people, roles, tokens, and who looked at what."""

    name = "tocsin.hub.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Hear of log-ins, refusals and changed factors, whoever handles them."""
        from tocsin.hub.accounts import changes, refusals, second_factor, sessions  # noqa: PLC0415 - models first

        for heard in (second_factor, sessions, refusals, changes):
            heard.listen()
