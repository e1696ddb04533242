"""A pack's new version judges every server anew: in pieces, once, recorded, and safe to be killed in."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.hub.census import rows

from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.campaigns.services import load_campaigns, set_active
from tocsin.hub.census.models import Snapshot
from tocsin.hub.census.services import Terms, import_file
from tocsin.hub.exposure import facts, refolding
from tocsin.hub.exposure.chores import CHORES
from tocsin.hub.exposure.models import Event, Standing
from tocsin.hub.rules.statements import Reader
from tocsin.hub.rules.words import Exposure

pytestmark = pytest.mark.django_db
DAY = date(2021, 3, 10)
OPEN, FIXED = "15.1.2106.2", "15.1.2106.13"


@pytest.fixture
def census(tmp_path: Path) -> Campaign:
    """Seven servers; the campaign's pack judged them when they were taken in."""
    load_campaigns()
    found = [rows.row(DAY, f"192.0.2.{at}", FIXED, tag="exchange") for at in range(1, 8)]
    import_file(rows.write(tmp_path, DAY, found), Terms(scope="all", method="1"))
    while refolding.refold():
        pass
    return Campaign.objects.get(key="proxylogon")


def told() -> list[dict[str, Any]]:
    return list(Event.objects.filter(kind="facts").order_by("id").values_list("detail", flat=True))


def exposures() -> set[str]:
    return set(Standing.objects.filter(campaign__key="proxylogon").values_list("exposure", flat=True))


def new_version(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pack's next version holds that what was taken for the fix is none."""
    was = facts._reader(campaign.key, campaign.digest)
    assert was is not None

    class Stricter(Reader):
        def _by_build(self, build: str) -> Exposure | None:
            return Exposure.VULNERABLE if super()._by_build(build) else None

    def read(key: str, _digest: str) -> Reader | None:
        return Stricter(msgspec.structs.replace(was.facts)) if key == campaign.key else None

    monkeypatch.setattr(facts, "_reader", read)
    campaign.digest, campaign.version = "f" * 64, "2"
    campaign.save()


def test_the_first_time_there_is_nothing_to_tell(census: Campaign) -> None:
    assert census.folded == census.digest
    assert exposures() == {"patched"}
    assert not refolding.refold()
    assert [one["step"] for one in told()] in ([], ["done"] * len(told()))


def test_a_new_version_judges_everybody_anew(census: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(told())
    new_version(census, monkeypatch)
    assert refolding.refold()
    assert not refolding.refold()
    assert exposures() == {"vulnerable"}
    assert [(one["step"], one["version"]) for one in told()[before:]] == [("begun", "2"), ("done", "2")]
    changed = Event.objects.filter(kind="exposure", before="patched", after="vulnerable")
    assert changed.count() == 7
    census.refresh_from_db()
    assert (census.folded, census.refolded) == ("f" * 64, 0)


def test_killed_in_a_piece_it_goes_on(census: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    new_version(census, monkeypatch)
    monkeypatch.setattr(refolding, "CHUNK", 2)
    monkeypatch.setattr(refolding, "PIECES", 1)
    assert refolding.refold()
    assert exposures() == {"patched", "vulnerable"}
    with monkeypatch.context() as patch:
        patch.setattr(refolding, "plans", killed)
        with pytest.raises(KeyboardInterrupt):
            refolding.refold()
    pieces = 0
    while refolding.refold():
        pieces += 1
    assert pieces == 4
    assert exposures() == {"vulnerable"}
    assert [one["step"] for one in told()[-2:]] == ["begun", "done"]
    assert Event.objects.filter(kind="exposure", after="vulnerable").count() == 7


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_newer_version_in_between_begins_again(census: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    new_version(census, monkeypatch)
    monkeypatch.setattr(refolding, "CHUNK", 2)
    monkeypatch.setattr(refolding, "PIECES", 1)
    refolding.refold()
    Campaign.objects.filter(pk=census.pk).update(digest="e" * 64)
    while refolding.refold():
        pass
    census.refresh_from_db()
    assert census.folded == "e" * 64
    assert exposures() == {"vulnerable"}


def test_it_waits_while_a_census_is_taken_in(census: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    new_version(census, monkeypatch)
    Snapshot.objects.update(state=Snapshot.RUNNING)
    assert not refolding.refold()
    Snapshot.objects.update(state=Snapshot.COMPLETE)
    assert refolding.refold()


def test_a_campaign_that_is_followed_later_judges_what_was_seen(tmp_path: Path) -> None:
    load_campaigns()
    campaign = Campaign.objects.get(key="proxylogon")
    set_active(campaign, active=False, by=None)
    import_file(rows.write(tmp_path, DAY, [rows.row(DAY, "192.0.2.1", OPEN)]), Terms(scope="all"))
    assert exposures() == set()
    set_active(campaign, active=True, by=None)
    while refolding.refold():
        pass
    assert exposures() == {"vulnerable"}
    set_active(campaign, active=False, by=None)
    set_active(campaign, active=True, by=None)
    assert refolding.refold(), "what was seen meanwhile is judged, too"


def test_a_chore_does_it() -> None:
    assert refolding.refold in CHORES
