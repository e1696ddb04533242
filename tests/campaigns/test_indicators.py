"""Indicators as they ship: what is weak stays weak, what was withdrawn never matches."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from tests.campaigns.evidence_lines import PACKS, findings, iis

from tocsin.packs.schema import IndicatorRow

ROWS: list[IndicatorRow] = [row for pack in PACKS for row in pack.indicators]
WITHDRAWN = {"5.2.69.14", "91.192.103.43"}
SHARED = ip_network("172.64.0.0/13")


def test_withdrawn_addresses_are_kept_for_the_record_and_flagged() -> None:
    assert {row.value for row in ROWS if row.withdrawn} == WITHDRAWN


def test_a_withdrawn_address_makes_no_finding() -> None:
    log = iis("06:00:00 GET /owa/ - - 5.2.69.14 Mozilla/5.0 200")
    assert findings(log, pack="proxylogon") == ()


def test_no_network_of_a_content_provider_is_listed() -> None:
    addresses = [ip_address(row.value) for row in ROWS if row.type == "ipv4"]
    assert not [row for row in ROWS if row.type == "cidr"]
    assert not [address for address in addresses if address in SHARED]


def test_an_address_never_proves_more_than_context_and_expires() -> None:
    addresses = [row for row in ROWS if row.type == "ipv4"]
    assert len(addresses) > 70
    assert {row.means for row in addresses} == {"context"}
    assert all(row.valid_from and row.valid_until for row in addresses)


def test_addresses_of_the_aggregated_list_are_weak() -> None:
    aggregated = [row for row in ROWS if "aggregated" in row.note]
    assert len(aggregated) > 40
    assert {row.strength for row in aggregated} == {"weak"}


def test_an_old_address_means_nothing_years_later() -> None:
    log = iis("06:00:00 GET /owa/ - - 103.77.192.219 Mozilla/5.0 200")
    later = (log[0].replace("210303", "230303"), log[1].replace(b"2021-03-03", b"2023-03-03"))
    assert findings(log, pack="proxylogon")
    assert findings(later, pack="proxylogon") == ()


def test_everyday_names_and_agents_are_not_indicators() -> None:
    names = {row.value.lower() for row in ROWS if row.type == "filename"}
    assert not names & {"default.aspx", "error.aspx", "help.aspx", "log.aspx", "web.aspx", "readme.txt"}
    assert not [row for row in ROWS if row.type == "user_agent" and "Mozilla" in row.value]


def test_every_row_names_its_source_and_no_value_stands_twice() -> None:
    assert all(row.source for row in ROWS)
    keys = [(row.type, row.value.lower()) for row in ROWS]
    assert len(keys) == len(set(keys))
