"""Addresses of directives, and of where organisations stand under them."""

from __future__ import annotations

from django.urls import path

from tocsin.hub.directives import views

_ONE = "directives/<slug:directive>/"
_OWNER = f"{_ONE}organisations/<int:number>/"

urlpatterns = [
    path("directives/", views.directives, name="directives"),
    path("directives/exceptions/<int:number>/decide", views.decide_exception, name="decide-exception"),
    path("directives/reports/<int:number>/take-in", views.take_in_report, name="take-in-report"),
    path(_ONE, views.directive, name="directive"),
    path(f"{_ONE}answers/", views.answers, name="directive-answers"),
    path(f"{_ONE}matrix/", views.matrix, name="directive-matrix"),
    path(f"{_ONE}rounds/<int:number>/", views.report, name="directive-round"),
    path(f"{_ONE}follow", views.follow, name="directive-follow"),
    path(f"{_ONE}addressees/", views.addressees, name="directive-addressees"),
    path(_OWNER, views.organisation, name="directive-organisation"),
    path(f"{_OWNER}say/", views.say, name="directive-say"),
    path(f"{_OWNER}exception/", views.ask_exception, name="directive-exception"),
    path(f"{_OWNER}sign/", views.sign, name="directive-sign"),
    path(f"{_OWNER}questions/", views.questions, name="directive-questions"),
    path(f"{_OWNER}workbook/", views.workbook, name="directive-workbook"),
    path(f"{_OWNER}workbook.zip", views.filled_workbook, name="directive-filled"),
]
