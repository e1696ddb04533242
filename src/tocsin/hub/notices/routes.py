"""Where mail goes: mail exchangers looked up once, when a batch is planned.

Without ``TOCSIN_HUB_DNS=1`` nothing is looked up, and every mail exchanger counts as unknown: mail then holds
a reference only.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import dns.exception
import dns.resolver
from msgspec import Struct

from tocsin.hub.exposure.models import Standing
from tocsin.hub.notices.models import MailRoute
from tocsin.hub.rules.secrecy import Route, labels
from tocsin.hub.rules.words import Channel, Exposure

KEPT = timedelta(days=1)
SECONDS = 3.0
AT_ONCE = 8
MOST_HOSTS = 10
DIRECT = "="
"""Begins the name of a host that is called itself, not by way of mail exchangers."""


class Found(Struct, frozen=True, kw_only=True):
    """What a look-up gave: names and addresses of a domain's mail exchangers; None where nobody knows."""

    hosts: tuple[str, ...] | None = None
    addresses: tuple[str, ...] | None = None


Resolver = Callable[[str], Found]


def offline(_domain: str) -> Found:
    """Look nothing up."""
    return Found()


def by_dns(domain: str) -> Found:
    """Ask the resolvers of this system for mail exchangers (RFC 5321, 5.1) and their addresses."""
    resolver = dns.resolver.Resolver()
    resolver.lifetime = SECONDS
    try:
        hosts = [domain[1:]] if domain.startswith(DIRECT) else _exchangers(resolver, domain)
        addresses = [text for host in hosts for text in _addresses(resolver, host)]
    except (dns.exception.DNSException, ValueError):
        return Found()
    return Found(hosts=tuple(hosts), addresses=tuple(addresses) or None)


def _exchangers(resolver: dns.resolver.Resolver, domain: str) -> list[str]:
    try:
        answer = resolver.resolve(domain, "MX")
    except dns.resolver.NoAnswer:
        return [domain]
    ordered = sorted(answer, key=lambda one: (one.preference, str(one.exchange)))
    return [str(one.exchange).rstrip(".").lower() for one in ordered[:MOST_HOSTS]]


def _addresses(resolver: dns.resolver.Resolver, host: str) -> list[str]:
    found: list[str] = []
    for kind in ("A", "AAAA"):
        try:
            found += [str(one) for one in resolver.resolve(host, kind)]
        except dns.resolver.NoAnswer:
            continue
    return found


def configured() -> Resolver:
    """The resolver that this hub is set up with."""
    return by_dns if os.environ.get("TOCSIN_HUB_DNS") == "1" else offline


def domain_of(channel: str, address: str) -> str:
    """The domain whose mail exchangers matter, or ``=`` and a webhook's host; empty for letters and calls."""
    if channel == Channel.EMAIL:
        return ".".join(labels(address.rpartition("@")[2]))
    if channel == Channel.WEBHOOK:
        return DIRECT + (urlsplit(address).hostname or "")
    return ""


def look_up(domains: Iterable[str], resolver: Resolver, now: datetime) -> None:
    """Look up the domains that nobody looked up lately, and keep what was found. Not inside a transaction."""
    wanted = {domain for domain in domains if domain}
    fresh = MailRoute.objects.filter(domain__in=wanted, looked__gt=now - KEPT, addresses__isnull=False)
    left = sorted(wanted - set(fresh.values_list("domain", flat=True)))
    if not left or resolver is offline:
        return
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(resolver, left))
    rows = [
        MailRoute(domain=domain, hosts=_listed(one.hosts), addresses=_listed(one.addresses), looked=now)
        for domain, one in zip(left, found, strict=True)
    ]
    MailRoute.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["domain"], update_fields=["hosts", "addresses", "looked"]
    )


def _listed(values: tuple[str, ...] | None) -> list[str] | None:
    return None if values is None else list(values)


def routes_of(domains: Iterable[str]) -> dict[str, Route]:
    """What is known of where mail to some domains goes; those that nobody looked up are left out."""
    rows = list(MailRoute.objects.filter(domain__in=set(domains)))
    addresses = {address for row in rows for address in row.addresses or ()}
    known = _in_census(addresses)
    return {
        row.domain: Route(
            domain=row.domain.removeprefix(DIRECT),
            hosts=None if row.hosts is None else tuple(row.hosts),
            addresses=None if row.addresses is None else tuple(row.addresses),
            known=tuple(sorted(known & set(row.addresses or ()))),
        )
        for row in rows
    }


def _in_census(addresses: set[str]) -> set[str]:
    """Those of the addresses at which a campaign knows a server, whoever owns it."""
    fine = [Exposure.NOT_AFFECTED, Exposure.FALSE_POSITIVE]
    rows = Standing.objects.filter(server__ip__in=addresses).exclude(exposure__in=fine)
    return set(rows.values_list("server__ip", flat=True))
