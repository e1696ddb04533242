"""Addresses of cases."""

from __future__ import annotations

from django.urls import URLPattern, path

from tocsin.hub.cases import views

urlpatterns: list[URLPattern] = [
    path("cases/", views.cases, name="cases"),
    path("cases/new/", views.new, name="new-case"),
    path("cases/act/", views.act_on_many, name="cases-act"),
    path("cases/piggyback/", views.piggyback, name="piggyback"),
    path("cases/clusters/", views.clusters, name="case-clusters"),
    path("cases/<int:key>/", views.case, name="case"),
    path("cases/<int:key>/act/", views.act, name="case-act"),
    path("cases/<int:key>/close/", views.close, name="case-close"),
]
