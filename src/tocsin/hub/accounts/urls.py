"""Addresses of accounts. Of allauth's, only those that a hub without sign-up and without mail needs."""

from __future__ import annotations

from allauth.account import views as allauth
from django.urls import include, path

from tocsin.hub.accounts import people, views

urlpatterns = [
    path("account/", views.account, name="account"),
    path("account/second-factor/", views.second_factor, name="second-factor"),
    path("account/tokens/", views.tokens, name="tokens"),
    path("account/tokens/<int:number>/revoke", views.revoke_token, name="revoke-token"),
    path("account/enter/<str:key>/", views.enter, name="enter"),
    path("account/login/", allauth.login, name="account_login"),
    path("account/logout/", allauth.logout, name="account_logout"),
    path("account/inactive/", allauth.account_inactive, name="account_inactive"),
    path("account/reauthenticate/", allauth.reauthenticate, name="account_reauthenticate"),
    path("account/password/change/", allauth.password_change, name="account_change_password"),
    path("account/password/set/", allauth.password_set, name="account_set_password"),
    path("account/sessions/", views.sessions, name="usersessions_list"),
    path("account/2fa/", include("allauth.mfa.urls")),
    path("people/", people.people, name="people"),
    path(
        "people/invitations/<int:number>/withdraw",
        people.withdraw_invitation,
        name="withdraw-invitation",
    ),
    path("people/<int:number>/", people.person, name="person"),
    path("people/<int:number>/<slug:what>", people.change_person, name="change-person"),
    path("record/", people.record, name="record"),
    path("record/readings/", people.readings, name="readings"),
    path("record/refusals/", people.refusals, name="refusals"),
    path("data-protection/", people.data_protection, name="data-protection"),
    path("data-protection/edit/", people.edit_data_protection, name="edit-data-protection"),
]
