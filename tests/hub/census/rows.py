"""Small censuses, and the state of a database after them, but for when things were learned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

HEADER = (
    "timestamp,severity,ip,protocol,port,hostname,tag,asn,geo,region,city,naics,"
    "hostname_source,sector,version,servername,url"
)
SERVERS = """
SELECT identity, ip, port, hostname, name, asn, country, region, city, product, build, first_seen,
  last_seen, organisation_id, owned_by FROM census_server ORDER BY identity
"""
OBSERVATIONS = """
SELECT s.identity, c.key, o.content, o.ip, o.port, o.build, o.status, o.tags, o.method, o.geo, o.rest, o.days,
  o.first_seen, o.last_seen, o.count
FROM census_observation o JOIN census_server s ON s.id = o.server_id
  JOIN census_censussource c ON c.id = o.source_id
ORDER BY s.identity, c.key, o.content
"""
STANDINGS = """
SELECT s.identity, c.key, t.organisation_id, t.exposure, t.compromise, t.worst, t.compromise_since, t.grade,
  t.reason, t.since, t.opened, t.closed, t.reopened, t.shell_seen, t.contradictory, t.false_positive_until,
  t.last_seen, t.sector, t.country, t.region, t.branch
FROM exposure_standing t JOIN census_server s ON s.id = t.server_id
  JOIN campaigns_campaign c ON c.id = t.campaign_id
ORDER BY s.identity, c.key
"""


def state(ask: Callable[[str], Iterable[Sequence[Any]]]) -> dict[str, list[tuple[Any, ...]]]:
    """Give everything that no order of imports may change."""
    questions = {"servers": SERVERS, "observations": OBSERVATIONS, "standings": STANDINGS}
    return {name: [tuple(map(_plain, row)) for row in ask(sql)] for name, sql in questions.items()}


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def row(
    day: date,
    ip: str,
    build: str = "15.1.2106.2",
    *,
    tag: str = "exchange;cve-2021-26855",
    name: str = "",
    hostname: str = "",
    port: int = 443,
    country: str = "GB",
    hour: int = 4,
) -> str:
    """Give one row of the newer generation."""
    return (
        f'"{day} {hour:02}:00:00","critical","{ip}","tcp",{port},"{hostname}","{tag}",64500,"{country}",'
        f'"","",0,"ptr","","{build}","{name}",""'
    )


def write(folder: Path, day: date, rows: Iterable[str], *, name: str = "contoso") -> Path:
    """Write a census as its sender would name it."""
    path = folder / f"{day}-scan_exchange-{name}.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path
