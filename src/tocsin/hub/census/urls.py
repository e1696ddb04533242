"""Addresses of the census."""

from __future__ import annotations

from django.urls import path

from tocsin.hub.census import views

urlpatterns = [
    path("servers/", views.servers, name="servers"),
    path("snapshots/", views.snapshots, name="snapshots"),
    path("snapshots/new/", views.upload, name="upload"),
    path("snapshots/<int:key>/", views.snapshot, name="snapshot"),
]
