"""Every page and every operation of the API, as everybody: what happens stands in tables (`who_may_what`).

An address or an operation that is not in its table fails, so that nothing comes to be without somebody having
said who may do it. Whoever is refused has changed nothing: every statement is watched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management.color import no_style
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone
from tests.hub import making
from tests.hub.advisories import making as advisories
from tests.hub.incidents import making as reports
from tests.hub.owners.rows import as_file, report
from tests.hub.site.examples import Examples
from tests.hub.site.test_every_address import ANSWERS, STRANGER, fill, known_to_django
from tests.hub.site.who_may_what import (
    ASKED,
    BODIES,
    BY_LINK,
    ELSEWHERE,
    FILES,
    NOBODY_SUCCEEDS,
    OPEN_TO_ALL,
    OPENED,
    OPERATIONS,
    POSTS,
    RAW,
    ROWS,
)

from tocsin.hub.accounts.models import Token, User
from tocsin.hub.advisories.models import Advisory
from tocsin.hub.api.root import api
from tocsin.hub.owners import handing
from tocsin.hub.owners.handing import Given
from tocsin.hub.rules.keys import TOKEN, digest
from tocsin.hub.rules.permissions import Scope
from tocsin.hub.rules.words import Role
from tocsin.hub.streams import surroundings

OUTSIDER = "outsider"
ROLES = ("member", "viewer", "analyst", "administrator")
EVERYBODY = (STRANGER, OUTSIDER, *ROLES)
REFUSALS = {401, 403, 404}
OK, REDIRECT = 200, 300
PASSING = {
    "accounts_reading",
    "accounts_refusal",
    "accounts_token",
    "django_session",
    "hub_cache",
    "usersessions_usersession",
}
"""Tables that may change although somebody was refused: that he read or was refused, how often, and when."""

WITHOUT = {OPEN_TO_ALL, BY_LINK}
PAGES, PROGRAM = Client(), Client()
"""One client each, as it loads the middleware anew: cookies are set for each request, programs have none."""

description = api.get_openapi_schema()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(surroundings.SECONDS, "0")


@pytest.fixture
def people(db: None) -> dict[str, User]:  # noqa: ARG001 - opens the database
    """Somebody of every kind, and the rows that the tables speak of."""
    numbers = {"administrator": 1, "analyst": 2, "viewer": 3, "member": 4}
    found = {name: making.person(Role(name), pk=number) for name, number in numbers.items()}
    fill(found, Client())
    found[OUTSIDER] = making.person(Role.MEMBER, pk=5)
    found[OUTSIDER].memberships.create(organisation_id=2)
    making.known_exploited()
    draft = advisories.advisory(found["analyst"], title="Draft")
    Advisory.objects.filter(pk=draft.pk).update(slug="draft")
    key_of(found["administrator"], [])
    Token.objects.update(id=1)
    with connection.cursor() as cursor:  # PostgreSQL does not notice numbers that were given by hand
        for statement in connection.ops.sequence_reset_sql(no_style(), apps.get_models()):
            cursor.execute(statement)
    for_operations(found["analyst"])
    return found


def for_operations(by: User) -> None:
    """The rows of `ROWS` that nothing else needs: a report to decide about, and one of an incident."""
    about = Given(server=1, campaign=making.campaign(), name="assessment.json", by=by)
    taken = handing.take_report(iter([as_file(report())]), about)
    assert taken.hand_in == 2
    made = reports.taken().report
    made.reference, made.secret = OPENED["reference"], digest(OPENED["secret"].replace("-", ""))
    made.organisation_id, made.campaign = 1, making.campaign()
    made.save()
    made.servers.add(1)
    assert made.pk == 3


@contextmanager
def undone() -> Iterator[None]:
    """Nothing that happens in here stays."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    cache.clear()


class Writes:
    """Which tables were written to; Django calls it around every statement."""

    def __init__(self) -> None:
        """None yet."""
        self.tables: list[str] = []

    def __call__(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,
        context: Any,
    ) -> Any:
        """Note what is written, and let it happen."""
        if sql.lstrip()[:6].upper() in {"INSERT", "UPDATE", "DELETE"}:
            self.tables.append(sql.split('"')[1])
        return execute(sql, params, many, context)

    @property
    def ours(self) -> list[str]:
        """Those that hold more than who read what, and when."""
        return [table for table in self.tables if table not in PASSING]


def taken(answer: HttpResponse) -> HttpResponse:
    """An answer whose body was read, so that what it holds open is closed."""
    if answer.streaming:
        b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # of streaming answers
    return answer


# --- pages ----------------------------------------------------------------------------------------------


def plain(path: str) -> str:
    """An address as it stands in the table: a signed link differs from run to run."""
    return re.sub(r"/[A-Za-z0-9_.-]{40,}(?=/|$)", "/{link}", path)


def test_every_page_stands_in_the_table() -> None:
    known = set(map(plain, known_to_django()))
    assert known - set(POSTS) == set(), "add these, with what the next test measures"
    assert set(POSTS) - known == set(), "these are gone"
    assert set(ELSEWHERE) - set(ANSWERS) == set()


def test_who_posts_what(people: dict[str, User], enter: Callable[[User], Client]) -> None:
    cookies = {who: enter(people[who]).cookies.output(header="", sep=";") for who in EVERYBODY[1:]}
    found: dict[str, tuple[int, ...]] = {}
    for path in known_to_django():
        row = [_posted(path, cookies.get(who, "")) for who in EVERYBODY]
        found[plain(path)] = tuple(row)
    wrong = {path: row for path, row in found.items() if POSTS.get(path) != row}
    assert wrong == {}, "\n".join(f'    "{path}": {row},' for path, row in wrong.items())


def _posted(path: str, cookies: str) -> int:
    writes, PAGES.cookies = Writes(), SimpleCookie(cookies)
    with undone(), connection.execute_wrapper(writes):
        answer = taken(PAGES.post(path))
    sent_away = answer.headers.get("Location", "").startswith("/account/login/")
    if answer.status_code in REFUSALS or sent_away:
        assert writes.ours == [], f"somebody was refused at {path}, and changed something"
    return answer.status_code


def test_members_of_other_organisations(people: dict[str, User], enter: Callable[[User], Client]) -> None:
    """They see what members see, but for rows of others."""
    client = enter(people[OUTSIDER])
    in_order = sorted(ANSWERS, key=lambda path: "log" in path)
    measured = {path: taken(client.get(path)).status_code for path in in_order}
    expected = {path: ELSEWHERE.get(path, row[1]) for path, row in ANSWERS.items()}
    wrong = {path: status for path, status in measured.items() if expected[path] != status}
    assert wrong == {}, "\n".join(f'    "{path}": {status},' for path, status in wrong.items())


# --- the API --------------------------------------------------------------------------------------------


class Operation(NamedTuple):
    """One operation with an example of everything that it asks for."""

    method: str
    path: str
    address: str
    body: bytes
    kind: str = "application/json"


def operations() -> dict[tuple[str, str], Operation]:
    """Every operation of the description; numbers in addresses are 1."""
    examples, found = Examples(description), {}
    for path, methods in description["paths"].items():
        for method, told in methods.items():
            key = (method.upper(), path)
            address = _address(key, told, examples)
            found[key] = Operation(method.upper(), path, address, *_body(key, told, examples))
    return found


def _address(key: tuple[str, str], told: dict[str, Any], examples: Examples) -> str:
    path, asked = key[1], {}
    for one in told.get("parameters", []):
        if one["in"] == "path":
            name, row = one["name"], ROWS.get(key, "")
            path = path.replace("{" + name + "}", row) if row else examples.address(path, name, one["schema"])
        elif one["required"]:
            asked[one["name"]] = examples.of(one["schema"], one["name"])
    asked |= ASKED.get(key, {})
    return path + ("?" + urlencode(asked) if asked else "")


def _body(key: tuple[str, str], told: dict[str, Any], examples: Examples) -> tuple[bytes, str]:
    """An example's body and its type."""
    if key in FILES:
        content, fields = FILES[key]
        data = {**fields, "file": SimpleUploadedFile("a.csv", content)}
        return encode_multipart(BOUNDARY, data), MULTIPART_CONTENT
    if key in RAW:
        return RAW[key], "application/octet-stream"
    content = told.get("requestBody", {}).get("content", {})
    if not content:
        return b"", "application/json"
    body = examples.of(next(iter(content.values()))["schema"])
    return json.dumps({**body, **BODIES[key]} if key in BODIES else body).encode(), "application/json"


def call(operation: Operation, key: str = "") -> int:
    """The status of one call."""
    headers = {"HTTP_AUTHORIZATION": f"Bearer {key}"} if key else {}
    answer = PROGRAM.generic(
        operation.method, operation.address, operation.body, content_type=operation.kind, **headers
    )
    return taken(answer).status_code


def key_of(person: User, scopes: list[str]) -> str:
    """A token with exactly these scopes, also those that its person may not give (any more)."""
    key = f"{TOKEN}{person.pk}{'-'.join(scopes)}"
    expires = timezone.now() + timedelta(days=1)
    defaults = {"user": person, "name": "x", "scopes": scopes, "expires": expires}
    Token.objects.get_or_create(digest=digest(key), defaults=defaults)
    return key


def test_every_operation_stands_in_the_table() -> None:
    assert set(operations()) - set(OPERATIONS) == set(), "add these, with what the next test measures"
    assert set(OPERATIONS) - set(operations()) == set(), "these are gone"


def test_whoever_may_is_answered() -> None:
    """A refusal shows little where nobody can succeed: the example may be wrong."""
    hopeless = {
        key
        for key, (scope, *statuses) in OPERATIONS.items()
        if scope != BY_LINK and not any(OK <= status < REDIRECT for status in statuses)
    }
    assert hopeless == set(NOBODY_SUCCEEDS)


def needed(operation: Operation, person: User) -> list[str]:
    """The scopes by each of which alone a door opens; the others are refused for lack of it."""
    found = []
    for scope in Scope:
        key = key_of(person, [str(scope)])
        with undone():
            if call(operation, key) != 403:
                found.append(str(scope))
    return found


def test_each_operation_asks_for_one_scope_and_every_other_is_refused(people: dict[str, User]) -> None:
    guarded = {key: one for key, one in operations().items() if of(key) not in WITHOUT}
    measured = {key: needed(one, people["administrator"]) for key, one in guarded.items()}
    wrong = {key: scopes for key, scopes in measured.items() if scopes != [of(key)]}
    assert wrong == {}


def of(key: tuple[str, str]) -> str:
    """The scope that the table names for an operation, or one of `WITHOUT`."""
    return OPERATIONS.get(key, ("?", 0))[0]


def guess(operation: Operation, person: User) -> str:
    """What to write into the table."""
    if call(operation) != 401:
        return OPEN_TO_ALL
    found = needed(operation, person)
    return found[0] if len(found) == 1 else BY_LINK


def test_who_calls_what(people: dict[str, User]) -> None:
    wrong = {}
    for key, operation in operations().items():
        expected = OPERATIONS.get(key) or (guess(operation, people["administrator"]),)
        scope = expected[0]
        measured = (scope, *(_called(operation, people[who], scope) for who in EVERYBODY[1:]))
        if measured != expected:
            wrong[key] = measured
    assert wrong == {}, "\n".join(f"    {key!r}: {row!r}," for key, row in wrong.items())


def _called(operation: Operation, person: User, scope: str) -> int:
    key, writes = "" if scope == OPEN_TO_ALL else key_of(person, [scope]), Writes()
    with undone(), connection.execute_wrapper(writes):
        status = call(operation, key)
    if status in REFUSALS:
        assert writes.ours == [], f"{person} was refused at {operation.path}, and changed something"
    return status


@pytest.mark.parametrize("key", ["", "tocsin_wrong", "invite_wrong"])
def test_without_a_key_nothing_answers(people: dict[str, User], key: str) -> None:
    assert people
    for one, operation in operations().items():
        writes = Writes()
        with undone(), connection.execute_wrapper(writes):
            status = call(operation, key)
        if of(one) != OPEN_TO_ALL:
            assert status == 401, operation.path
        elif not key:  # what is open to all may still refuse a key that is none
            assert status != 401, operation.path
        assert of(one) == OPEN_TO_ALL or writes.ours == [], operation.path


@pytest.mark.parametrize("how", ["expired", "revoked", "closed"])
def test_a_key_that_has_ended_opens_nothing(people: dict[str, User], how: str) -> None:
    key = key_of(people["administrator"], [str(scope) for scope in Scope])
    if how == "expired":
        Token.objects.update(expires=making.DAY)
    elif how == "revoked":
        Token.objects.update(revoked=making.DAY)
    else:
        User.objects.filter(pk=1).update(is_active=False)
    for one, operation in operations().items():
        with undone():
            assert call(operation, key) == 401 or of(one) == OPEN_TO_ALL, operation.path


def test_somebody_who_is_logged_in_calls_nothing_without_a_key(
    people: dict[str, User], enter: Callable[[User], Client]
) -> None:
    client = enter(people["administrator"])
    for one, operation in operations().items():
        with undone():
            answer = client.generic(operation.method, operation.address, content_type=operation.kind)
            assert (answer.status_code == 401) == (of(one) != OPEN_TO_ALL), operation.path
