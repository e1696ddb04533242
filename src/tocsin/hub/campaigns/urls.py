"""Addresses of campaigns."""

from __future__ import annotations

from django.urls import path

from tocsin.hub.campaigns import views

urlpatterns = [
    path("campaigns/", views.campaigns, name="campaigns"),
    path("campaigns/known-exploited/", views.catalogue, name="catalogue"),
    path("campaigns/<slug:key>/", views.campaign, name="campaign"),
    path("campaigns/<slug:key>/follow", views.follow, name="follow-campaign"),
]
