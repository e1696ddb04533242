"""What a shadow copy holds a second time counts once; what it alone holds counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.detections.exposure_makers import source
from tests.detections.test_pipeline import HEAD, LOG, ROW, detected

from tocsin.detections.copies import Copies
from tocsin.model.places import Locator
from tocsin.model.records import Record

START = datetime(2021, 3, 3, tzinfo=UTC)
EVENTS = "windows/system32/winevt/logs/security.evtx"
SERVED = "2021-03-03 06:49:42 192.0.2.1 GET /aspnet_client/x.aspx 200\n"
KAPE = "VSS1/"
VELOCIRAPTOR = "uploads/ntfs/%5C%5C%3F%5CGLOBALROOT%5CDevice%5CHarddiskVolumeShadowCopy7/"


def records_of(found_in: Path, **files: str) -> tuple[int, int]:
    """Give how many rows of IIS were read, and how often the page was asked for."""
    found = detected(found_in, **files)
    page = found.pages.get("/aspnet_client/x.aspx")
    rows = {row.kind: row.records for row in found.account.rows({})}
    return rows["iis.w3c"], page.requests if page else 0


@pytest.mark.parametrize("prefix", [KAPE + "C/", VELOCIRAPTOR])
@pytest.mark.parametrize("kept", [HEAD + ROW + SERVED, HEAD + ROW + SERVED[:30], HEAD])
def test_the_beginning_of_a_log_is_not_read_again(tmp_path: Path, prefix: str, kept: str) -> None:
    shadow = f"{prefix}{LOG.removeprefix('C/')}"
    assert records_of(tmp_path, **{LOG: HEAD + ROW + SERVED, shadow: kept}) == (2, 1)


def test_a_log_that_the_disk_has_lost_is_read_from_the_newest_copy(tmp_path: Path) -> None:
    files = {f"VSS1/{LOG}": HEAD + ROW, f"VSS2/{LOG}": HEAD + ROW + SERVED, f"VSS10/{LOG}": HEAD + ROW}
    found = detected(tmp_path, **files)
    assert {row.kind: row.records for row in found.account.rows({})} == {"iis.w3c": 3}
    assert any("shadow copies" in one for one in found.notices)


def test_a_log_that_was_changed_since_is_read_as_well(tmp_path: Path) -> None:
    assert records_of(tmp_path, **{LOG: HEAD + ROW, f"VSS1/{LOG}": HEAD + SERVED}) == (2, 1)


def event(number: int, at: int = 0) -> Record:
    return Record(
        kind="event.security",
        locator=Locator(path="x", record=number),
        time=START + timedelta(minutes=at),
        fields={},
    )


def test_an_event_of_a_copy_counts_once_by_number_and_time() -> None:
    copies = Copies()
    disk = source(EVENTS)
    shadow = replace(disk, where=f"shadow-copy-3/{EVENTS}")
    for number in (100, 101, 102, 200):
        assert copies.new(event(number, number), disk)
    again = [copies.new(event(number, number), shadow) is None for number in (99, 100, 102, 103, 200)]
    assert again == [False, True, True, False, True]
    assert copies.new(event(101, 9_999), shadow)
    assert copies.new(event(100, 100), replace(disk, where="shadow-copy-3/winevt/logs/system.evtx"))


@given(st.lists(st.integers(1, 60), unique=True, min_size=1), st.integers(1, 60))
def test_numbers_that_rise_are_known_exactly(numbers: list[int], asked: int) -> None:
    copies = Copies()
    disk = source(EVENTS)
    for number in sorted(numbers):
        copies.new(event(number, number), disk)
    shadow = replace(disk, where=f"shadow-copy-1/{EVENTS}")
    assert (copies.new(event(asked, asked), shadow) is None) is (asked in numbers)
