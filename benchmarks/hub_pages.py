"""How long pages of the situation take with a million standings, on SQLite or (DATABASE_URL) PostgreSQL.

The rows are made directly in SQL: what is measured is reading. Prints one line a page: median and 95th
percentile in milliseconds, of requests through Django's test client, after one request that warms the page.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

PAGES = (
    "/",
    "/situation/by/sector/",
    "/situation/by/region/",
    "/situation/by/branch/",
    "/situation/queue/patched-not-clean/",
    "/situation/queue/patched-shell-seen/",
    "/situation/queue/contradictory/",
    "/situation/report/",
)
START = datetime(2021, 3, 3, tzinfo=UTC)
DAYS = 60
WANTED = 150
"""Milliseconds at the 95th percentile."""
EXPOSURES = (
    "vulnerable",
    "patched",
    "patched",
    "patched",
    "unknown",
    "mitigated",
    "unreachable",
    "patch-verified",
)
SECTORS = ("health", "energy", "government-local", "education", "manufacturing", "unknown")
REGIONS = tuple(f"Region {number}" for number in range(40))
BRANCHES = tuple(f"Exchange Server 2016 CU{number}" for number in range(10, 24))


def main() -> None:
    """Make a hub, fill it, ask for each page many times."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--standings", type=int, default=1_000_000)
    words.add_argument("--requests", type=int, default=40)
    asked = words.parse_args()
    os.environ["TOCSIN_HUB_TESTING"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        from tocsin.hub.site import start  # noqa: PLC0415 - reads the environment

        start.prepare(data=Path(folder), hosts="testserver")
        began = time.perf_counter()
        _fill(asked.standings)
        print(
            f"{_database()}: {asked.standings:,} standings made in {time.perf_counter() - began:.0f} s",
            flush=True,
        )
        worst = max(_measure(page, asked.requests) for page in PAGES)
        print(f"worst 95th percentile: {worst:.0f} ms")
        sys.exit(worst > WANTED)


def _database() -> str:
    from django.db import connection  # noqa: PLC0415 - needs Django set up

    return connection.vendor


def _fill(number: int) -> None:
    from tocsin.hub.campaigns.models import Campaign  # noqa: PLC0415 - needs Django set up
    from tocsin.hub.census.models import CensusSource  # noqa: PLC0415 - as above

    campaign, _ = Campaign.objects.get_or_create(
        key="proxylogon",
        defaults={"name": "ProxyLogon", "version": "1", "digest": "0", "disclosed": START.date()},
    )
    source = CensusSource.objects.create(key="scan", name="Scan")
    _insert("census_server", SERVER, number)
    _insert("exposure_standing", STANDING | {"campaign_id": str(campaign.pk)}, number)
    _insert("census_observation", OBSERVATION | {"source_id": str(source.pk)}, number)
    _counts(campaign.pk, number)
    _analyse()


def _insert(table: str, columns: dict[str, str], number: int) -> None:
    """Rows from numbers, inside the database; `_spelt` knows the words in angle brackets."""
    from django.db import connection  # noqa: PLC0415 - needs Django set up

    sqlite = connection.vendor == "sqlite"
    values = ", ".join(_spelt(one, sqlite=sqlite) for one in columns.values())
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number})"  # noqa: S608 - a number
    statement = f"INSERT INTO {table} ({', '.join(columns)}) {numbers} SELECT {values} FROM n"  # noqa: S608 - ours
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _spelt(value: str, *, sqlite: bool) -> str:
    words = {
        "SEEN": "datetime('2021-03-03', '+' || (i * 7919 % 86400) || ' minutes')"
        if sqlite
        else "timestamptz '2021-03-03 00:00+00' + (i::bigint * 7919 % 86400) * interval '1 minute'",
        "START": "'2021-03-03 00:00:00'" if sqlite else "timestamptz '2021-03-03 00:00+00'",
        "DAY": "'2021-03-03'" if sqlite else "date '2021-03-03'",
        "LATER": "'2021-03-12'" if sqlite else "date '2021-03-12'",
        "IP": "'240.' || (i / 65536 % 256) || '.' || (i / 256 % 256) || '.' || (i % 256)",
        "BYTES": "x'000001'" if sqlite else "decode('000001', 'hex')",
        "JSONB": "" if sqlite else "::jsonb",
        "INET": "" if sqlite else "::inet",
        "TRUTH": "(i % 1000 = 0)",
    }
    for word, spelt in words.items():
        value = value.replace(f"<{word}>", spelt)
    return value


def _one_of(words: tuple[str, ...]) -> str:
    cases = " ".join(f"WHEN {number} THEN '{word}'" for number, word in enumerate(words))
    return f"CASE i % {len(words)} {cases} END"


SERVER = {
    "id": "i",
    "identity": "'name:ex' || i || '.example'",
    "ip": "(<IP>)<INET>",
    "port": "443",
    "hostname": "'ex' || i || '.example'",
    "name": "''",
    "country": "'XA'",
    "region": "''",
    "city": "''",
    "product": "'exchange'",
    "build": "'15.1.2106.2'",
    "first_seen": "<START>",
    "last_seen": "<SEEN>",
    "owned_by": "''",
}
STANDING = {
    "server_id": "i",
    "exposure": _one_of(EXPOSURES),
    "compromise": "CASE WHEN i % 50 = 0 THEN 'suspected' ELSE 'unknown' END",
    "worst": "'unknown'",
    "grade": "'observed'",
    "reason": "''",
    "since": "<DAY>",
    "opened": "<DAY>",
    "reopened": "0",
    "shell_seen": "CASE WHEN i % 50 = 0 THEN <LATER> END",
    "contradictory": "<TRUTH>",
    "last_seen": "<SEEN>",
    "sector": _one_of(SECTORS),
    "country": "'XA'",
    "region": _one_of(REGIONS),
    "branch": _one_of(BRANCHES),
}
OBSERVATION = {
    "server_id": "i",
    "content": "'' || i",
    "ip": "(<IP>)<INET>",
    "port": "443",
    "hostname": "''",
    "name": "''",
    "product": "'exchange'",
    "build": "'15.1.2106.2'",
    "status": "''",
    "tags": "'[]'<JSONB>",
    "method": "''",
    "geo": "'{}'<JSONB>",
    "rest": "'{}'<JSONB>",
    "days": "<BYTES>",
    "first_seen": "<START>",
    "last_seen": "<SEEN>",
    "count": "1",
}


def _counts(campaign: int, number: int) -> None:
    """Counts by day as a year's worth of changes would leave them."""
    from tocsin.hub.census.models import CensusSource, Snapshot  # noqa: PLC0415 - needs Django set up
    from tocsin.hub.situation.models import Counted, DailyCount, DailyLook, Estimate  # noqa: PLC0415 - as above

    day = [START.date() + timedelta(days=one) for one in range(DAYS)]
    cells = [
        ("all", ""),
        *(("sector", one) for one in SECTORS),
        *(("region", one) for one in REGIONS),
        *(("branch", one) for one in BRANCHES),
    ]
    DailyCount.objects.bulk_create(
        (
            DailyCount(
                campaign_id=campaign,
                day=when,
                dimension=dimension,
                value=value,
                exposure=exposure,
                compromise=compromise,
                change=max(1, number // 1000),
            )
            for when in day
            for dimension, value in cells
            for exposure in sorted(set(EXPOSURES))
            for compromise in ("unknown", "suspected")
        ),
        batch_size=5_000,
    )
    now = START + timedelta(days=DAYS)
    DailyLook.objects.bulk_create(
        DailyLook(
            campaign_id=campaign,
            day=when,
            dimension="all",
            value="",
            known=number,
            covered=number - 9,
            recorded=now,
        )
        for when in day
    )
    source = CensusSource.objects.get(key="scan")
    Snapshot.objects.bulk_create(
        Snapshot(
            source=source,
            taken=START + timedelta(days=one),
            layout="generic",
            digest=f"{one:064x}",
            state="complete",
            finished=now,
            filename="scan.csv",
            method="1" if one < DAYS // 2 else "2",
        )
        for one in range(DAYS)
    )
    life = [
        {
            "dimension": "all",
            "value": "",
            "servers": number,
            "days": 9.5,
            "least": 9.1,
            "low": 9.0,
            "high": 9.9,
            "curve": [[one, 1 / (1 + one)] for one in range(DAYS)],
        }
    ]
    for kind, figures in (("half-life", life), ("unseen", {}), ("queues", {"patched_shell_seen": 9})):
        Estimate.objects.create(
            campaign_id=campaign, kind=kind, day=day[-1], figures=figures, through=1, recorded=now
        )
    Counted.objects.update_or_create(pk=1, defaults={"events": 1})


def _analyse() -> None:
    from django.db import connection  # noqa: PLC0415 - needs Django set up

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _measure(page: str, requests: int) -> float:
    from django.test import Client  # noqa: PLC0415 - needs Django set up

    from tocsin.hub.accounts.models import User  # noqa: PLC0415 - as above

    client = Client()
    who = User.objects.filter(email="bench@hub.example").first() or User.objects.create_user(
        "bench@hub.example", "x" * 20, role="viewer"
    )
    client.force_login(who, backend="django.contrib.auth.backends.ModelBackend")
    took = []
    for _ in range(requests + 1):
        began = time.perf_counter()
        answer = client.get(page)
        took.append((time.perf_counter() - began) * 1000)
        if answer.status_code != HTTPStatus.OK:
            raise SystemExit(f"{page} answered {answer.status_code}")
    first, rest = took[0], sorted(took[1:])
    late = rest[min(len(rest) - 1, round(0.95 * len(rest)))]
    print(
        f"{page:40} median {statistics.median(rest):6.1f}  p95 {late:6.1f}  first {first:7.1f} ms", flush=True
    )
    return late


if __name__ == "__main__":
    main()
