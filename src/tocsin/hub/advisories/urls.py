"""Addresses of advisories."""

from __future__ import annotations

from django.urls import path

from tocsin.hub.advisories import feeds, mail_views, views, well_known

urlpatterns = [
    path("advisories/", views.advisories, name="advisories"),
    path("advisories/new/", views.begin, name="new-advisory"),
    path("advisories/publisher/", views.publisher, name="publisher"),
    path("advisories/feed.<slug:kind>", feeds.feed, name="advisory-feed"),
    path("advisories/subscribe/", mail_views.subscribe, name="subscribe"),
    path("advisories/subscribers/", mail_views.subscribers, name="subscribers"),
    path("advisories/subscribers/<int:number>/", mail_views.subscriber, name="subscriber"),
    path(
        "advisories/subscribers/<int:number>/change", mail_views.change_subscriber, name="change-subscriber"
    ),
    path("advisories/subscription/<str:token>/begin/", mail_views.confirm, name="confirm-subscription"),
    path("advisories/subscription/<str:token>/end/", mail_views.end, name="end-subscription"),
    path("advisories/<slug:slug>/", views.advisory, name="advisory"),
    path("advisories/<slug:slug>/history/", views.history, name="advisory-history"),
    path("advisories/<slug:slug>/csaf.json", views.csaf, name="advisory-csaf"),
    path("advisories/<slug:slug>/edit/", views.edit, name="edit-advisory"),
    path("advisories/<slug:slug>/submit", views.submit, name="submit-advisory"),
    path("advisories/<slug:slug>/send-back", views.send_back, name="send-back-advisory"),
    path("advisories/<slug:slug>/publish", views.publish, name="publish-advisory"),
    path("advisories/<slug:slug>/withdraw", views.withdraw, name="withdraw-advisory"),
    path(".well-known/csaf/provider-metadata.json", well_known.provider, name="csaf-provider"),
    path(".well-known/csaf/white/", well_known.folder, name="csaf-folder"),
    path(".well-known/csaf/white/index.txt", well_known.index_file, name="csaf-index"),
    path(".well-known/csaf/white/changes.csv", well_known.changes_file, name="csaf-changes"),
    path(".well-known/csaf/openpgp/<slug:fingerprint>.asc", well_known.key, name="csaf-key"),
    path(".well-known/csaf/white/<int:year>/", well_known.folder, name="csaf-year"),
    path(".well-known/csaf/white/<int:year>/<str:name>", well_known.file, name="csaf-file"),
]
