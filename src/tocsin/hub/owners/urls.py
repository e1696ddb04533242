"""Addresses of the owner's page, and of what staff see of owners."""

from __future__ import annotations

from django.urls import path

from tocsin.hub.owners import owner_page, views

urlpatterns = [
    path("o/<str:token>/", owner_page.page, name="owner-page"),
    path("o/<str:token>/show", owner_page.show_me, name="owner-show"),
    path("o/<str:token>/say", owner_page.say, name="owner-say"),
    path("o/<str:token>/report", owner_page.report, name="owner-report"),
    path("o/<str:token>/evidence", owner_page.evidence, name="owner-evidence"),
    path("hand-ins/", views.hand_ins, name="hand-ins"),
    path("hand-ins/<int:key>/", views.hand_in, name="hand-in"),
    path("hand-ins/<int:key>/decide", views.decide, name="decide-hand-in"),
    path("hand-ins/<int:key>/file", views.file, name="hand-in-file"),
    path("owners/answers/", views.answers, name="owner-answers"),
    path("owners/answers/<int:key>/handled", views.handled, name="owner-answer-handled"),
    path("owners/links/", views.links, name="owner-links"),
    path("owners/links/<int:key>/", views.one_link, name="owner-link"),
    path("owners/links/<int:key>/withdraw", views.withdraw, name="withdraw-owner-link"),
    path("servers/<int:key>/owner-link/<slug:campaign>/", views.new_link, name="new-owner-link"),
]
