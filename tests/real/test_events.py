"""Real event logs, version exports and a real web shell's remains, where they stand beside the checkout."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tocsin.artefacts import windows_evtx
from tocsin.artefacts.registry import identify
from tocsin.assessment.server import Request, assess_evidence, load_knowledge
from tocsin.evidence.evtx_chunks import Chunk, read_chunks
from tocsin.evidence.source import HEAD, Source
from tocsin.model.records import Item, Lost, Record

EVIDENCE = Path(__file__).parents[3] / "shared" / "evidence"

pytestmark = pytest.mark.real


def case(name: str) -> Path:
    return next(EVIDENCE.glob(f"{name}-*"))


def items_of(file: Path, root: Path) -> list[Item]:
    data = file.read_bytes()
    path = file.relative_to(root).as_posix()
    where = path.partition("/")[2].lower()
    source = Source(
        path=path,
        where=where,
        size=len(data),
        modified=None,
        opener=lambda: io.BytesIO(data),
        head=data[:HEAD],
    )
    module = identify(source)
    assert module is not None, path
    return list(module.parse(source))


def records_below(name: str, pattern: str) -> list[Record]:
    root = case(name) / "evidence"
    items = [item for file in sorted(root.rglob(pattern)) for item in items_of(file, root)]
    return [item for item in items if isinstance(item, Record)]


def claimed_by(file: Path) -> int:
    with file.open("rb") as stream:
        return sum(piece.claimed for piece in read_chunks(stream) if isinstance(piece, Chunk))


def test_damaged_logs_give_at_least_what_is_known_to_be_readable() -> None:
    root = case("D11")
    least: dict[str, int] = json.loads((root / "expected.json").read_text("utf-8"))["minimum_records"]
    assert least
    for name, count in least.items():
        file = next(root.rglob(name))
        items = items_of(file, root / "evidence")
        records = [item for item in items if isinstance(item, Record)]
        assert len(records) >= count, name
        lost = sum(item.count for item in items if isinstance(item, Lost))
        assert lost >= claimed_by(file) - len(records), name


def test_a_log_cut_by_a_wiped_page_counts_its_losses() -> None:
    root = case("D11")
    file = next(root.rglob("*HelloForBusiness*"))
    items = items_of(file, root / "evidence")
    assert sum(item.count for item in items if isinstance(item, Lost)) == 14


def test_the_tunnel_is_seen_in_sysmon() -> None:
    records = records_below("D02", "*.evtx")
    assert {record.kind for record in records} == {"event.sysmon"}
    assert [record.locator.record for record in records][:2] == [35076, 35077]
    assert any(record.fields["DestinationPort"] == "3389" for record in records)


def test_the_positional_data_of_an_exchange_cmdlet_is_named() -> None:
    (record,) = records_below("D08", "MSExchange*.evtx")
    assert record.kind == "event.msexchange-management"
    assert record.fields["Cmdlet"] == "Set-Mailbox"
    assert "-ForwardingSmtpAddress" in (record.fields["Parameters"] or "")
    assert record.fields["Process"] == "5668 w3wp#MSExchangePowerShellAppPool"
    assert record.fields["ActivityId"] == "a3591746-a27b-447a-b8be-ff54ae3a46f1"
    assert (record.fields["Sid"] or "").endswith("-500")


def test_an_iis_request_as_event_has_the_names_of_iis() -> None:
    (record,) = records_below("D05", "*.xml")
    assert record.kind == "iis.etw"
    assert record.time == datetime(2022, 10, 1, 11, 25, 51, tzinfo=UTC)
    assert record.fields["cs-uri-stem"] == "/autodiscover/autodiscover.json"
    assert (record.fields["cs-user-agent"] or "").startswith("Mozilla/5.0")
    assert record.fields["cs-referer"] is None
    assert "cs-cookie" not in record.fields


def test_the_version_export_gives_the_build() -> None:
    (record,) = records_below("D04", "ExSetup.clixml")
    assert record.fields["Build"] == "15.1.2375.7"
    assert (record.fields["File"] or "").endswith("ExSetup.exe")


def test_the_remains_of_a_web_shell_tell_when_and_where() -> None:
    page, settings = records_below("D06", "*.aspx")
    assert (page.kind, settings.kind) == ("web.file", "exchange.vdir-dump")
    assert page.fields["Url"] == "/aspnet_client/shell.aspx"
    assert settings.time == datetime(2021, 3, 4, 16, 7, 21, tzinfo=UTC)
    assert settings.fields["WhenCreatedUTC"] == "2021-03-04T02:17:56Z"
    assert settings.fields["UtcOffset"] == "-08:00"
    assert settings.fields["Build"] == "15.1.2106.2"
    assert settings.fields["ScriptPresent"] == "false"


@pytest.mark.parametrize("name", ["D08", "D11"])
def test_events_in_brief_change_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    knowledge = load_knowledge()
    request = Request(evidence=case(name) / "evidence", at=datetime(2026, 1, 1, tzinfo=UTC))
    asked = assess_evidence(request, knowledge)
    monkeypatch.setattr(windows_evtx, "parse_asked", lambda source, _: windows_evtx.parse(source))
    assert assess_evidence(request, knowledge) == asked
    assert any(row.kind.startswith("event.") and row.records for row in asked.coverage.artefacts)
