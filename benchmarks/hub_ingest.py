"""How fast a hub takes in a census: 46,000 rows against 20,000 prefixes, on SQLite or on ``DATABASE_URL``.

The second day is measured as well: nearly everybody is known then.

    python benchmarks/hub_ingest.py [ROWS] [PREFIXES] [DAYS]
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from ipaddress import ip_address
from pathlib import Path

HEADER = (
    "timestamp,severity,ip,protocol,port,hostname,tag,asn,geo,region,city,naics,"
    "hostname_source,sector,version,servername,url"
)
BUILDS = (
    "15.1.2106.2",
    "15.1.2176.2",
    "15.1.2176.9",
    "15.2.792.3",
    "15.2.792.10",
    "15.0.1497.2",
    "15.1.2176",
)
PATCHING, MISSED = 0.01, 0.02
FIRST = date(2021, 3, 10)


def main(rows: int, prefixes: int, days: int) -> None:
    """Make the files, take them in, print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        os.environ["TOCSIN_HUB_DATA"] = str(root / "hub")
        from tocsin.hub.site import start  # noqa: PLC0415 - reads the environment that was just set

        start.prepare(data=root / "hub")
        claims(prefixes)
        print(json.dumps({"rows": rows, "prefixes": prefixes, **dict(imports(root, rows, days))}))


def claims(count: int) -> None:
    """Give organisations of a made-up nation their networks: half /24, the rest wider and narrower."""
    from tocsin.hub.campaigns.services import load_campaigns  # noqa: PLC0415 - as above
    from tocsin.hub.constituency.models import Claim, Organisation  # noqa: PLC0415 - needs Django set up

    load_campaigns()
    names = (f"Organisation {at}" for at in range(count // 4))
    Organisation.objects.bulk_create(Organisation(name=name, folded=name.lower()) for name in names)
    organisations = list(Organisation.objects.values_list("id", flat=True))
    dice = random.Random(1)  # noqa: S311 - rows of a benchmark
    values = {f"{network(dice)}/{dice.choice((16, 20, 22, 24, 24, 24, 28))}" for _ in range(count)}
    Claim.objects.bulk_create(
        (
            Claim(organisation_id=dice.choice(organisations), kind="cidr", value=value, provenance="csv")
            for value in sorted(values)
        ),
        batch_size=2_000,
    )


def network(dice: random.Random) -> str:
    """Give the beginning of a network; strict spelling is nobody's business here."""
    return f"10.{dice.randrange(256)}.{dice.randrange(256)}.0"


def imports(root: Path, rows: int, days: int) -> Iterator[tuple[str, float]]:
    """Take in day after day; gives seconds."""
    from tocsin.hub.census.services import Terms, import_file  # noqa: PLC0415 - needs Django set up

    for day in range(days):
        taken = FIRST + timedelta(days=day)
        path = root / f"{taken}-scan_exchange-nation.csv"
        path.write_text("\n".join([HEADER, *census(rows, taken)]) + "\n")
        begun, cpu = time.monotonic(), time.process_time()
        import_file(path, Terms(scope="all", method="benchmark 1"))
        yield f"seconds_day_{day + 1}", round(time.monotonic() - begun, 1)
        yield f"cpu_day_{day + 1}", round(time.process_time() - cpu, 1)


def census(rows: int, taken: date) -> Iterator[str]:
    """Give rows; from day to day one in fifty is missed, and some have patched."""
    dice = random.Random(2)  # noqa: S311 - as above
    daily = random.Random(taken.toordinal())  # noqa: S311 - as above
    for at in range(rows):
        ip = ip_address(0x0A000000 + dice.randrange(1 << 24))
        build = dice.choice(BUILDS if daily.random() > PATCHING else BUILDS[2:5])
        if daily.random() > MISSED:
            yield (
                f'"{taken} 04:00:00","critical","{ip}","tcp",443,"mail{at}.contoso.example",'
                f'"exchange;cve-2021-26855",64500,"GB","","",0,"ptr","","{build}","EX{at}",""'
            )


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:4]]
    main(*[*given, *(46_000, 20_000, 2)[len(given) :]])
