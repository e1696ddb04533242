"""Tells Django of this app, which has templates and no tables."""

from __future__ import annotations

from django.apps import AppConfig


class ListingApp(AppConfig):
    """Lists: columns, filters, orders, pages by keyset, export, saved views."""

    name = "tocsin.hub.listing"
    label = "listing"
