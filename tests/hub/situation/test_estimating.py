"""Whose looks count for one campaign: those whose scope held its check, for estimates and coverage alike."""

from __future__ import annotations

import pytest
from tests.hub import making

from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.campaigns.services import load_campaigns
from tocsin.hub.census.models import CensusSource, Observation, Server
from tocsin.hub.rules import days
from tocsin.hub.situation.estimating import unseen_figures
from tocsin.hub.situation.looking import looks_of

pytestmark = pytest.mark.django_db
ALL = {"everything": True}
ELSEWHERE = {**ALL, "checks": ["cve-2019-0001"]}


@pytest.fixture
def campaign() -> Campaign:
    load_campaigns()
    return Campaign.objects.get(key="proxylogon")


def saw(source: CensusSource, *numbers: int) -> None:
    """A source saw some servers open."""
    for number in numbers:
        server = making.server(f"192.0.2.{number}") if number not in known() else known()[number]
        Observation.objects.create(
            server=server,
            source=source,
            content=str(source.pk),
            ip=server.ip,
            days=days.pack(days.bits([making.DAY.date()])),
            first_seen=making.DAY,
            last_seen=making.DAY,
        )
        if not server.standings.exists():
            making.standing(server, Campaign.objects.get(key="proxylogon"))


def known() -> dict[int, Server]:
    return {int(row.ip.rpartition(".")[2]): row for row in Server.objects.all()}


def test_a_look_for_something_else_is_no_look(campaign: Campaign) -> None:
    one, other = making.source("one"), making.source("other")
    making.snapshot(one, scope=ALL)
    making.snapshot(other, scope=ELSEWHERE)
    saw(one, 1, 2, 3, 4)
    figures = unseen_figures(campaign, making.DAY)
    assert figures["groups"] == ["one"]
    assert "other is not compared: it did not look for this lately." in figures["words"]


def test_a_later_look_for_something_else_hides_none_for_this(campaign: Campaign) -> None:
    one, other = making.source("one"), making.source("other")
    making.snapshot(one, scope=ALL)
    making.snapshot(other, scope=ALL)
    making.snapshot(other, days=1, scope=ELSEWHERE)
    saw(one, 1, 2, 3, 4)
    saw(other, 3, 4, 5)
    figures = unseen_figures(campaign, making.snapshot(one, days=1, scope=ELSEWHERE).taken)
    assert figures["groups"] == ["one", "other"]
    assert (figures["seen"], figures["method"]) == (5, "chapman")
    assert figures["total"] == pytest.approx((4 + 1) * (3 + 1) / (2 + 1) - 1, abs=0.01)


@pytest.mark.parametrize(("check", "covered"), [("exchange", 2), ("proxylogon", 2), ("cve-2019-0001", 0)])
def test_a_scope_may_name_the_product(campaign: Campaign, check: str, covered: int) -> None:
    one = making.source("one")
    making.snapshot(one, scope={**ALL, "checks": [check]})
    saw(one, 1, 2)
    whole = next(row for row in looks_of(campaign, making.DAY.date()) if row.dimension == "all")
    assert (whole.known, whole.covered) == (2, covered)
