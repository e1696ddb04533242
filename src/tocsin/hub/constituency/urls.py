"""Addresses of the constituency."""

from __future__ import annotations

from django.urls import path

from tocsin.hub.constituency import views

urlpatterns = [
    path("organisations/", views.organisations, name="organisations"),
    path("organisations/change/", views.change_organisations, name="change-organisations"),
    path("organisations/new/", views.new_organisation, name="new-organisation"),
    path("organisations/imports/", views.imports, name="organisation-imports"),
    path("organisations/contact-gap/", views.contact_gap, name="contact-gap"),
    path("organisations/conflicts/", views.claim_conflicts, name="claim-conflicts"),
    path("organisations/<int:number>/", views.organisation, name="organisation"),
    path("organisations/<int:number>/edit/", views.edit_organisation, name="edit-organisation"),
    path("organisations/<int:number>/contacts/new/", views.new_contact, name="new-contact"),
    path("organisations/<int:number>/claims/new/", views.new_claim, name="new-claim"),
    path("contacts/<int:number>/", views.edit_contact, name="edit-contact"),
    path("contacts/<int:number>/mark", views.mark_contact, name="mark-contact"),
    path("claims/<int:number>/", views.edit_claim, name="edit-claim"),
    path("claims/<int:number>/end", views.end_claim, name="end-claim"),
]
