"""Addresses of receivers of events."""

from __future__ import annotations

from django.urls import URLPattern, path

from tocsin.hub.streams import views

urlpatterns: list[URLPattern] = [
    path("streams/", views.subscriptions, name="subscriptions"),
    path("streams/<int:number>/", views.subscription, name="subscription"),
    path("streams/<int:number>/<slug:what>", views.change_subscription, name="change-subscription"),
]
