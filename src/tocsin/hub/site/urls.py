"""Every address of the hub."""

from __future__ import annotations

from django.urls import include, path

from tocsin.hub.api.root import api
from tocsin.hub.site import views as site
from tocsin.hub.situation import views

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("situation/", include("tocsin.hub.situation.urls")),
    path("", include("tocsin.hub.accounts.urls")),
    path("", include("tocsin.hub.constituency.urls")),
    path("", include("tocsin.hub.campaigns.urls")),
    path("api/", api.urls),
    path("retention/", site.retention_page, name="retention"),
    path("exports/", site.exports_page, name="exports"),
    path("exports/<int:number>/decide", site.decide_export, name="decide-export"),
    path("exports/<int:number>/fetch", site.fetch_export, name="fetch-export"),
]
