"""A GET changes nothing: what strangers, mail scanners and readers of feeds open leaves rows as they were."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from tests.hub import making as hub
from tests.hub.advisories import making as advisories
from tests.hub.advisories.rows import advisories as advisories_of_every_mark
from tests.hub.incidents.rows import reports
from tests.hub.site.test_every_address import ANSWERS

from tocsin.hub.accounts.models import User
from tocsin.hub.advisories import subscriptions
from tocsin.hub.advisories.models import Subscriber

OURS = ("advisories", "incidents", "outbox", "exposure", "cases")
BEGIN = ("/advisories/", "/report/", "/incidents/", "/.well-known/")


def everything() -> dict[str, list[Any]]:
    models = [model for label in OURS for model in apps.get_app_config(label).get_models()]
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in models}


@pytest.mark.django_db
def test_a_get_changes_nothing() -> None:
    analyst: User = hub.person()
    advisories_of_every_mark(analyst)
    reports(hub.organisation())
    waiting = advisories.subscriber("waiting@contoso.example", pk=2, state=Subscriber.WAITING)
    ready = advisories.subscriber("ready@contoso.example", pk=3)
    links = (
        f"/advisories/subscription/{subscriptions._token(waiting, subscriptions.CONFIRM)}/begin/",
        f"/advisories/subscription/{subscriptions.end_token(ready)}/end/",
    )
    reader = Client()
    reader.force_login(analyst, backend="django.contrib.auth.backends.ModelBackend")
    before = everything()
    assert before["Subscriber"]
    assert before["IncidentReport"]
    for path in (*(path for path in ANSWERS if path.startswith(BEGIN)), *links, "/api/incidents/challenge"):
        for client in (Client(), reader):
            answer = client.get(path)
            assert answer.status_code < 500, path
    assert reader.get(links[0]).status_code == reader.get(links[1]).status_code == 200
    assert everything() == before
