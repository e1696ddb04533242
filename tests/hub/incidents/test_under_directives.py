"""Incident reports as answers under a directive: proven once somebody has read and linked them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.hub import making
from tests.hub.directives import making as orders
from tests.hub.incidents import making as incidents

from tocsin.hub.constituency.models import Organisation
from tocsin.hub.directives.models import Directive, Subject
from tocsin.hub.incidents import handling
from tocsin.hub.incidents.models import IncidentReport
from tocsin.hub.rules.incident import State
from tocsin.hub.rules.words import Compromise

pytestmark = pytest.mark.django_db
FIFTH, SECOND_OF_APRIL = datetime(2021, 3, 5, 8, tzinfo=UTC), datetime(2021, 4, 2, 8, tzinfo=UTC)


def broken_into(ip: str = "192.0.2.1") -> tuple[Directive, Organisation, int]:
    """A directive, whom it addresses, and his server, which shows signs of compromise."""
    row, owner = orders.directive(), orders.agency()
    server = orders.exchange(ip, owner, compromise=Compromise.CONFIRMED, worst=Compromise.CONFIRMED)
    orders.work_off()
    return row, owner, server.pk


def standing(row: Directive, server: int, requirement: str = "incident") -> tuple[str, str, list[str]]:
    """How a requirement stands for a server, why, and where to look."""
    found = orders.answer(row, requirement, server=server)
    return found.standing, found.reason, found.locators


def test_a_report_is_a_claim_until_it_is_read_and_names_the_server() -> None:
    row, owner, server = broken_into()
    analyst, report = making.person(), incidents.taken(now=FIFTH).report
    assert standing(row, server)[0] == "missing"
    handling.link(report, by=analyst, organisation=owner, campaign=making.campaign())
    orders.work_off()
    said = "an incident was reported; nobody here has read it yet, it names no server"
    assert standing(row, server) == ("claimed", said, [f"incident:{report.reference}"])
    handling.link(report, by=analyst, organisation=owner, campaign=making.campaign(), servers=[server])
    handling.change_state(report, State.TRIAGED, by=analyst)
    orders.work_off()
    assert standing(row, server)[0] == "proven"
    assert orders.answer(row, "incident", server=server).at == FIFTH
    assert standing(row, server, "incident-1")[0] == "missing"  # the supplement came later
    handling.link(report, by=analyst, organisation=None, campaign=None)
    orders.work_off()
    assert standing(row, server)[0] == "missing"


def test_a_report_that_was_refused_or_not_checked_shows_nothing() -> None:
    row, owner, server = broken_into()
    analyst, report = making.person(), incidents.taken(now=SECOND_OF_APRIL).report
    handling.link(report, by=analyst, organisation=owner, campaign=making.campaign(), servers=[server])
    orders.work_off()
    assert [standing(row, server, name)[0] for name in ("incident", "incident-1")] == ["claimed", "claimed"]
    handling.change_state(report, State.REFUSED, by=analyst)
    orders.work_off()
    assert standing(row, server)[0] == "missing"
    IncidentReport.objects.update(state=State.TO_CHECK)
    Subject.objects.update(stale=True)
    orders.work_off()
    assert standing(row, server)[0] == "missing"


def test_of_a_red_report_not_even_the_reference_is_told() -> None:
    row, owner, server = broken_into()
    analyst, report = making.person(), incidents.taken(now=FIFTH, tlp="red").report
    handling.link(report, by=analyst, organisation=owner, campaign=making.campaign(), servers=[server])
    handling.change_state(report, State.TRIAGED, by=analyst)
    orders.work_off()
    found = standing(row, server)
    assert (found[0], found[2]) == ("proven", [])
    assert report.reference not in found[1]


def test_reports_of_another_campaign_or_organisation_are_not_taken() -> None:
    row, owner, server = broken_into()
    analyst, report = making.person(), incidents.taken(now=FIFTH).report
    other = making.campaign("proxyshell")
    handling.link(report, by=analyst, organisation=owner, campaign=other, servers=[server])
    orders.work_off()
    assert standing(row, server)[0] == "missing"
    stranger = making.organisation("Fabrikam")
    handling.link(report, by=analyst, organisation=stranger, campaign=making.campaign(), servers=[server])
    orders.work_off()
    assert standing(row, server)[0] == "missing"


def test_a_merged_report_counts_with_the_one_it_went_into() -> None:
    row, owner, server = broken_into()
    analyst = making.person()
    first, second = (incidents.taken(now=FIFTH).report for _ in range(2))
    handling.link(first, by=analyst, organisation=owner, campaign=making.campaign(), servers=[server])
    handling.link(second, by=analyst, organisation=owner, campaign=making.campaign())
    handling.change_state(second, State.TRIAGED, by=analyst)
    orders.work_off()
    assert standing(row, server)[0] == "claimed"
    handling.merge(first, second, by=analyst)
    orders.work_off()
    assert standing(row, server)[0] == "proven"
