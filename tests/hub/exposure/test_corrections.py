"""What the chain tells of a server by day is what its observations say, in whatever order they came."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.hub.census import rows
from tests.hub.census.test_order import censuses, clear, files

from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.campaigns.services import load_campaigns
from tocsin.hub.census.models import Server
from tocsin.hub.census.services import Terms, import_file
from tocsin.hub.exposure import folding
from tocsin.hub.exposure.models import Event
from tocsin.hub.exposure.selectors import paths
from tocsin.hub.rules.daily import history
from tocsin.hub.situation.counting import FIELDS, changes_of

pytestmark = pytest.mark.django_db
DAY = date(2021, 3, 10)
OPEN, FIXED = "15.1.2106.2", "15.1.2106.13"


def by_events(server: int, campaign: str) -> list[tuple[date, str]]:
    """The exposure by day as the events tell it, from the first on which they say anything."""
    told = Event.objects.filter(subject=f"server:{server}", campaign=campaign, kind="exposure").order_by("id")
    changes = [change for raw in told.values_list(*FIELDS) for change in changes_of(raw)]
    return _steps([(date.fromordinal(state.day), state.exposure) for state in history(changes)])


def by_fold(server: int, campaign: str) -> list[tuple[date, str]]:
    number = Campaign.objects.get(key=campaign).pk
    found = [path for path in paths([server]) if path.campaign == number]
    return _steps([(day, str(state)) for path in found for day, state in path.steps])


def _steps(states: list[tuple[date, str]]) -> list[tuple[date, str]]:
    """Without leading unknown days, which nobody tells, and without repeats."""
    found: list[tuple[date, str]] = []
    for day, state in states:
        if state != (found[-1][1] if found else "unknown"):
            found.append((day, state))
    return found


def agree() -> None:
    for server in Server.objects.values_list("id", flat=True):
        assert by_events(server, "proxylogon") == by_fold(server, "proxylogon")


def seen(folder: Path, later: int, build: str, tag: str = "exchange") -> None:
    day = DAY + timedelta(days=later)
    path = rows.write(folder, day, [rows.row(day, "192.0.2.1", build, tag=tag)], name=f"{later}{build}{tag}")
    import_file(path, Terms(source="scan", scope="all", method="1"))


def test_a_late_census_tells_of_a_detour(tmp_path: Path) -> None:
    load_campaigns()
    for later, build in ((0, OPEN), (1, OPEN), (9, FIXED)):
        seen(tmp_path, later, build)
    server = Server.objects.get().pk
    assert by_events(server, "proxylogon") == [(DAY, "vulnerable"), (DAY + timedelta(days=9), "patched")]
    before = Event.objects.count()
    seen(tmp_path, 3, FIXED)
    seen(tmp_path, 6, OPEN)
    told = by_events(server, "proxylogon")
    assert told == by_fold(server, "proxylogon")
    assert [state for _, state in told] == ["vulnerable", "patched", "vulnerable", "patched"]
    assert Event.objects.count() > before
    again = Event.objects.count()
    seen(tmp_path, 6, OPEN)
    seen(tmp_path, 9, FIXED)
    assert Event.objects.count() == again, "what was told is not told again"


@pytest.mark.slow
@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(st.lists(censuses, min_size=1, max_size=7), st.randoms())
def test_the_chain_tells_what_was_seen(
    tmp_path_factory: pytest.TempPathFactory, made: list[Any], dice: random.Random
) -> None:
    load_campaigns()
    given_files = list(files(tmp_path_factory.mktemp("days"), made))
    dice.shuffle(given_files)
    clear()
    for path, terms in given_files:
        import_file(path, terms)
        agree()
    told = Event.objects.count()
    for path, terms in given_files:
        import_file(path, terms)
    assert Event.objects.count() == told


def test_the_past_is_looked_up_where_it_can_change_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    look = folding.paths_told

    def counted(servers: Any) -> Any:
        asked.append(1)
        return look(servers)

    monkeypatch.setattr(folding, "paths_told", counted)
    load_campaigns()
    for later, build in ((0, OPEN), (1, OPEN), (9, FIXED)):
        seen(tmp_path, later, build)
    assert not asked, "each census was the newest"
    seen(tmp_path, 3, FIXED)
    assert asked


def test_a_late_census_tells_of_an_earlier_compromise(tmp_path: Path) -> None:
    load_campaigns()
    seen(tmp_path, 9, OPEN, "exchange;webshell")
    seen(tmp_path, 2, OPEN, "exchange;webshell")
    seen(tmp_path, 4, OPEN, "exchange;webshell")
    told = Event.objects.filter(kind="compromise", campaign="proxylogon").order_by("id")
    assert [(one.at.date(), one.before, one.after) for one in told] == [
        (DAY + timedelta(days=9), "", "suspected"),
        (DAY + timedelta(days=2), "suspected", "suspected"),
    ]
    changes = [change for raw in told.values_list(*FIELDS) for change in changes_of(raw)]
    assert [state.day for state in history(changes)] == [(DAY + timedelta(days=2)).toordinal()]
