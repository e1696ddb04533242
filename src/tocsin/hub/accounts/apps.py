"""Tells Django of this app."""

from __future__ import annotations

from django.apps import AppConfig


class Accounts(AppConfig):
    """Who may do what: people, roles, tokens, and who looked at what."""

    name = "tocsin.hub.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Let a first log-in open the grace, whoever handles it."""
        from tocsin.hub.accounts import second_factor  # noqa: PLC0415 - models must stand first

        second_factor.listen()
