"""Events go in brief only where nobody asks about them: what they would have shown is the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.artefacts.specimens import source_of_bytes
from tests.detections.exposure_makers import exchange
from tests.detections.rule_makers import indicator, pack, record

from tocsin.artefacts import windows_evtx
from tocsin.detections import builds, identity
from tocsin.detections.builds import BuildCollector
from tocsin.detections.disk import DiskState
from tocsin.detections.event_interest import EventInterest
from tocsin.detections.identity import IdentityCollector, ProductSigns
from tocsin.detections.known_good import KnownFiles
from tocsin.detections.matching import Matcher
from tocsin.detections.mitigations import MitigationCollector
from tocsin.detections.pages import PageActivity
from tocsin.detections.pipeline import Detections, detect
from tocsin.evidence.opening import open_evidence
from tocsin.exercise.evtx import WrittenEvent, write_evtx
from tocsin.exercise.written_event import Element
from tocsin.model.places import Locator
from tocsin.model.records import Brief, Record
from tocsin.packs.loading import load_packs

PATH = "C/Windows/System32/winevt/Logs/Security.evtx"
START = datetime(2021, 3, 3, 6, 49, 42, tzinfo=UTC)
AUDITING = "Microsoft-Windows-Security-Auditing"
FRAMES = (
    (AUDITING, 4624, "Security"),
    (AUDITING, 4688, "Security"),
    ("Contoso", 5, "Application"),
    ("MSExchange Control Panel", 4, "Application"),
    ("Service Control Manager", 7045, "System"),
    ("Service Control Manager", 7036, "System"),
    ("PowerShell", 4104, "Microsoft-Windows-PowerShell/Operational"),
    ("Microsoft-Windows-Sysmon", 1, "Microsoft-Windows-Sysmon/Operational"),
    ("Microsoft-Windows-Windows Defender", 1117, "Microsoft-Windows-Windows Defender/Operational"),
    ("MSExchange CmdletLogs", 1, "MSExchange Management"),
    ("Microsoft-Windows-IIS-Logging", 6200, "Microsoft-IIS-Logging/Logs"),
)
NAMES = (
    None, "IpAddress", "SubjectUserName", "Data", "Path", "Image", "ImagePath", "NewProcessName",
    "CommandLine", "TargetFilename", "Hashes", "ServiceName", "ScriptBlockText", "param1", "Message", "Text",
    "BLD", "UtcOffset", "cs-uri-stem", "ServerName", "Computer", "AdminDisplayVersion", "MajorVersion",
)  # fmt: skip
INDICATORS = pack(
    indicators=[
        indicator("ipv4", "203.0.113.7"),
        indicator("domain", "shell.contoso.example"),
        indicator("filename", "odd.aspx"),
        indicator("cmdline_substr", "grab everything"),
        indicator("service_name", "oddsvc"),
        indicator("string", "k-word & more"),
        indicator("sha256", "ab" * 32),
    ]
)
VALUES = (
    "203.0.113.7", "::ffff:203.0.113.7", "::FFFF:cb00:7107", "::1", "shell.contoso.example",
    "Shell.Contoso.Example", "shell%2Econtoso%2eexample", "C:\\inetpub\\wwwroot\\odd.aspx",
    "cmd /c Grab Everything", "OddSvc", "-", "%%1833", "\u212a-word & more", "SHA256=" + "AB" * 32,
    "/ecp/odd.aspx", "15.1.2106.2", "plain", "15", "-08:00", "a\r\nb", "Z\"q'<x>",
)  # fmt: skip


@cache
def matcher() -> Matcher:
    return Matcher([*load_packs(), INDICATORS])


def interest() -> EventInterest:
    return EventInterest(matcher(), ProductSigns({"exchange": exchange().file.signs}).asked_fields)


def event(frame: tuple[str, int, str], data: list[tuple[str | None, str]], number: int = 0) -> WrittenEvent:
    provider, event_id, channel = frame
    return WrittenEvent(
        provider=provider,
        event_id=event_id,
        channel=channel,
        time=START + timedelta(minutes=7 * number),
        data=data,
    )


def both(events: list[WrittenEvent]) -> Iterator[tuple[Record, Record]]:
    """Pairs of each event as it is given in full, and as it is given to one with an interest."""
    source = source_of_bytes(write_evtx(events), PATH)
    full, asked = windows_evtx.parse(source), windows_evtx.parse_asked(source, interest())
    for one, other in zip(full, asked, strict=True):
        assert isinstance(one, Record)
        assert isinstance(other, Record)
        yield one, other


def every_event() -> list[WrittenEvent]:
    cases = [(frame, name, value) for frame in FRAMES for name in NAMES for value in VALUES]
    return [event(frame, [("Note", "x"), (name, value)]) for frame, name, value in cases]


def test_what_goes_in_brief_meets_no_rule_and_no_indicator() -> None:
    brief = met = 0
    for full, asked in both(every_event()):
        found = matcher().observe(full)
        if isinstance(asked, Brief):
            assert not found, full
            assert (asked.kind, asked.locator, asked.time) == (full.kind, full.locator, full.time)
            assert asked.fields == {name: full.fields[name] for name in asked.fields}
            brief += 1
        else:
            assert asked == full
            met += bool(found)
    assert brief > 300
    assert met > 200


@pytest.mark.parametrize("frame", FRAMES)
def test_only_floods_that_nobody_asks_about_go_in_brief(frame: tuple[str, int, str]) -> None:
    ((_, asked),) = both([event(frame, [("Note", "x"), ("IpAddress", "192.0.2.7")])])
    expected = frame[:2] in {(AUDITING, 4624), ("Contoso", 5), ("PowerShell", 4104)}
    assert isinstance(asked, Brief) is expected


def test_data_under_other_elements_are_read_in_full() -> None:
    part = Element(name="Path", text="C:\\inetpub\\wwwroot\\odd.aspx")
    user_data = Element(name="UserData", children=[Element(name="Info", children=[part])])
    given_ = msgspec.structs.replace(event(FRAMES[2], []), user_data=user_data)
    ((full, asked),) = both([given_])
    assert asked == full
    assert full.fields["Path"]


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\ufffe\uffff"), max_size=30)
PAIRS = st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES) | TEXTS)
EVENTS = st.builds(event, st.sampled_from(FRAMES), st.lists(PAIRS, max_size=5), st.integers(0, 500))


@settings(max_examples=40, deadline=None)
@given(st.lists(EVENTS, min_size=1, max_size=8))
def test_the_whole_detection_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, events: list[WrittenEvent]
) -> None:
    folder = tmp_path_factory.mktemp("evidence")
    file = folder / PATH
    file.parent.mkdir(parents=True)
    file.write_bytes(write_evtx(events))
    asked = summary(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows_evtx, "parse_asked", lambda source, _: windows_evtx.parse(source))
        assert summary(folder) == asked


def summary(folder: Path) -> dict[str, object]:
    with open_evidence(folder) as evidence:
        found: Detections = detect(evidence, [*load_packs(), INDICATORS], [exchange()])
    return {
        "findings": found.findings,
        "folded": found.folded,
        "rows": found.account.rows({"event.security": 24}),
        "name": (found.identity.name(), found.identity.utc_offset()),
        "products": found.products,
        "builds": found.builds.result(exchange()),
        "skipped": found.skipped,
        "notices": found.notices,
    }


class Asked(dict[str, str | None]):
    """Fields that note what they are asked for."""

    def __init__(self, fields: dict[str, str | None]) -> None:
        """Start with nothing asked."""
        super().__init__(fields)
        self.names: set[str] = set()

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]  # enough here
        self.names.add(name)
        return super().get(name, default)


@pytest.mark.parametrize(
    "kind",
    [
        "event.application",
        "event.other",
        "event.powershell",
        "event.security",
        "event.sysmon",
        "event.system",
    ],
)
def test_collectors_ask_events_for_nothing_but_what_they_declare(kind: str) -> None:
    fields = Asked({"EventID": "4624"})
    one = msgspec.structs.replace(record(kind), fields=fields)
    signs = ProductSigns({"exchange": exchange().file.signs})
    source = source_of_bytes(b"", PATH)
    for take in (IdentityCollector(), signs, PageActivity(), DiskState(), KnownFiles([exchange()])):
        take.observe(one)
    for collector in (BuildCollector(), MitigationCollector()):
        collector.observe(one, source)
    frame = {"EventID", "Provider_Name", "Channel", "Computer", "Level"}
    assert fields.names - frame <= builds.ASKED_FIELDS | identity.ASKED_FIELDS | signs.asked_fields


def test_a_text_that_a_scan_may_miss_closes_the_way() -> None:
    for value in ("12345", "two\nlines"):
        matching = Matcher([pack(indicators=[indicator("string", value)])])
        assert EventInterest(matching).in_frame("event.other", {})
    assert not EventInterest(Matcher([INDICATORS])).in_frame("event.other", {})


def test_a_brief_record_keeps_its_place() -> None:
    ((_, asked), _) = both([event(FRAMES[0], [], number) for number in range(2)])
    assert asked.locator == Locator(path=PATH, record=1, offset=4096 + 512)
    assert "EventRecordID" not in asked.fields
