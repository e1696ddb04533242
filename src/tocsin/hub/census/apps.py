"""Tells Django of this app."""

from __future__ import annotations

from django.apps import AppConfig


class Census(AppConfig):
    """Who is seen where: dated snapshots, their scope and method, and what each server showed."""

    name = "tocsin.hub.census"
    label = "census"
