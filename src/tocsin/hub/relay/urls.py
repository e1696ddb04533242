"""Addresses of slices, and of reports of what attackers run."""

from __future__ import annotations

from django.urls import URLPattern, path

from tocsin.hub.relay import report_views, views

urlpatterns: list[URLPattern] = [
    path("relay/", views.carriers, name="carriers"),
    path("relay/carriers/new/", views.new_carrier, name="new-carrier"),
    path("relay/carriers/<int:number>/", views.carrier, name="slice"),
    path("relay/carriers/<int:number>/edit/", views.edit_carrier, name="edit-carrier"),
    path("relay/carriers/<int:number>/scope/", views.scope, name="carrier-scope"),
    path("relay/carriers/<int:number>/times/", views.times, name="carrier-times"),
    path("relay/carriers/<int:number>/answer/", views.answer_rows, name="answer-rows"),
    path("relay/parts/<int:number>/remove", views.remove_part, name="remove-part"),
    path("relay/secrecy/", views.secrecy, name="secrecy"),
    path("relay/secrecy/<int:number>/end", views.end_secrecy, name="end-secrecy"),
    path("relay/infrastructure/", report_views.infrastructures, name="infrastructures"),
    path("relay/infrastructure/new/", report_views.new_infrastructure, name="new-infrastructure"),
    path("relay/infrastructure/offered/", report_views.offered, name="offered-infrastructure"),
    path("relay/infrastructure/<int:number>/", report_views.infrastructure, name="infrastructure"),
    path("relay/infrastructure/<int:number>/report", report_views.report, name="report-infrastructure"),
    path("relay/reports/", report_views.reports, name="infrastructure-reports"),
    path("relay/reports/<int:number>/step", report_views.step_report, name="step-report"),
    path("relay/authorities/", report_views.authorities, name="authorities"),
    path("relay/authorities/<int:number>/end", report_views.end_authority, name="end-authority"),
]
