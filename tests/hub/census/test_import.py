"""A census file in, servers, observations, standings and events out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.hub.census.rows import row, write

from tocsin.hub.campaigns.services import load_campaigns
from tocsin.hub.census import services
from tocsin.hub.census.models import Observation, Server, Snapshot
from tocsin.hub.exposure.models import Event, Standing


@pytest.mark.django_db
def test_one_day(tmp_path: Path) -> None:
    load_campaigns()
    day = date(2021, 3, 10)
    lines = [row(day, "192.0.2.7", hostname="mail.contoso.example", name="EX01"), row(day, "192.0.2.300")]
    path = write(tmp_path, day, lines)
    snapshot = services.import_file(path, services.Terms(scope="all", method="2021.1"))
    assert snapshot.state == Snapshot.COMPLETE
    assert (snapshot.rows, snapshot.refused, snapshot.blank) == (1, 1, 1)
    assert Server.objects.count() == Observation.objects.count() == 1
    standing = Standing.objects.get()
    assert standing.exposure == "vulnerable"
    assert Event.objects.count() == 1
