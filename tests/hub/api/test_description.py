"""The API against its own description: whatever is sent, no server error and no undocumented answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import schemathesis
from django.apps import apps
from django.conf import settings as settings_of_hub
from django.core import signals
from django.core.management.color import no_style
from django.db import close_old_connections, connection
from django.utils import timezone
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import status_code_conformance
from tests.hub import making
from tests.hub.advisories import rows as advisories
from tests.hub.directives import making as orders
from tests.hub.incidents import rows as reports
from tests.hub.outbox import making as outbox
from tests.hub.relay.making import carried, carrier, infrastructure

from tocsin.hub.accounts import services
from tocsin.hub.cases.models import Case
from tocsin.hub.directives.models import Answer, Subject
from tocsin.hub.notices.models import Batch, Notice
from tocsin.hub.owners.models import HandIn, OwnerLink
from tocsin.hub.rules import keys, links
from tocsin.hub.rules.cases import FactKind
from tocsin.hub.rules.permissions import Scope
from tocsin.hub.rules.words import Role
from tocsin.hub.site.wsgi import application
from tocsin.hub.streams import surroundings
from tocsin.hub.streams.models import Subscription

schema = schemathesis.openapi.from_wsgi("/api/openapi.json", application)


@pytest.fixture
def key(db: None, monkeypatch: pytest.MonkeyPatch) -> str:  # noqa: ARG001 - opens the database
    """A token that reaches everything, and rows to find. Streams end at once."""
    monkeypatch.setenv(surroundings.SECONDS, "0")
    person = making.person(Role.ADMINISTRATOR)
    owner = making.organisation(pk=1)
    making.contact(owner, pk=1)
    making.claim(owner, pk=1)
    making.known_exploited()
    server = making.server(owner=owner, pk=1)
    making.standing(server)
    outbox.message()
    advisories.advisories(person)
    reports.reports(owner)
    carrier(owner, "192.0.2.0/24", pk=1)
    carried()
    infrastructure(person)
    Subscription.objects.create(pk=1, user=person, name="x", url="https://receiver.example/", sealed="")
    owned = {"organisation": owner, "campaign": making.campaign(), "digest": keys.digest("A" * 43)}
    link = OwnerLink.objects.create(pk=1, expires=timezone.now() + timedelta(days=1), **owned)
    link.servers.set([1])
    HandIn.objects.create(
        pk=1, link=link, server_id=1, campaign=link.campaign, form="report", state="open", digest="0" * 64
    )
    case = Case.objects.create(pk=1, campaign=making.campaign(), server=server, organisation=owner)
    case.facts.create(kind=FactKind.SEEN, at=making.DAY)
    batch = Batch.objects.create(pk=1, campaign=making.campaign(), kind="vulnerable", by=person)
    Notice.objects.create(
        pk=1, batch=batch, organisation=owner, campaign=making.campaign(), kind="vulnerable", reference="T-1"
    )
    row = orders.directive()
    Subject.objects.create(directive=row, organisation=owner)
    Answer.objects.create(directive=row, organisation=owner, requirement="updates")
    _count_on_from_there()
    return services.make_token(person, "all", [str(scope) for scope in Scope], days=1, by=person)[1]


def _count_on_from_there() -> None:
    """PostgreSQL does not notice numbers that were given by hand."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), apps.get_models()):
            cursor.execute(statement)


@pytest.fixture
def _one_connection() -> Iterator[None]:
    """The end of a request leaves the test's connection open, as Django's own client does."""
    ends = (signals.request_started, signals.request_finished)
    for end in ends:
        end.disconnect(close_old_connections)
    yield
    for end in ends:
        end.connect(close_old_connections)


@pytest.mark.slow
@pytest.mark.usefixtures("_one_connection")
@schema.parametrize()
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_server_error_and_nothing_undocumented(case: schemathesis.Case, key: str) -> None:
    by_link = f"{case.path}/".startswith("/api/owners/link/")
    bearer = links.sealed("A" * 43, settings_of_hub.SECRET_KEY) if by_link else key
    answer = case.call(headers={"Authorization": f"Bearer {bearer}"})
    if "/tokens" not in case.path and "Authorization" in answer.request.headers:  # some cases leave it out
        assert answer.status_code != 401, "an API that lets nobody in has no errors"
    case.validate_response(answer, checks=[not_a_server_error, status_code_conformance])
