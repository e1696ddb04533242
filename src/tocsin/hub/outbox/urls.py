"""Addresses of messages."""

from __future__ import annotations

from django.urls import path

from tocsin.hub.outbox import views

urlpatterns = [
    path("outbox/", views.outbox, name="outbox"),
    path("outbox/change/", views.change, name="messages-change"),
    path("outbox/in-doubt/", views.in_doubt, name="messages-in-doubt"),
    path("outbox/calls/", views.calls, name="messages-calls"),
    path("outbox/letters/", views.letter_list, name="messages-letters"),
    path("outbox/letters/print/", views.print_letters, name="letters-print"),
    path("outbox/letters.pdf", views.letters_pdf, name="letters-pdf"),
    path("outbox/letters/printed/", views.printed, name="letters-printed"),
    path("outbox/hold/", views.hold, name="outbox-hold"),
    path("outbox/enclosures/<int:key>/", views.enclosure, name="enclosure"),
    path("outbox/<int:key>/", views.message, name="message"),
    path("outbox/<int:key>/settle/", views.settle, name="message-settle"),
    path("outbox/<int:key>/called/", views.called, name="message-called"),
    path("outbox/<int:key>/came-back/", views.came_back, name="message-came-back"),
]
