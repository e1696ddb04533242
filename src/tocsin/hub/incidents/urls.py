"""Addresses of incident reports."""

from __future__ import annotations

from django.urls import path

from tocsin.hub.incidents import public, views

urlpatterns = [
    path("report/", public.report, name="report-incident"),
    path("report/status/", public.status, name="report-status"),
    path("report/status/follow-up", public.follow_up, name="report-follow-up"),
    path("report/status/leave", public.leave, name="report-leave"),
    path("incidents/", views.incidents, name="incidents"),
    path("incidents/<int:key>/", views.incident, name="incident"),
    path("incidents/<int:key>/state", views.set_state, name="incident-state"),
    path("incidents/<int:key>/link", views.link, name="incident-link"),
    path("incidents/<int:key>/say", views.say, name="incident-say"),
    path("incidents/<int:key>/merge", views.merge, name="incident-merge"),
    path("incidents/<int:key>/case", views.open_case, name="incident-case"),
    path("incidents/<int:key>/export", views.export, name="incident-export"),
    path("incidents/files/<int:key>/", views.file, name="incident-file"),
]
