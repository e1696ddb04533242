"""Lists of a million: every filter and sort that a page offers, timed on SQLite and PostgreSQL.

    python -m benchmarks.hub_lists [--standings 1000000] [--rounds 5] [--database postgresql] [--keep DIR]

Makes a constituency, servers and standings directly in SQL, asks each list with
every filter alone and in pairs, in every order, and prints the slowest and the 95th percentile of each page.
PostgreSQL runs on loopback, started for the run. Ends with status 1 if a 95th percentile is above 150 ms.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

LIMIT_MS = 150
TODAY = datetime(2021, 4, 30, 6, tzinfo=UTC)
BATCH = 10_000
HTTP_OK = 200
SHARE_SEEN_TODAY, SHARE_REOPENED, SHARE_SHELL, SHARE_CONTRADICTORY = 0.6, 0.02, 0.5, 0.01


CLUSTER: list[Any] = []


def main() -> None:
    """Make the rows, ask, print."""
    options = _options()
    _django(options)
    made = time.monotonic()
    if not _made():
        fill(options.standings)
    print(f"rows stand after {time.monotonic() - made:.0f} s", flush=True)
    slow = measure(options.rounds, options.only)
    if options.database == "postgresql" and CLUSTER:
        CLUSTER[0].stop()
    sys.exit(1 if slow else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--standings", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--keep", type=Path, help="data folder to make, or to use again")
    parser.add_argument("--only", default="", help="part of an address: measure these alone")
    return parser.parse_args()


def _django(options: argparse.Namespace) -> None:
    if options.database == "postgresql" and "DATABASE_URL" not in os.environ:
        from tests.hub.cluster import Cluster  # noqa: PLC0415 - only where it is asked for

        CLUSTER.append(Cluster())
        os.environ["DATABASE_URL"] = CLUSTER[0].url
    os.environ["TOCSIN_HUB_TESTING"] = "1"
    from tocsin.hub.site import start  # noqa: PLC0415 - reads the environment

    start.prepare(data=options.keep or Path(tempfile.mkdtemp(prefix="tocsin-bench-")), hosts="testserver")


def _made() -> bool:
    from tocsin.hub.exposure.models import Standing  # noqa: PLC0415 - needs Django set up

    return Standing.objects.exists()


def fill(count: int) -> None:
    """Organisations, servers and standings, with the mixture of a nation some weeks after disclosure."""
    from tocsin.hub.campaigns.models import Campaign  # noqa: PLC0415 - needs Django set up
    from tocsin.hub.census.models import Server  # noqa: PLC0415 - as above
    from tocsin.hub.constituency.models import Organisation  # noqa: PLC0415 - as above
    from tocsin.hub.exposure.models import Standing  # noqa: PLC0415 - as above
    from tocsin.hub.rules.sectors import sectors  # noqa: PLC0415 - as above

    dice = random.Random(1)  # noqa: S311 - made-up rows
    campaign = Campaign.objects.get_or_create(key="proxylogon", defaults={"name": "ProxyLogon"})[0]
    names, offset = list(sectors()), 1
    owners = [
        Organisation(
            id=n, name=f"Org {n}", folded=f"org {n}", sector=dice.choice(names[: 1 + n % len(names)])
        )
        for n in range(offset, offset + 20_000)
    ]
    Organisation.objects.bulk_create(owners, batch_size=BATCH)
    sector_of = {owner.pk: owner.sector for owner in owners}
    for start in range(0, count, BATCH):
        servers = [_server(dice, number) for number in range(start, min(start + BATCH, count))]
        insert(Server, servers)
        insert(Standing, [_standing(dice, each, campaign.pk, sector_of) for each in servers])
    _analyse()


def _server(dice: random.Random, number: int) -> dict[str, Any]:
    seen = TODAY - timedelta(days=0 if dice.random() < SHARE_SEEN_TODAY else dice.randint(1, 60))
    host = dice.choice(("mail", "owa", "webmail", "exchange", "autodiscover", "mx1"))
    return {
        "id": number + 1,
        "identity": f"host:{number}",
        "ip": f"{11 + number // 65536 % 200}.{number // 256 % 256}.{number % 256}.7",
        "port": 443,
        "hostname": f"{host}.{dice.randint(0, 999):03}-{number}.example" if number % 5 else "",
        "name": "",
        "asn": 64496 + number % 400,
        "country": dice.choice(("GB", "GB", "GB", "IE", "FR", "DE", "NL", "MT")),
        "region": "",
        "city": "",
        "product": "exchange",
        "build": "15.1.2106.2",
        "first_seen": TODAY - timedelta(days=90),
        "last_seen": seen,
        "organisation_id": dice.randint(1, 20_000) if number % 3 else None,
        "owned_by": "",
    }


def _standing(
    dice: random.Random, server: dict[str, Any], campaign: int, sector_of: dict[int, str]
) -> dict[str, Any]:
    exposure = dice.choices(
        ("vulnerable", "patched", "mitigated", "unknown", "unreachable", "patch-verified", "retired"),
        (3500, 4500, 500, 1000, 490, 8, 2),
    )[0]
    compromise = dice.choices(
        ("unknown", "suspected", "confirmed", "removed", "verified-clean", "accepted-risk"),
        (9500, 400, 50, 40, 8, 2),
    )[0]
    owner = server["organisation_id"]
    return {
        "server_id": server["id"],
        "campaign_id": campaign,
        "organisation_id": owner,
        "exposure": exposure,
        "compromise": compromise,
        "worst": compromise,
        "grade": "observed",
        "reason": "seen open",
        "since": date(2021, 3, 3),
        "opened": date(2021, 3, 3),
        "reopened": int(dice.random() < SHARE_REOPENED),
        "shell_seen": date(2021, 3, 9) if compromise != "unknown" and dice.random() < SHARE_SHELL else None,
        "contradictory": dice.random() < SHARE_CONTRADICTORY,
        "last_seen": server["last_seen"],
        "sector": sector_of.get(owner, "unknown") if owner else "unknown",
        "country": server["country"],
        "region": "",
        "branch": "Exchange Server 2016 CU18",
    }


def insert(model: Any, rows: list[dict[str, Any]]) -> None:
    """Insert rows as they are, past the ORM."""
    from django.db import connection, transaction  # noqa: PLC0415 - needs Django set up

    names = list(rows[0])
    marks = ", ".join(["%s"] * len(names))
    columns = ", ".join(f'"{name}"' for name in names)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({marks})',  # noqa: S608, SLF001 - names of our own
            [tuple(row.values()) for row in rows],
        )


def _analyse() -> None:
    from django.db import connection  # noqa: PLC0415 - needs Django set up

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def measure(rounds: int, only: str) -> list[str]:
    """Time every address; print those that matter; give the ones that are too slow."""
    from django.test import Client  # noqa: PLC0415 - needs Django set up

    from tocsin.hub.accounts.models import User  # noqa: PLC0415 - as above

    user = User.objects.filter(email="bench@hub.example").first() or User.objects.create_user(
        "bench@hub.example", role="viewer"
    )
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    taken: dict[str, list[float]] = {}
    for address in addresses():
        if only in address:
            taken[address] = _timed(client, address, rounds)
    for address, times in sorted(taken.items(), key=lambda item: -max(item[1]))[:25]:
        print(f"{max(times):8.1f} ms  {address}")
    return [page for page in FILTERS if _page(page, [t for a, t in taken.items() if a.startswith(page)])]


def _page(page: str, times: list[list[float]]) -> bool:
    """Print what one page took over all its addresses; whether its 95th percentile is above the limit."""
    every = sorted(itertools.chain.from_iterable(times)) or [0.0]
    late = every[round(0.95 * (len(every) - 1))]
    print(
        f"{page}: {len(times)} addresses, {len(every)} requests; median {statistics.median(every):.0f} ms, "
        f"95th percentile {late:.0f} ms, slowest {every[-1]:.0f} ms"
    )
    return late > LIMIT_MS


def _timed(client: Any, address: str, rounds: int) -> list[float]:
    """Milliseconds of some requests, after one that warms the caches."""
    times = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        answer = client.get(address)
        times.append((time.perf_counter() - began) * 1_000)
        if answer.status_code != HTTP_OK:
            raise SystemExit(f"{address} answers {answer.status_code}")
    return times[1:]


FILTERS: dict[str, dict[str, tuple[str, ...]]] = {
    "/campaigns/proxylogon/servers/": {
        "exposure": ("vulnerable", "patched", "retired", "not-affected"),
        "compromise": ("unknown", "suspected", "accepted-risk"),
        "sector": ("unknown", "energy"),
        "country": ("GB", "MT", "ZZ"),
        "organisation": ("17",),
        "shell": ("yes", "no"),
        "contradictory": ("yes", "no"),
        "reopened": ("yes", "no"),
        "since": ("2021-04-29", "2030-01-01"),
        "until": ("2021-03-05", "2021-04-20"),
        "q": ("mail", "mail.12", "11.2.", "11.2.3.7", "zzz"),
    },
    "/servers/": {
        "owned": ("yes", "no"),
        "country": ("GB", "MT", "ZZ"),
        "asn": ("64500", "1"),
        "since": ("2021-04-29",),
        "until": ("2021-03-05",),
        "q": ("mail", "mail.12", "11.2.", "11.2.3.7", "zzz"),
    },
}
SORTS = {
    "/campaigns/proxylogon/servers/": ("", "last_seen"),
    "/servers/": ("", "last_seen", "host", "-host", "address", "-address"),
}


def addresses() -> Iterator[str]:
    """Every list with every sort, unfiltered, by each filter, and by each pair of filters."""
    for page, filters in FILTERS.items():
        single = [f"{key}={value}" for key, values in filters.items() for value in values]
        pairs = [
            f"{one}={a}&{two}={b}"
            for one, two in itertools.combinations(filters, 2)
            for a in filters[one]
            for b in filters[two]
        ]
        for sort in SORTS[page]:
            filtered = (
                (*single, *pairs) if sort in {"", "last_seen"} else ()
            )  # other orders are offered alone
            for query in ("", *filtered):
                yield f"{page}?{query}&sort={sort}"


if __name__ == "__main__":
    main()
