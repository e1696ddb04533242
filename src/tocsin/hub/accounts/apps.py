"""Tells Django of this app."""

from __future__ import annotations

from django.apps import AppConfig


class Accounts(AppConfig):
    """Who may do what: people, roles, tokens, and who looked at what."""

    name = "tocsin.hub.accounts"
    label = "accounts"
