"""How each source writes down what it saw: Shadowserver's two generations, Shodan, Censys' two."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import date
from ipaddress import IPv4Address
from typing import Any

from msgspec import Struct

from tocsin.exercise.nation.people import FIRST_NUMBER, People
from tocsin.exercise.nation.scenario import Nation
from tocsin.exercise.nation.seeing import Seen
from tocsin.exercise.nation.servers import FULL, NONE, Servers, fingerprint, full_name, short_name

SHADOWSERVER = (
    *("timestamp", "severity", "ip", "protocol", "port", "hostname", "tag", "asn", "geo", "region", "city"),
    *("naics", "hostname_source", "sector", "version", "servername", "url"),
)
SHADOWSERVER_2021 = (
    *("timestamp", "ip", "port", "hostname", "tag", "asn", "geo", "region", "city", "naics", "sic", "sector"),
    *("version", "servername", "url"),
)
SHELL_ADDRESS = "/owa/auth/errorFE.aspx"


class Row(Struct, frozen=True, kw_only=True):
    """One sighting, with all that any layout tells."""

    server: int
    at: str
    ip: str
    port: int
    hostname: str
    asn: int
    country: str
    region: str
    build: str
    name: str
    open: bool
    shell: bool


def sightings(nation: Nation, people: People, servers: Servers, seen: Seen, day: date) -> Iterator[Row]:
    """What a source saw on a day, row by row, in the servers' order."""
    columns = (seen.server, seen.address, seen.open, seen.fixed, seen.shell)
    for server, address, is_open, fixed, shell in zip(*(one.tolist() for one in columns), strict=True):
        organisation = int(servers.organisation[server])
        region = int(people.region[organisation])
        branch = nation.branches[servers.branch[server]]
        ip = str(IPv4Address(address))
        told = servers.told[server]
        second = (server * 7919) % 86_400
        yield Row(
            server=server,
            at=f"{day} {second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}",
            ip=ip,
            port=int(servers.port[server]),
            hostname=f"{ip.replace('.', '-')}.pool.provider{region}.example" if server % 2 else "",
            asn=FIRST_NUMBER + region,
            country=nation.country,
            region=nation.regions[region].name,
            build=branch.fixed if fixed else branch.open,
            name=full_name(server, organisation)
            if told == FULL
            else ""
            if told == NONE
            else short_name(server),
            open=is_open,
            shell=shell,
        )


def _csv(header: tuple[str, ...], values: Callable[[Row, str, str], tuple[object, ...]], cve: str) -> Writer:
    def write(rows: Iterator[Row]) -> Iterator[str]:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
        writer.writerow(header)
        for row in rows:
            if row.open:
                writer.writerow(values(row, f"exchange;{cve}", "/owa/"))
            if row.shell:
                writer.writerow(values(row, "exchange;webshell", SHELL_ADDRESS))
            if not row.open and not row.shell:
                writer.writerow(values(row, "exchange", "/owa/"))
            yield text.getvalue()
            text.seek(0)
            text.truncate()
        yield text.getvalue()

    return write


def _shadowserver(row: Row, tag: str, path: str) -> tuple[object, ...]:
    source = "ptr" if row.hostname else ""
    place = (row.asn, row.country, row.region.upper(), row.region.upper(), 0)
    first = (row.at, "critical", row.ip, "tcp", row.port, row.hostname, tag)
    return (*first, *place, source, "", row.build, row.name, f"https://{row.ip}{path}")


def _shadowserver_2021(row: Row, tag: str, path: str) -> tuple[object, ...]:
    place = (row.asn, row.country, row.region.upper(), row.region.upper(), 0, 0, "")
    return (
        row.at,
        row.ip,
        row.port,
        row.hostname,
        tag,
        *place,
        row.build,
        row.name,
        f"https://{row.ip}{path}",
    )


def _shodan(row: Row, cve: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ip_str": row.ip,
        "port": row.port,
        "transport": "tcp",
        "timestamp": f"{row.at.replace(' ', 'T')}.000000",
        "product": "Microsoft Exchange Server",
        "version": row.build,
        "hostnames": [row.name.lower()] if "." in row.name else [row.hostname] if row.hostname else [],
        "domains": [row.name.split(".", 1)[1]] if "." in row.name else [],
        "org": f"{row.region} Internet",
        "isp": f"{row.region} Internet",
        "asn": f"AS{row.asn}",
        "location": {"country_code": row.country, "region_code": row.region, "city": row.region},
        "cpe23": [f"cpe:2.3:a:microsoft:exchange_server:{row.build}"],
        "http": {"server": "Microsoft-IIS/10.0", "title": "Outlook"},
        "ntlm": {"fqdn": row.name},
        "ssl": {"cert": {"fingerprint": {"sha256": fingerprint(row.server)}, "subject": {"CN": row.name}}},
    }
    if row.open:
        found["vulns"] = {cve.upper(): {"verified": True, "cvss": 9.8}}
    if row.shell:
        found["tags"] = ["webshell"]
    return found


def _censys(row: Row, cve: str) -> dict[str, Any]:  # noqa: ARG001 - Censys names no check
    service = {
        "port": row.port,
        "protocol": "HTTP",
        "scan_time": f"{row.at.replace(' ', 'T')}Z",
        "software": [{"vendor": "microsoft", "product": "exchange_server", "version": row.build}],
        "ntlm": {"dns_computer_name": row.name},
        "cert": {"fingerprint_sha256": fingerprint(row.server), "names": [row.name] if row.name else []},
    }
    return {
        "host": {
            "ip": row.ip,
            "location": {"country_code": row.country, "province": row.region, "city": row.region},
            "autonomous_system": {"asn": row.asn, "name": f"{row.region} Internet"},
            "dns": {"names": [row.name.lower()] if "." in row.name else []},
            "services": [service],
        }
    }


def _censys_legacy(row: Row, cve: str) -> dict[str, Any]:  # noqa: ARG001 - Censys names no check
    return {
        "ip": row.ip,
        "last_updated_at": f"{row.at.replace(' ', 'T')}Z",
        "names": [row.name.lower()] if "." in row.name else [],
        "location": {"country_code": row.country, "province": row.region, "city": row.region},
        "autonomous_system": {"asn": row.asn, "name": f"{row.region} Internet"},
        "services": [
            {
                "port": row.port,
                "service_name": "HTTP",
                "software": [{"vendor": "microsoft", "product": "exchange_server", "version": row.build}],
                "ntlm": {"dns_computer_name": row.name},
                "tls": {"certificates": {"leaf_fp_sha_256": fingerprint(row.server)}},
            }
        ],
    }


def _lines(document: Callable[[Row, str], dict[str, Any]], cve: str) -> Writer:
    def write(rows: Iterator[Row]) -> Iterator[str]:
        for row in rows:
            yield json.dumps(document(row, cve), separators=(",", ":")) + "\n"

    return write


Writer = Callable[[Iterator[Row]], Iterator[str]]


def writer(layout: str, cve: str) -> Writer:
    """What turns rows into the pieces of a file of that layout."""
    if layout == "shadowserver":
        return _csv(SHADOWSERVER, _shadowserver, cve)
    if layout == "shadowserver-2021":
        return _csv(SHADOWSERVER_2021, _shadowserver_2021, cve)
    documents = {"shodan": _shodan, "censys": _censys, "censys-legacy": _censys_legacy}
    return _lines(documents[layout], cve)


def file_name(layout: str, source: str, country: str, day: date) -> str:
    """What such a file is called where it comes from."""
    if layout.startswith("shadowserver"):
        return f"{day}-scan_exchange-{country.lower()}-country.csv"
    return f"{day}-{source}.jsonl"
