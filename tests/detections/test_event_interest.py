"""Events go in brief only where nobody asks about them: what they would have shown is the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.artefacts.specimens import source_of_bytes
from tests.detections.exposure_makers import exchange
from tests.detections.rule_makers import indicator, pack, record

from tocsin.artefacts import windows_evtx
from tocsin.detections import builds, identity
from tocsin.detections.account import CoverageAccount
from tocsin.detections.builds import BuildCollector
from tocsin.detections.copies import Copies
from tocsin.detections.disk import DiskState
from tocsin.detections.event_interest import EventInterest
from tocsin.detections.identity import IdentityCollector, ProductSigns
from tocsin.detections.indicators import IndicatorMatcher
from tocsin.detections.known_good import KnownFiles
from tocsin.detections.matching import Matcher
from tocsin.detections.mitigations import MitigationCollector
from tocsin.detections.pages import PageActivity
from tocsin.detections.pipeline import Detections, detect
from tocsin.detections.scanning.engines import engine_named
from tocsin.detections.scanning.lanes import Scanning
from tocsin.detections.values import Row
from tocsin.evidence.opening import open_evidence
from tocsin.exercise.evtx import WrittenEvent, write_evtx
from tocsin.exercise.written_event import Element
from tocsin.model.places import Locator
from tocsin.model.records import Briefs, Given, Record
from tocsin.packs.loading import load_packs
from tocsin.packs.schema import IndicatorRow

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


ENGINES = ("hyperscan", "yara-x")
CHANNELS = {
    "event.application": ("Contoso", "Application"),
    "event.defender": (
        "Microsoft-Windows-Windows Defender",
        "Microsoft-Windows-Windows Defender/Operational",
    ),
    "event.msexchange-management": ("MSExchange CmdletLogs", "MSExchange Management"),
    "event.powershell": ("PowerShell", "Windows PowerShell"),
    "event.security": (AUDITING, "Security"),
    "event.sysmon": ("Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational"),
    "event.system": ("Service Control Manager", "System"),
}
SOURCES = {"Image": "NewProcessName", "ParentImage": "ParentProcessName"}


class Brief(msgspec.Struct, frozen=True):
    """One of the records that go in brief."""

    kind: str
    number: int
    time: datetime | None
    fields: Mapping[str, str | None]


@cache
def matcher() -> Matcher:
    return Matcher([*load_packs(), INDICATORS])


@cache
def indicators() -> tuple[IndicatorMatcher, ...]:
    return tuple(IndicatorMatcher(one.id, one.indicators) for one in (*load_packs(), INDICATORS))


def is_met(full: Record) -> bool:
    """Tell whether any rule or indicator meets the record; every one is asked."""
    index = matcher().index(full.kind)
    row = Row(full.fields, full.kind)
    by_rule = index is not None and any(rule.holds(row) for rule in index.rules)
    return by_rule or any(True for one in indicators() for _ in one.observe(full))


@cache
def interest(engine: str = "hyperscan") -> EventInterest:
    make = engine_named(engine)
    assert make is not None
    return EventInterest(matcher(), make, ProductSigns({"exchange": exchange().file.signs}).texts)


def event(frame: tuple[str, int, str], data: list[tuple[str | None, str]], number: int = 0) -> WrittenEvent:
    provider, event_id, channel = frame
    return WrittenEvent(
        provider=provider,
        event_id=event_id,
        channel=channel,
        time=START + timedelta(minutes=7 * number),
        data=data,
    )


def both(
    events: list[WrittenEvent], asking: EventInterest | None = None
) -> Iterator[tuple[Record, Record | Brief]]:
    """Pairs of each event as it is given in full, and as it is given to one with an interest."""
    source = source_of_bytes(write_evtx(events), PATH)
    asked = windows_evtx.parse_asked(source, asking or interest())
    for one, other in zip(windows_evtx.parse(source), spread(asked), strict=True):
        assert isinstance(one, Record)
        yield one, other


def spread(items: Iterable[Given]) -> Iterator[Record | Brief]:
    for item in items:
        if isinstance(item, Briefs):
            for number, moment, fields in zip(item.numbers, item.times, item.fields, strict=True):
                yield Brief(item.kind, number, moment, fields)
        else:
            assert isinstance(item, Record)
            yield item


def every_event() -> list[WrittenEvent]:
    cases = [(frame, name, value) for frame in FRAMES for name in NAMES for value in VALUES]
    return [event(frame, [("Note", "x"), (name, value)]) for frame, name, value in cases]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_goes_in_brief_meets_no_rule_and_no_indicator(engine: str) -> None:
    brief = met = 0
    for full, asked in both(every_event(), interest(engine)):
        found = is_met(full)
        if isinstance(asked, Brief):
            assert not found, full
            assert (asked.kind, asked.number, asked.time) == (full.kind, full.locator.record, full.time)
            assert asked.fields == {name: full.fields[name] for name in asked.fields}
            brief += 1
        else:
            assert asked == full
            met += found
    assert brief > 1200
    assert met > 200


@pytest.mark.parametrize("frame", FRAMES)
def test_only_what_nobody_asks_about_goes_in_brief(frame: tuple[str, int, str]) -> None:
    ((_, asked),) = both([event(frame, [("Note", "x"), ("IpAddress", "192.0.2.7")])])
    whole = frame[1] in {1117, 6200}  # what Defender removed, and requests
    assert isinstance(asked, Brief) is not whole


def test_data_under_other_elements_are_looked_at_as_well() -> None:
    asked_for = ("Path", "C:\\inetpub\\wwwroot\\odd.aspx")
    ((full, asked),) = both([in_elements(event(FRAMES[2], [asked_for]))])
    assert full.fields["Path"]
    assert asked == full
    ((_, asked),) = both([in_elements(event(FRAMES[2], [("Path", "C:\\inetpub")]))])
    assert isinstance(asked, Brief)


def in_elements(one: WrittenEvent) -> WrittenEvent:
    """The event with its data in elements of their names, as providers with a format of their own write."""
    parts = [Element(name=name or "Data", text=value) for name, value in one.data]
    info = Element(name="Info", attributes={"xmlns": "Contoso/Events"}, children=parts)
    user_data = Element(name="UserData", children=[info])
    return msgspec.structs.replace(one, data=[], user_data=user_data)


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\ufffe\uffff"), max_size=30)
PAIRS = st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES) | TEXTS)
EVENTS = st.builds(event, st.sampled_from(FRAMES), st.lists(PAIRS, max_size=5), st.integers(0, 500))


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.lists(EVENTS, min_size=1, max_size=8), st.sampled_from(("yara-x", "none")))
def test_the_whole_detection_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, events: list[WrittenEvent], engine: str
) -> None:
    folder = tmp_path_factory.mktemp("evidence")
    file = folder / PATH
    file.parent.mkdir(parents=True)
    file.write_bytes(write_evtx(events))
    asked = summary(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows_evtx, "parse_asked", lambda source, _: windows_evtx.parse(source))
        assert summary(folder) == asked
    assert summary(folder, engine) == asked


def summary(folder: Path, engine: str = "auto") -> dict[str, object]:
    with open_evidence(folder) as evidence:
        packs, scanning = [*load_packs(), INDICATORS], Scanning(engine=engine)
        found: Detections = detect(evidence, packs, [exchange()], scanning=scanning)
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
        "event.defender",
        "event.msexchange-management",
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


def examples() -> Iterator[tuple[tuple[str, int, str], list[tuple[str | None, str]]]]:
    """Frames and data of the events that the packs' own rules are proved by, matches and near misses."""
    for pack_ in load_packs():
        for rule in pack_.rules:
            for example in (*rule.head.examples.matches, *rule.head.examples.ignores):
                for given_ in example if isinstance(example, tuple) else (example,):
                    if given_.get("kind") in CHANNELS:
                        yield example_event({name: str(value) for name, value in given_.items()})


def example_event(given_: dict[str, str]) -> tuple[tuple[str, int, str], list[tuple[str | None, str]]]:
    provider, channel = CHANNELS[given_.pop("kind")]
    frame = (
        given_.pop("Provider_Name", provider),
        int(given_.pop("EventID", "1")),
        given_.pop("Channel", channel),
    )
    given_.pop("time", None)
    if channel == "MSExchange Management":
        told = [given_.get("Cmdlet", ""), given_.get("Parameters", ""), given_.get("User", "")]
        return frame, [(None, value) for value in told]
    sources = SOURCES if frame[1] == 4688 else {}
    return frame, [
        (None if name == "Data" else sources.get(name, name), value) for name, value in given_.items()
    ]


EXAMPLES = tuple(examples())


@pytest.mark.parametrize("engine", ENGINES)
def test_every_event_that_a_rule_is_proved_by_is_read_in_full(engine: str) -> None:
    met = 0
    for full, asked in both([event(*one) for one in EXAMPLES], interest(engine)):
        if is_met(full):
            assert asked == full
            met += 1
    assert met > 40


def spelt(value: str, way: int) -> str:
    """The value in another spelling that means the same to some rule or indicator."""
    ways = (
        str.upper,
        str.lower,
        lambda text: text.replace("\\", "/"),
        lambda text: text.replace("\\", "\\\\"),
        lambda text: text.replace(" ", "\r\n", 1),
        lambda text: text.replace(" ", "  "),
        lambda text: text.replace("k", "\u212a").replace("K", "\u212a"),
        lambda text: "".join(f"%{ord(one):02x}" if ord(one) < 128 else one for one in text),
        lambda text: text.replace("/", "%252F").replace(".", "%2e"),
        lambda text: f"{text}\n",
        lambda text: f'<{text}> & "more"',
        lambda text: text[::-1],
        lambda text: text,
    )
    return ways[way % len(ways)](value)


SEEDS = (
    *EXAMPLES,
    *((frame, [(name, value)]) for frame in FRAMES for name in NAMES for value in VALUES[:15]),
)
CHANGES = st.lists(st.integers(0, 12), min_size=1, max_size=4)


Chosen = tuple[tuple[tuple[str, int, str], list[tuple[str | None, str]]], list[int], Any]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(SEEDS), CHANGES, st.sampled_from((None, *SEEDS))), min_size=1, max_size=6
    ),
    st.sampled_from(ENGINES),
    st.booleans(),
)
def test_no_spelling_of_what_matters_is_let_go(chosen: list[Chosen], engine: str, elements: bool) -> None:
    events = []
    for (frame, data), ways, also in chosen:
        changed = [(name, spelt(value, ways[at % len(ways)])) for at, (name, value) in enumerate(data)]
        one = event(frame, [*changed, *(also[1] if also else ())])
        events.append(in_elements(one) if elements else one)
    for full, asked in both(events, interest(engine)):
        if isinstance(asked, Brief):
            assert not is_met(full), full.fields


def test_a_text_that_a_scan_may_miss_closes_the_way() -> None:
    frame = {"EventID": "5", "Provider_Name": "Contoso", "Channel": "Application"}
    for row in (indicator("string", "12345"), indicator("string", "\u00e9"), indicator("filename", "")):
        assert interest_in(row).of_frame("event.other", frame) is None
    assert interest_in(indicator("string", "k12345")).of_frame("event.other", frame) is not None


def interest_in(*rows: IndicatorRow) -> EventInterest:
    make = engine_named("auto")
    assert make is not None
    return EventInterest(Matcher([pack(indicators=rows)]), make)


def test_a_frame_that_meets_an_indicator_or_a_keyword_has_its_events_read_in_full() -> None:
    asking = interest_in(indicator("domain", "shell.contoso.example"))
    assert asking.of_frame("event.other", {"Computer": "Shell.contoso.example"}) is None
    assert asking.of_frame("event.other", {"Computer": "mail.contoso.example"}) is not None


def spread_record(record_: Record) -> Briefs:
    return Briefs(
        kind=record_.kind,
        locator=record_.locator,
        numbers=(record_.locator.record or 0,),
        times=(record_.time,),
        fields=(record_.fields,),
    )


def joined(briefs: list[Briefs]) -> Briefs:
    return Briefs(
        kind=briefs[0].kind,
        locator=briefs[0].locator,
        numbers=tuple(number for one in briefs for number in one.numbers),
        times=tuple(moment for one in briefs for moment in one.times),
        fields=tuple(fields for one in briefs for fields in one.fields),
    )


HOURS = st.none() | st.integers(0, 400)
PLACED = st.lists(st.tuples(st.integers(1, 30), HOURS), min_size=1, max_size=12)


def placed(number: int, hours: int | None) -> Record:
    return Record(
        kind="event.security",
        locator=Locator(path=PATH, record=number),
        time=None if hours is None else START + timedelta(minutes=20 * hours),
        fields={"Computer": f"host{number % 3}"},
    )


@given(PLACED, PLACED)
def test_records_in_brief_count_as_those_in_full(
    before: list[tuple[int, int | None]], after: list[tuple[int, int | None]]
) -> None:
    disk = source_of_bytes(b"", PATH)
    shadow = msgspec.structs.replace(disk, where=f"shadow-copy-1/{disk.where}")
    full, brief = Copies(), Copies()
    accounts = CoverageAccount(), CoverageAccount()
    names = IdentityCollector(), IdentityCollector()
    for source, given_ in ((disk, before), (shadow, after)):
        records = [placed(*one) for one in given_]
        for one in records:
            if full.new(one, source):
                accounts[0].count(one)
                names[0].observe(one)
        if rest := brief.new(joined([spread_record(one) for one in records]), source):
            assert isinstance(rest, Briefs)
            accounts[1].count(rest)
            for fields, times in rest.by_fields():
                names[1].take(fields, times)
    assert accounts[0].rows({}) == accounts[1].rows({})
    assert full.take() == brief.take()
    assert names[0].name() == names[1].name()


def test_a_product_that_was_seen_is_asked_for_no_more() -> None:
    signs = ProductSigns({"exchange": exchange().file.signs})
    make = engine_named("auto")
    assert make is not None
    asks = EventInterest(Matcher([INDICATORS]), make, signs.texts).of_frame("event.system", {"EventID": "1"})
    assert asks is not None
    texts = ["nothing", '<Data Name="s-queuename">MSExchangeOWAAppPool</Data>']
    assert asks.among(texts) == {1}
    signs.seen.add("exchange")
    assert not asks.among(texts)


def test_brief_records_keep_their_places() -> None:
    (_, one), (_, other) = both([event(FRAMES[0], [], number) for number in range(2)])
    assert isinstance(one, Brief)
    assert isinstance(other, Brief)
    assert (one.number, other.number) == (1, 2)
    assert "EventRecordID" not in one.fields
