"""A place counts once, however its sources spell it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.hub.census import rows

from tocsin.hub.campaigns.services import load_campaigns
from tocsin.hub.census.known import spelt
from tocsin.hub.census.models import Observation, Server
from tocsin.hub.census.services import Terms, import_file
from tocsin.hub.exposure.models import Standing

DAY = date(2021, 3, 10)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("NORTH RHINE-WESTPHALIA", "North Rhine-Westphalia"),
        ("ENGLAND", "England"),
        ("England", "England"),
        ("NSW", "NSW"),
        ("", ""),
        ("Île-de-France", "Île-de-France"),
    ],
)
def test_names_in_capitals(written: str, kept: str) -> None:
    assert spelt(written) == kept


@given(st.text(max_size=20))
def test_once_is_enough(text: str) -> None:
    assert spelt(spelt(text)) == spelt(text)


@pytest.mark.django_db
def test_standings_count_a_place_once_and_observations_keep_its_spelling(tmp_path: Path) -> None:
    load_campaigns()
    regions = ("ENGLAND", "England")
    lines = [rows.row(DAY, f"192.0.2.{at}").replace('"GB",""', f'"GB","{regions[at]}"') for at in (0, 1)]
    import_file(rows.write(tmp_path, DAY, lines), Terms(scope="all", method="1"))
    assert {one.geo["region"] for one in Observation.objects.all()} == set(regions)
    assert set(Server.objects.values_list("region", flat=True)) == {"England"}
    assert set(Standing.objects.values_list("region", flat=True)) == {"England"}
