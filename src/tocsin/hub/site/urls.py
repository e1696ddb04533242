"""Every address of the hub."""

from __future__ import annotations

from django.urls import include, path

from tocsin.hub.accounts.views import account, data_protection
from tocsin.hub.situation import views

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("", include("tocsin.hub.listing.urls")),
    path("", include("tocsin.hub.census.urls")),
    path("", include("tocsin.hub.exposure.urls")),
    path("account/", account, name="account"),
    path("data-protection/", data_protection, name="data-protection"),
    path("account/", include("allauth.account.urls")),
    path("account/2fa/", include("allauth.mfa.urls")),
]
