"""Addresses of notices, and the public page that their references name."""

from __future__ import annotations

from django.urls import path

from tocsin.hub.notices import views

urlpatterns = [
    path("notices/", views.notices, name="notices"),
    path("notices/gaps/", views.gaps, name="notice-gaps"),
    path("notices/batches/", views.batches, name="batches"),
    path("notices/batches/new/", views.new_batch, name="new-batch"),
    path("notices/batches/<int:key>/", views.batch, name="batch"),
    path("notices/batches/<int:key>/messages/", views.batch_messages, name="batch-messages"),
    path("notices/batches/<int:key>/results/", views.batch_results, name="batch-results"),
    path("notices/batches/<int:key>/act/", views.act_on_batch, name="act-on-batch"),
    path("notices/<int:key>/", views.notice, name="notice"),
    path("notices/<int:key>/xarf/", views.notice_xarf, name="notice-xarf"),
    path("contact/", views.contact, name="contact"),
    path("contact/edit/", views.edit_contact_page, name="edit-contact"),
]
