"""Packs become campaigns; the catalogue comes in once, and its errors are nobody's delay."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import UsageFault
from tocsin.hub.campaigns.models import Campaign, KnownExploited
from tocsin.hub.campaigns.services import import_catalogue, load_campaigns
from tocsin.hub.rules.kev import overdue_days, read_catalogue

DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


def row(cve: str, added: str = "2021-11-03", due: str = "2021-11-17", **rest: Any) -> dict[str, Any]:
    return {
        "cveID": cve,
        "vendorProject": "Contoso",
        "product": "Mail",
        "vulnerabilityName": "A flaw",
        "dateAdded": added,
        "shortDescription": "What it is.",
        "requiredAction": "Update.",
        "dueDate": due,
        "knownRansomwareCampaignUse": "Known",
        **rest,
    }


def catalogue(*rows: object) -> bytes:
    return json.dumps({"title": "x", "vulnerabilities": rows}).encode()


@pytest.mark.django_db
def test_packs_become_campaigns_once() -> None:
    first = load_campaigns()
    assert {row.key: row.active for row in first} == {"proxylogon": True, "web-shell-activity": False}
    proxylogon = Campaign.objects.get(key="proxylogon")
    assert "CVE-2021-26855" in proxylogon.cves
    assert proxylogon.disclosed == date(2021, 3, 2)
    Campaign.objects.filter(key="proxylogon").update(active=False, digest="old")
    load_campaigns()
    proxylogon.refresh_from_db()
    assert not proxylogon.active, "an operator's choice outlives a new release of the pack"
    assert proxylogon.digest != "old"


@pytest.mark.django_db
def test_backwards_rows_are_flagged_and_never_overdue() -> None:
    data = catalogue(
        row("CVE-2021-26855", due="2021-04-16"), row("CVE-2025-53770", "2025-07-20", "2025-07-21")
    )
    taken = import_catalogue(data, by=None)
    assert (taken.rows, taken.new, taken.due_before_added) == (2, 2, 1)
    backwards = KnownExploited.objects.get(cve="CVE-2021-26855")
    assert backwards.due_before_added
    assert backwards.ransomware
    assert backwards.rest == {"shortDescription": "What it is."}


@pytest.mark.django_db
def test_the_same_catalogue_changes_nothing_and_a_newer_one_what_is_new() -> None:
    import_catalogue(catalogue(row("CVE-2021-26855")), by=None)
    again = import_catalogue(catalogue(row("CVE-2021-26855")), by=None)
    assert (again.new, again.changed) == (0, 0)
    newer = import_catalogue(
        catalogue(row("CVE-2021-26855", due="2021-12-01"), row("CVE-2021-27065")), by=None
    )
    assert (newer.new, newer.changed) == (1, 1)


@pytest.mark.django_db
def test_bad_rows_are_refused_and_the_others_taken() -> None:
    taken = import_catalogue(
        catalogue(row("CVE-2021-26855"), row("no number"), {}, 7, row("CVE-2021-1", due="x")), by=None
    )
    assert (taken.new, len(taken.refused)) == (1, 4)


@given(DAYS, DAYS, DAYS)
def test_overdue_is_counted_from_a_sound_day_only(added: date, due: date, today: date) -> None:
    days = overdue_days(added=added, due=due, today=today)
    if due < added:
        assert days is None
    else:
        assert days == (today - due).days if today > due else days == 0
    assert overdue_days(added=added, due=added + timedelta(days=14), today=added) == 0


@given(
    st.one_of(
        st.binary(max_size=200),
        st.recursive(st.none() | st.text() | st.integers(), st.lists).map(
            lambda value: json.dumps({"vulnerabilities": value}).encode()
        ),
    )
)
def test_fuzz_what_is_no_catalogue_is_refused_with_words(data: bytes) -> None:
    try:
        rows, refused = read_catalogue(data)
    except UsageFault:
        return
    assert not rows
    assert isinstance(refused, list)
