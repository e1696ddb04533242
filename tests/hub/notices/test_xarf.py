"""X-ARF: with mail that may tell, abuse contacts' too; never with other mail; by hand from the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.test import Client
from tests.hub import making
from tests.hub.notices import rows

from tocsin.hub.cases.services import Sighting, found
from tocsin.hub.constituency.models import Contact, Organisation
from tocsin.hub.notices.models import Notice
from tocsin.hub.outbox.models import Message
from tocsin.hub.rules import xarf
from tocsin.hub.rules.cases import CaseKind, Source
from tocsin.hub.rules.notices import Kind
from tocsin.hub.rules.words import Compromise, ContactRole, Provenance

pytestmark = pytest.mark.django_db
SCHEMA = json.loads((Path(xarf.__file__).parent / "data" / "xarf.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(
    SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)


def abuse_desk() -> Organisation:
    """An owner of whom only the registration's abuse contact is known, whose mail lies elsewhere."""
    owner = making.organisation("Contoso")
    making.claim(owner, "192.0.2.0/24")
    Contact.objects.create(
        organisation=owner,
        value="abuse@mailhouse.example",
        role=ContactRole.ABUSE,
        provenance=Provenance.RDAP,
    )
    return owner


def attached() -> list[list[dict[str, Any]]]:
    """What goes along with the one message, file by file; each report is of the form."""
    files = [json.loads(bytes(one.content)) for one in Message.objects.get().enclosures.order_by("pk")]
    lists = [one if isinstance(one, list) else [one] for one in files]
    for report in (one for some in lists for one in some):
        VALIDATOR.validate(report)
    return lists


@pytest.mark.parametrize(("servers", "files"), [(2, [1, 1]), (12, [12])])
def test_an_abuse_contact_gets_a_report_of_each_server(servers: int, files: list[int]) -> None:
    owner = abuse_desk()
    for number in range(servers):
        rows.server(owner, number + 4)
    rows.released(rows.planned())
    rows.sent()
    found_there = attached()
    assert [len(some) for some in found_there] == files
    reports = [one for some in found_there for one in some]
    assert {one["source_identifier"] for one in reports} == {f"192.0.2.{at + 4}" for at in range(servers)}
    assert {(one["category"], one["type"]) for one in reports} == {("vulnerability", "cve")}
    assert len({one["report_id"] for one in reports}) == servers
    assert "patch_available" not in reports[0]  # nobody has looked whether there is one


@pytest.mark.parametrize("kind", [Kind.VULNERABLE, Kind.COMPROMISE, Kind.DIRECTIVE])
def test_no_report_goes_along_where_somebody_may_be_inside(kind: Kind) -> None:
    owner = abuse_desk()
    rows.server(owner, 4)
    rows.server(owner, 5, compromise=Compromise.SUSPECTED)
    rows.released(rows.planned(kind=kind))
    rows.sent()
    assert attached() == []


def test_of_a_web_shell_staff_take_server_and_page(visitor: Callable[..., Client]) -> None:
    owner = abuse_desk()
    server = rows.server(owner, 4, compromise=Compromise.CONFIRMED, shell_seen=making.DAY.date())
    sightings = [
        Sighting(
            campaign=rows.campaign().pk,
            server=server.pk,
            kind=CaseKind.WEBSHELL,
            at=making.DAY,
            source=Source.HAND,
            url=url,
        )
        for url in ("https://mail.contoso.example/aspnet_client/a b.aspx?x=1", "/owa/auth/é.aspx", "odd")
    ]
    found(sightings)
    rows.released(rows.planned(kind=Kind.WEBSHELL))
    answer = visitor().get(f"/notices/{Notice.objects.get().pk}/xarf/")
    reports = json.loads(answer.content)
    for report in reports:
        VALIDATOR.validate(report)
    assert [one["type"] for one in reports] == [
        "compromised_server",
        "remote_compromise",
        "remote_compromise",
    ]
    assert [one["url"] for one in reports[1:]] == [
        "https://mail.contoso.example/aspnet_client/a%20b.aspx",
        "https://mail4.contoso.example:443/owa/auth/%C3%A9.aspx",
    ]
    assert len({one["report_id"] for one in reports}) == 3
