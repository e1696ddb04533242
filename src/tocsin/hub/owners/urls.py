"""Addresses of the owner's page, and of what staff see of owners."""

from __future__ import annotations

from django.urls import path

from tocsin.hub.owners import owner_page

urlpatterns = [
    path("o/<str:token>/", owner_page.page, name="owner-page"),
]
