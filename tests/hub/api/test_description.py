"""The API against its own description: whatever is sent, no server error and no undocumented answer."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import status_code_conformance
from tests.hub import making

from tocsin.hub.accounts import services
from tocsin.hub.rules.permissions import Scope
from tocsin.hub.rules.words import Role
from tocsin.hub.site.wsgi import application

schema = schemathesis.openapi.from_wsgi("/api/openapi.json", application)


@pytest.fixture
def key(db: None) -> str:  # noqa: ARG001 - opens the database
    """A token that reaches everything, and rows to find."""
    person = making.person(Role.ADMINISTRATOR)
    owner = making.organisation(pk=1)
    making.contact(owner, pk=1)
    making.claim(owner, pk=1)
    making.known_exploited()
    making.standing(making.server(owner=owner, pk=1))
    return services.make_token(person, "all", [str(scope) for scope in Scope], days=1, by=person)[1]


@pytest.mark.slow
@schema.parametrize()
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_server_error_and_nothing_undocumented(case: schemathesis.Case, key: str) -> None:
    answer = case.call(headers={"Authorization": f"Bearer {key}"})
    if "/tokens" not in case.path and "Authorization" in answer.request.headers:  # some cases leave it out
        assert answer.status_code != 401, "an API that lets nobody in has no errors"
    case.validate_response(answer, checks=[not_a_server_error, status_code_conformance])
