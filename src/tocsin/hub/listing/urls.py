"""Addresses of what belongs to no one list."""

from __future__ import annotations

from django.urls import path

from tocsin.hub.listing import views

urlpatterns = [
    path("views/save/", views.save_view, name="view-save"),
    path("views/<int:key>/delete/", views.delete_view, name="view-delete"),
]
