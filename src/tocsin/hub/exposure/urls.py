"""Addresses of servers and of where they stand."""

from __future__ import annotations

from django.urls import path

from tocsin.hub.exposure import views

urlpatterns = [
    path("campaigns/<slug:campaign>/servers/", views.standings, name="standings"),
    path("campaigns/<slug:campaign>/servers/decide/", views.decide_many, name="decide-many"),
    path("servers/<int:key>/", views.server, name="server"),
    path("servers/<int:key>/decide/<slug:campaign>/", views.decide_one, name="decide-one"),
    path("decisions/<int:key>/withdraw/", views.withdraw, name="withdraw"),
]
