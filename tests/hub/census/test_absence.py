"""Absence the whole way, from files to standings: nobody is missed where nobody looked."""

from __future__ import annotations

import gzip
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.hub.census import rows

from tocsin.errors import CensusError
from tocsin.hub.campaigns.services import load_campaigns
from tocsin.hub.census.models import Snapshot
from tocsin.hub.census.services import TakenIn, Terms, held_file, import_file, refold, run_next, take_in
from tocsin.hub.constituency.models import Claim, Organisation
from tocsin.hub.exposure.models import Standing

FIRST = date(2021, 3, 10)
HERE, THERE = "192.0.2.7", "198.51.100.9"


@pytest.fixture(autouse=True)
def campaigns(db: None) -> None:  # noqa: ARG001 - opens the database
    load_campaigns()


def take(folder: Path, later: int, lines: list[str], **terms: object) -> Snapshot:
    day = FIRST + timedelta(days=later)
    values: dict[str, object] = {"scope": "all", "method": "1", "lists_all": True, **terms}
    return import_file(rows.write(folder, day, lines), Terms(**values))  # type: ignore[arg-type]  # varied


def seen(later: int, *addresses: str) -> list[str]:
    return [rows.row(FIRST + timedelta(days=later), ip) for ip in addresses]


def states() -> dict[str, str]:
    return dict(Standing.objects.values_list("server__ip", "exposure"))


def test_two_looks_that_miss_it(tmp_path: Path) -> None:
    take(tmp_path, 0, seen(0, HERE, THERE))
    take(tmp_path, 1, seen(1, THERE))
    assert states() == {HERE: "vulnerable", THERE: "vulnerable"}
    take(tmp_path, 2, seen(2, THERE))
    assert states() == {HERE: "unreachable", THERE: "vulnerable"}
    assert not Standing.objects.exclude(closed=None).exists()
    take(tmp_path, 3, seen(3, HERE))
    assert states() == {HERE: "vulnerable", THERE: "vulnerable"}


@pytest.mark.parametrize(
    "terms",
    [
        {"scope": None},
        {"scope": "198.51.100.0/24"},
        {"scope": "all port:8443"},
        {"scope": "country:FR"},
        {"scope": "all check:cve-2020-0688"},
        {"scope": "all !192.0.2.0/24"},
        {"method": "2"},
        {"source": "other"},
    ],
    ids=str,
)
def test_whoever_was_not_looked_for_is_not_missed(tmp_path: Path, terms: dict[str, object]) -> None:
    take(tmp_path, 0, seen(0, HERE, THERE))
    for later in range(1, 6):
        take(tmp_path, later, seen(later, THERE), **terms)
    assert states()[HERE] == "vulnerable"


def test_a_declared_successor_misses_whom_its_forerunner_saw(tmp_path: Path) -> None:
    take(tmp_path, 0, seen(0, HERE, THERE))
    for later in (1, 2):
        take(tmp_path, later, seen(later, THERE), method="2", succeeds=("1",))
    assert states()[HERE] == "unreachable"


def test_a_row_that_cannot_be_read_misses_nobody_of_its_address(tmp_path: Path) -> None:
    take(tmp_path, 0, seen(0, HERE, THERE))
    for later in (1, 2, 3):
        broken = seen(later, HERE)[0].replace(",443,", ",none,")
        assert take(tmp_path, later, [*seen(later, THERE), broken]).blind == [HERE]
    assert states()[HERE] == "vulnerable"
    for later in (4, 5, 6):
        take(tmp_path, later, [*seen(later, THERE), "a riddle"])
    assert states()[HERE] == "vulnerable"


def test_a_file_cut_off_misses_nobody(tmp_path: Path) -> None:
    take(tmp_path, 0, seen(0, HERE, THERE))
    for later in (1, 2, 3):
        whole = rows.write(tmp_path, FIRST + timedelta(days=later), seen(later, *[THERE] * 500))
        whole.write_bytes(gzip.compress(whole.read_bytes())[:-20])
        with pytest.raises(CensusError, match="end too early"):
            import_file(whole, Terms(scope="all", method="1", lists_all=True, layout="shadowserver-exchange"))
    assert states()[HERE] == "vulnerable"
    assert Snapshot.objects.filter(state=Snapshot.FAILED).count() == 3


def test_an_import_that_failed_for_want_of_its_file_goes_on(tmp_path: Path) -> None:
    file = rows.write(tmp_path, FIRST, seen(0, HERE))
    terms = Terms(scope="all", method="1")
    first = take_in(file, terms)
    held_file(Snapshot.objects.get()).unlink()
    assert run_next()
    assert Snapshot.objects.get().state == Snapshot.FAILED
    assert not run_next(), "nothing waits behind it"
    assert take_in(file, terms) == TakenIn(first.snapshot, new=False)
    assert run_next()
    assert (Snapshot.objects.get().state, Snapshot.objects.get().fault) == (Snapshot.COMPLETE, "")
    assert states()[HERE] == "vulnerable"


def test_a_layout_that_is_gone_holds_nobody_up(tmp_path: Path) -> None:
    take_in(rows.write(tmp_path, FIRST, seen(0, HERE)), Terms(scope="all"))
    Snapshot.objects.update(layout="of-yesterday")
    assert run_next()
    assert Snapshot.objects.get().state == Snapshot.FAILED
    assert "there is no layout of-yesterday" in Snapshot.objects.get().fault


def test_a_new_owner_is_matched_when_folded_again(tmp_path: Path) -> None:
    take(tmp_path, 0, seen(0, HERE))
    contoso = Organisation.objects.create(name="Contoso", sector="energy")
    Claim.objects.create(organisation=contoso, kind="host", value=HERE)
    refold([Standing.objects.get().server_id])
    standing = Standing.objects.get()
    assert (standing.organisation_id, standing.sector) == (contoso.pk, "energy")
