"""Every address of the hub."""

from __future__ import annotations

from django.urls import include, path

from tocsin.hub.api.root import api
from tocsin.hub.site import views as site
from tocsin.hub.situation import views

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("", include("tocsin.hub.listing.urls")),
    path("", include("tocsin.hub.census.urls")),
    path("", include("tocsin.hub.exposure.urls")),
    path("situation/", include("tocsin.hub.situation.urls")),
    path("", include("tocsin.hub.accounts.urls")),
    path("", include("tocsin.hub.constituency.urls")),
    path("", include("tocsin.hub.campaigns.urls")),
    path("", include("tocsin.hub.outbox.urls")),
    path("", include("tocsin.hub.owners.urls")),
    path("", include("tocsin.hub.cases.urls")),
    path("", include("tocsin.hub.notices.urls")),
    path("", include("tocsin.hub.advisories.urls")),
    path("", include("tocsin.hub.directives.urls")),
    path("", include("tocsin.hub.incidents.urls")),
    path("", include("tocsin.hub.relay.urls")),
    path("", include("tocsin.hub.streams.urls")),
    path("api/", api.urls),
    path("retention/", site.retention_page, name="retention"),
    path("exports/", site.exports_page, name="exports"),
    path("exports/<int:number>/decide", site.decide_export, name="decide-export"),
    path("exports/<int:number>/fetch", site.fetch_export, name="fetch-export"),
]
