"""Addresses of servers and of where they stand."""

from __future__ import annotations

from django.urls import path

from tocsin.hub.exposure import views

urlpatterns = [
    path("campaigns/<slug:campaign>/servers/", views.standings, name="standings"),
    path("servers/<int:key>/", views.server, name="server"),
]
