"""A census file in, servers, observations, standings and events out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.hub.census import services
from tocsin.hub.census.models import Observation, Server, Snapshot
from tocsin.hub.exposure.facts import ensure_campaigns
from tocsin.hub.exposure.models import Event, Standing

HEADER = (
    "timestamp,severity,ip,protocol,port,hostname,tag,asn,geo,region,city,naics,"
    "hostname_source,sector,version,servername,url"
)


@pytest.mark.django_db(transaction=True)
def test_one_day(tmp_path: Path) -> None:
    ensure_campaigns()
    path = tmp_path / "2021-03-10-scan_exchange-contoso.csv"
    rows = [
        '"2021-03-10 04:00:00","critical","192.0.2.7","tcp","443","mail.contoso.example",'
        '"exchange;cve-2021-26855",64500,"GB","LONDON","LONDON",0,"ptr","","15.1.2106.2","EX01",""',
        '"2021-03-10 04:00:01","critical","192.0.2.300","tcp","443","","exchange",64500,"GB","","",0,"","",'
        '"15.1.2106.2","EX02",""',
    ]
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    snapshot = services.import_file(path, services.Terms(scope="all", method="2021.1"))
    assert snapshot.state == Snapshot.COMPLETE
    assert (snapshot.rows, snapshot.refused, snapshot.blank) == (1, 1, 1)
    assert Server.objects.count() == Observation.objects.count() == 1
    standing = Standing.objects.get()
    assert standing.exposure == "vulnerable"
    assert Event.objects.count() == 1
