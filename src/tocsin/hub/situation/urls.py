"""Addresses of the national picture, below ``situation/``."""

from __future__ import annotations

from django.urls import path

from tocsin.hub.situation import views

urlpatterns = [
    path("by/<slug:dimension>/", views.parts, name="situation-parts"),
    path("queue/<slug:name>/", views.queue, name="situation-queue"),
    path("report/", views.report, name="situation-report"),
    path("report.<slug:form>", views.report_file, name="situation-report-file"),
    path("published.<slug:form>", views.published_file, name="situation-published-file"),
]
