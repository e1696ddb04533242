"""Servers follow claims and sectors by themselves: in pieces, told to the chain once, safe to be killed."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.hub import making
from tests.hub.census import rows

from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.campaigns.services import load_campaigns, set_active
from tocsin.hub.census.lease import lease
from tocsin.hub.census.models import Server
from tocsin.hub.census.selectors import servers_visible_to
from tocsin.hub.census.services import Terms, import_file
from tocsin.hub.census.settling import plans
from tocsin.hub.constituency import importing, services
from tocsin.hub.constituency.models import Organisation
from tocsin.hub.exposure import refolding, rematching
from tocsin.hub.exposure.chores import CHORES
from tocsin.hub.exposure.models import Event, Matching, Standing
from tocsin.hub.exposure.selectors import visible_to
from tocsin.hub.rules.words import ClaimKind
from tocsin.hub.situation.counting import count_events
from tocsin.hub.situation.models import DailyCount

pytestmark = pytest.mark.django_db
DAY = date(2021, 3, 10)
SERVERS = 7


@pytest.fixture(autouse=True)
def _census(tmp_path: Path) -> None:
    """Seven servers of nobody."""
    load_campaigns()
    seen(tmp_path, DAY)
    follow()


def seen(folder: Path, day: date) -> None:
    found = [rows.row(day, f"192.0.2.{at}") for at in range(1, SERVERS + 1)]
    import_file(rows.write(folder, day, found), Terms(scope="all", method="1"))


def follow() -> int:
    """Work until nothing is to be done; gives how many calls that took."""
    calls = 0
    while rematching.rematch():
        calls += 1
    return calls


def owners() -> set[tuple[int | None, int | None, str]]:
    """Give whose the servers are: by their row, by their standing, and of which sector."""
    found = Standing.objects.filter(campaign__key="proxylogon")
    return set(found.values_list("server__organisation", "organisation", "sector"))


def told(kind: str = "owner") -> list[tuple[str, str]]:
    found = Event.objects.filter(kind=kind, campaign="proxylogon").order_by("id")
    return list(found.values_list("before", "after"))


def test_a_new_claim_gives_servers_their_owner() -> None:
    assert not rematching.rematch(), "nothing changed"
    owner = making.organisation("Contoso", sector="energy")
    making.claim(owner, "192.0.2.0/29")
    assert follow() == 1
    assert owners() == {(owner.pk, owner.pk, "energy")}
    assert set(Server.objects.values_list("owned_by", flat=True)) == {"cidr 192.0.2.0/29 (manual)"}
    assert told() == [("", f"organisation:{owner.pk}")] * SERVERS
    assert len(told("place")) == SERVERS
    assert not rematching.rematch()


def test_what_does_not_differ_is_left_alone() -> None:
    owner = making.organisation("Contoso")
    making.claim(owner, "192.0.2.4/32")
    last = Event.objects.latest("id").pk
    follow()
    moved = Standing.objects.filter(organisation=owner).values_list("server", flat=True).distinct()
    assert list(Event.objects.filter(id__gt=last).values_list("subject", flat=True).distinct()) == [
        f"server:{number}" for number in moved
    ]
    assert Server.objects.get(organisation=owner).ip == "192.0.2.4"


def test_a_narrower_claim_of_somebody_else_takes_over() -> None:
    wide, narrow = making.organisation("Wide"), making.organisation("Narrow", sector="health")
    making.claim(wide)
    follow()
    making.claim(narrow, "192.0.2.0/28")
    follow()
    assert owners() == {(narrow.pk, narrow.pk, "health")}
    assert told()[-1] == (f"organisation:{wide.pk}", f"organisation:{narrow.pk}")


def test_a_claim_that_is_changed() -> None:
    owner = making.organisation("Contoso")
    claim = making.claim(owner, "198.51.100.0/24")
    follow()
    assert owners() == {(None, None, "unknown")}
    claim.value = "192.0.2.0/24"
    services.save_claim(claim, by=None)
    follow()
    assert owners() == {(owner.pk, owner.pk, "unknown")}


def test_a_claim_that_ended_before_servers_were_seen() -> None:
    claim = making.claim(making.organisation("Contoso"))
    follow()
    services.end_claim(claim, DAY, by=None)
    follow()
    assert owners() == {(claim.organisation_id, claim.organisation_id, "unknown")}, "it was his on that day"
    services.end_claim(claim, DAY - timedelta(days=1), by=None)
    follow()
    assert owners() == {(None, None, "unknown")}
    assert told()[-1] == (f"organisation:{claim.organisation_id}", "")


def test_a_claim_that_runs_out_is_followed_by_the_next_sighting(tmp_path: Path) -> None:
    claim = making.claim(making.organisation("Contoso"), valid_until=DAY)
    follow()
    assert owners() == {(claim.organisation_id, claim.organisation_id, "unknown")}
    seen(tmp_path, DAY + timedelta(days=1))
    assert owners() == {(None, None, "unknown")}
    assert told()[-SERVERS:] == [(f"organisation:{claim.organisation_id}", "")] * SERVERS


def test_a_claim_that_is_removed() -> None:
    claim = making.claim(making.organisation("Contoso"))
    follow()
    claim.delete()
    follow()
    assert owners() == {(None, None, "unknown")}


def test_claims_from_a_file_and_their_end() -> None:
    table = b"name,sector,cidr\nContoso,energy,192.0.2.0/24\n"
    importing.take_in(table, "owners.csv", by=None)
    follow()
    owner = Organisation.objects.get()
    assert owners() == {(owner.pk, owner.pk, "energy")}
    importing.take_in(table.replace(b"energy", b"health"), "owners.csv", by=None)
    assert follow() == 1
    assert owners() == {(owner.pk, owner.pk, "health")}
    before = Matching.objects.get().done
    importing.take_in(b"name,sector,cidr\nContoso,health,\n", "owners.csv", by=None, complete=True)
    assert follow() == 1
    assert Matching.objects.get().done > before


def test_a_changed_sector_shows_on_standings_and_in_counts() -> None:
    owner = making.organisation("Contoso", sector="energy")
    making.claim(owner)
    follow()
    owner.sector = "health"
    services.save_organisation(owner, by=None)
    follow()
    assert owners() == {(owner.pk, owner.pk, "health")}
    while count_events():
        pass
    cells = DailyCount.objects.filter(campaign__key="proxylogon", dimension="sector", exposure="vulnerable")
    assert {value: sum(cells.filter(value=value).values_list("change", flat=True)) for value in SECTORS} == {
        "energy": 0,
        "health": SERVERS,
        "unknown": 0,
    }


SECTORS = ("energy", "health", "unknown")


def test_another_name_is_no_reason() -> None:
    owner = making.organisation("Contoso")
    making.claim(owner)
    follow()
    owner.name = "Contoso Ltd"
    services.save_organisation(owner, by=None)
    assert not rematching.rematch()


def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("PIECE", 3), ("PIECES", 1), ("CHUNK", 2)):
        monkeypatch.setattr(rematching, name, value)


def test_killed_in_a_piece_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch)
    owner = making.organisation("Contoso")
    making.claim(owner)
    assert rematching.rematch()
    with monkeypatch.context() as patch:
        patch.setattr(rematching, "plans", dies_at(2))
        with pytest.raises(KeyboardInterrupt):
            rematching.rematch()
    assert Standing.objects.filter(campaign__key="proxylogon", organisation=owner).count() == 5
    assert follow() == 3
    assert owners() == {(owner.pk, owner.pk, "unknown")}
    assert told() == [("", f"organisation:{owner.pk}")] * SERVERS, "each is told once"


def dies_at(number: int) -> object:
    """What `plans` does, until it is called for the n-th time."""
    calls = 0

    def plan(*args: object) -> object:
        nonlocal calls
        calls += 1
        if calls == number:
            raise KeyboardInterrupt
        return plans(*args)  # type: ignore[arg-type]  # handed through

    return plan


def test_what_changes_in_between_begins_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch)
    claim = making.claim(making.organisation("Contoso"))
    assert rematching.rematch()
    other = making.organisation("Other")
    making.claim(other, "192.0.2.1", ClaimKind.HOST)
    assert follow() == 4
    assert Server.objects.get(organisation=other).ip == "192.0.2.1"
    assert Server.objects.filter(organisation=claim.organisation).count() == SERVERS - 1


def test_a_call_ends_after_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rematching, "PIECE", 2)
    monkeypatch.setattr(rematching, "MOST_FOLDED", 3)
    making.claim(making.organisation("Contoso"))
    assert rematching.rematch()
    assert len(told()) == 4
    assert follow() == 2


def test_it_waits_while_somebody_imports() -> None:
    making.claim(making.organisation("Contoso"))
    done = Campaign.objects.get(key="proxylogon")
    done.digest = "f" * 64
    done.save()
    with lease() as held:
        assert held
        if not postgresql():
            assert not rematching.rematch()
            assert not refolding.refold()
    assert rematching.rematch()
    assert refolding.refold()


def postgresql() -> bool:
    """Whether the same connection, which may take an advisory lock twice, is asked."""
    from django.db import connection  # noqa: PLC0415 - of one test

    return connection.vendor == "postgresql"


def test_members_see_what_is_theirs_now() -> None:
    wide, narrow = making.organisation("Wide"), making.organisation("Narrow")
    making.claim(wide)
    follow()
    before, after = making.member(wide), making.member(narrow)
    campaign = Standing.objects.filter(campaign__key="proxylogon")[0].campaign
    set_active(campaign, active=False, by=None)
    making.claim(narrow, "192.0.2.0/28")
    follow()
    assert servers_visible_to(after).count() == SERVERS
    assert not servers_visible_to(before).exists()
    assert not visible_to(before).exists(), "not even of a campaign that nobody follows any more"


def test_a_chore_does_it() -> None:
    assert rematching.rematch in CHORES
