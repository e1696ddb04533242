"""Any order of files inside a day, repeats, and late days: one state."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.hub.census import rows

from tocsin.hub.campaigns.services import load_campaigns
from tocsin.hub.census.models import CensusSource, Observation, Server, Snapshot
from tocsin.hub.census.services import Terms, import_file
from tocsin.hub.exposure.models import Event, Standing

FIRST = date(2021, 3, 10)
BUILDS = ("15.1.2106.2", "15.1.2106.13", "15.1.2176", "15.2.792.10")
SCOPES = ("all", "192.0.2.0/29", "", "all check:cve-2021-26855", "all check:other")
SOURCES = ("shadowserver", "other", "third")


def state() -> dict[str, Any]:
    def ask(sql: str) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    return rows.state(ask)


def clear() -> None:
    for model in (Standing, Event, Observation, Server, Snapshot):
        model.objects.all().delete()


servers = st.tuples(
    st.integers(1, 12),
    st.sampled_from(BUILDS),
    st.sampled_from(["exchange;cve-2021-26855", "exchange", "exchange;webshell"]),
    st.sampled_from(["", "ex1.contoso.example", "EX1"]),
    st.integers(0, 23),
)
censuses = st.tuples(
    st.integers(0, 6),
    st.sampled_from(SOURCES),
    st.sampled_from(SCOPES),
    st.sampled_from(["1", "2"]),
    st.booleans(),
    st.lists(servers, max_size=8),
)


def files(folder: Path, made: list[Any]) -> Iterator[tuple[Path, Terms]]:
    for number, (later, source, scope, method, lists_all, found) in enumerate(made):
        day = FIRST + timedelta(days=later)
        lines = [
            rows.row(day, f"192.0.2.{at}", build, tag=tag, name=name, hour=hour)
            for at, build, tag, name, hour in found
        ]
        path = rows.write(folder, day, lines, name=str(number))
        yield path, Terms(source=source, scope=scope or None, method=method, lists_all=lists_all)


@pytest.mark.django_db
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(st.lists(censuses, min_size=1, max_size=7), st.randoms())
def test_any_order_and_repeats(
    tmp_path_factory: pytest.TempPathFactory, made: list[Any], dice: random.Random
) -> None:
    load_campaigns()
    given_files = list(files(tmp_path_factory.mktemp("days"), made))
    clear()
    for path, terms in given_files:
        import_file(path, terms)
    once = state()
    for path, terms in given_files:
        import_file(path, terms)
    assert state() == once
    clear()
    dice.shuffle(given_files)
    for path, terms in given_files:
        import_file(path, terms)
    assert state() == once
    assert CensusSource.objects.count() <= len(SOURCES)


def nation(folder: Path) -> list[list[tuple[Path, Terms]]]:
    """Give sixty days of three sources: patching, churn of addresses, scans that miss, a changed check."""
    dice = random.Random(7)  # noqa: S311 - rows of a test
    patched = {at: dice.randrange(5, 90) for at in range(1, 60)}
    days = []
    for later in range(60):
        day = FIRST + timedelta(days=later)
        made = []
        for source, seen_share in (("shadowserver", 0.97), ("other", 0.8), ("third", 0.5)):
            lines = [
                rows.row(
                    day,
                    f"192.0.2.{at + 60 if at % 7 in {0, 1} and later > 30 else at}",
                    "15.1.2106.13" if later >= patched[at] else "15.1.2106.2",
                    tag="exchange" if later >= patched[at] else "exchange;cve-2021-26855",
                    name=f"ex{at}.contoso.example" if at % 7 == 0 else "",
                )
                for at in patched
                if dice.random() < seen_share
            ]
            path = rows.write(folder, day, lines, name=source)
            method = "2" if source == "other" and later > 40 else "1"
            made.append((path, Terms(source=source, scope="all", method=method, lists_all=source == "other")))
        days.append(made)
    return days


@pytest.mark.slow
@pytest.mark.django_db
def test_sixty_days_twice_in_any_order_inside_a_day(tmp_path: Path) -> None:
    load_campaigns()
    days = nation(tmp_path)
    for path, terms in (one for day in days for one in day):
        import_file(path, terms)
    once = state()
    assert (
        len(once["standings"]) == 59 + 9
    )  # an address that changes makes a new server of those without a name
    clear()
    dice = random.Random(8)  # noqa: S311 - as above
    for day in days:
        for path, terms in dice.sample([*day, *day], 6):
            import_file(path, terms)
    assert state() == once
    for path, terms in (one for day in dice.sample(days, len(days)) for one in day):
        import_file(path, terms)
    assert state() == once
