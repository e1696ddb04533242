"""Event logs of a made server: each trace in its log, in three forms alike, with the truth beside it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.exercise.workshops import (
    BUILDS,
    PAGE,
    START,
    W3WP,
    items_of,
    label,
    records_of,
    run,
    scenario,
    story,
    workshop,
)

from tocsin.exercise.languages import culture_of, texts_of
from tocsin.exercise.scenario import Collection, Scenario, Server
from tocsin.exercise.story import Command, EventWritten, ProcessStarted, Trace
from tocsin.exercise.workshop import Workshop
from tocsin.exercise.writers.events import Events
from tocsin.model.records import Header, Record

LOGS = "C/Windows/System32/winevt/Logs"
FORMS = ("evtx", "xml", "jsonl")


def made(root: Path, given: Scenario | None = None, traces: list[Trace] | None = None) -> Workshop:
    shop = workshop(root, given)
    run(shop, Events, story() if traces is None else traces)
    return shop


def found(root: Path, kind: str, number: int, **having: str) -> list[Record]:
    return [
        record
        for record in records_of(root, kind)
        if record.fields["EventID"] == str(number)
        and all(record.fields.get(name) == value for name, value in having.items())
    ]


def only(root: Path, kind: str, number: int, **having: str) -> Record:
    (record,) = found(root, kind, number, **having)
    return record


def test_a_cmdlet_is_a_management_event(tmp_path: Path) -> None:
    made(tmp_path)
    record = only(tmp_path, "event.msexchange-management", 1, Cmdlet="Set-OabVirtualDirectory")
    fields = record.fields
    assert record.time == START
    assert fields["Parameters"] == (
        "-ExternalUrl \"http://f/<script language='JScript' runat='server'>/* inert marker */</script>\""
        ' -Force "True" -InternalUrl $null'
    )
    assert fields["User"] == "contoso.example/Users/Administrator"
    sid = fields["Sid"] or ""
    assert sid.startswith("S-1-5-21-")
    assert sid.endswith("-500")
    assert fields["Data4"] == sid
    assert fields["Host"] == "ECP-ECP-/ecp/DDI/DDIService.svc/SetObject"
    assert (fields["Process"] or "").endswith(" w3wp#MSExchangeECPAppPool")
    assert fields["Error"] is None
    assert fields["Computer"] == "MAIL01.contoso.example"
    assert len(fields["ActivityId"] or "") == 36
    assert fields["Data26"] == "en-US"
    assert "Data27" not in fields


def test_a_failed_cmdlet_of_the_control_panel_is_told_twice(tmp_path: Path) -> None:
    made(tmp_path)
    failed = only(tmp_path, "event.msexchange-management", 6)
    assert failed.fields["Error"] == "The operation failed.\nTry again."
    assert failed.fields["Parameters"] == '-Name "Änne "A" <x> & y"'
    assert failed.fields["User"] == "contoso.example/Users/anna"
    assert failed.fields["Level"] == "2"
    panel = only(tmp_path, "event.application", 4)
    assert panel.fields["Provider_Name"] == "MSExchange Control Panel"
    assert panel.fields["Data1"] == "https://mail01.contoso.example:444/ecp/"


def test_a_front_end_error_names_the_anchor(tmp_path: Path) -> None:
    made(tmp_path)
    record = only(tmp_path, "event.application", 1002)
    assert record.fields["Provider_Name"] == "MSExchange Front End HTTP Proxy"
    assert record.fields["Data0"] == "Ecp"
    assert (record.fields["Data1"] or "").startswith("ServerInfo~a]@mail01.contoso.example:444/autodiscover/")


def test_a_program_is_seen_by_audit_and_by_sysmon(tmp_path: Path) -> None:
    made(tmp_path)
    command = 'cmd /c "echo [S]&whoami"'
    for kind, number in (("event.security", 4688), ("event.sysmon", 1)):
        fields = only(tmp_path, kind, number, CommandLine=command).fields
        assert fields["Image"] == "C:\\Windows\\System32\\cmd.exe"
        assert fields["ParentImage"] == W3WP
    assert (
        only(tmp_path, "event.sysmon", 1, CommandLine=command).fields["ParentCommandLine"]
        == "w3wp.exe -ap MSExchangeOWAAppPool"
    )
    assert only(tmp_path, "event.security", 4688, CommandLine=command).fields["SubjectUserSid"] == "S-1-5-18"
    written = only(tmp_path, "event.sysmon", 11)
    assert written.fields["TargetFilename"] == PAGE
    assert written.fields["Image"] == W3WP


def test_what_is_switched_off_logs_nothing(tmp_path: Path) -> None:
    story_of_sysmon = EventWritten(
        at=START,
        channel="Microsoft-Windows-Sysmon/Operational",
        provider="Microsoft-Windows-Sysmon",
        event_id=3,
        level=4,
        data=(("Image", W3WP),),
        label=label(),
    )
    audited = replace(
        story_of_sysmon, channel="Security", provider="Microsoft-Windows-Security-Auditing", event_id=4688
    )
    shop = made(tmp_path, scenario(server=Server(builds=BUILDS)), [story_of_sysmon, audited, *story()[5:]])
    assert not (tmp_path / LOGS / "Microsoft-Windows-Sysmon%4Operational.evtx").exists()
    numbers = Counter(record.fields["EventID"] for record in records_of(tmp_path, "event.security"))
    assert set(numbers) == {"4624"}
    assert {row.kind for row in shop.ledger.rows} == {"event.system", "event.application", "event.defender"}


def test_defender_says_what_it_removed(tmp_path: Path) -> None:
    made(tmp_path)
    seen, acted = (only(tmp_path, "event.defender", number).fields for number in (1116, 1117))
    assert seen["Path"] == acted["Path"] == f"file:_{PAGE}"
    assert (seen["Action ID"], acted["Action ID"], acted["Action Name"]) == ("9", "2", "Quarantine")
    assert seen["Detection ID"] == acted["Detection ID"]


def test_any_other_event_stands_as_the_story_has_it(tmp_path: Path) -> None:
    made(tmp_path)
    service = only(tmp_path, "event.system", 7045)
    assert service.fields["ServiceName"] == "msupdate"
    voice = only(tmp_path, "event.application", 1082)
    assert (voice.fields["Data0"], voice.fields["Data1"]) == ("first", "System.InvalidCastException")
    assert voice.fields["Level"] == "2"


@pytest.mark.parametrize("form", FORMS)
def test_the_ledger_leads_to_every_labelled_event(tmp_path: Path, form: str) -> None:
    shop = made(tmp_path, scenario(collection=Collection(events=form)))
    items = items_of(tmp_path)
    kinds = Counter()
    for row in shop.ledger.rows:
        here = [item for item in items[row.path] if item.locator.record == row.record]
        (item,) = here
        assert isinstance(item, Record)
        assert item.kind == row.kind
        assert item.locator.line == row.line
        assert item.time is not None
        assert timedelta() <= item.time - START <= timedelta(seconds=11)
        kinds[row.kind] += 1
    assert kinds == {
        "event.msexchange-management": 2,
        "event.application": 3,
        "event.sysmon": 2,
        "event.security": 1,
        "event.system": 1,
        "event.defender": 2,
    }


def test_three_forms_say_the_same(tmp_path: Path) -> None:
    told = []
    for form in FORMS:
        root = tmp_path / form
        root.mkdir()
        made(root, scenario(collection=Collection(events=form)))
        items = items_of(root)
        assert all(path.endswith(f".{form}") for path in items)
        rows = [item for path in sorted(items) for item in items[path] if not isinstance(item, Header)]
        assert all(isinstance(item, Record) and not item.weak for item in rows)
        told.append([(item.kind, item.time, item.fields) for item in rows if isinstance(item, Record)])
    assert told[0] == told[1] == told[2]
    assert len(told[0]) > 500


def test_lines_stay_true_where_a_value_has_lines_of_its_own(tmp_path: Path) -> None:
    traces: list[Trace] = [
        Command(
            at=START,
            cmdlet="Set-Mailbox",
            parameters=(("Notes", "one\r\ntwo\nthree"),),
            user="anna",
            via="powershell",
        ),
        Command(
            at=START, cmdlet="Get-Queue", parameters=(), user="anna", via="powershell", label=label("benign")
        ),
    ]
    shop = made(tmp_path, scenario(collection=Collection(events="xml")), traces)
    (row,) = shop.ledger.rows
    lines = (tmp_path / row.path).read_bytes().split(b"\n")
    assert b"Get-Queue" in lines[(row.line or 0) - 1]


def test_a_withheld_kind_takes_its_log_away(tmp_path: Path) -> None:
    whole, less = tmp_path / "whole", tmp_path / "less"
    for root in (whole, less):
        root.mkdir()
    made(whole)
    shop = made(less, scenario(collection=Collection(withhold=("event.application", "event.sysmon"))))
    gone = {path.name for path in (whole / LOGS).iterdir()} - {path.name for path in (less / LOGS).iterdir()}
    assert gone == {"Application.evtx", "Microsoft-Windows-Sysmon%4Operational.evtx"}
    assert not {row.kind for row in shop.ledger.rows} & {"event.application", "event.sysmon"}
    other = f"{LOGS}/Security.evtx"
    assert (whole / other).read_bytes() == (less / other).read_bytes()


@pytest.mark.parametrize(
    ("form", "kind"), [("evtx", "event.evtx"), ("xml", "event.xml"), ("jsonl", "event.json")]
)
def test_a_withheld_form_takes_all_logs_away(tmp_path: Path, form: str, kind: str) -> None:
    made(tmp_path, scenario(collection=Collection(events=form, withhold=(kind,))))
    assert not (tmp_path / LOGS).exists()


def test_everyday_events_fill_the_days_in_order(tmp_path: Path) -> None:
    given = scenario()
    made(tmp_path, given, [])
    for path, items in items_of(tmp_path).items():
        times = [item.time for item in items if isinstance(item, Record) and item.time]
        assert times == sorted(times), path
        assert times[0].date() == given.first_day
        assert timedelta() <= given.collected - times[-1] < timedelta(hours=24), path
        gaps = [later - earlier for earlier, later in pairwise(times)]
        assert max(gaps) < timedelta(hours=24), path


def test_events_of_a_story_stand_among_everyday_ones_in_order(tmp_path: Path) -> None:
    made(tmp_path)
    for path, items in items_of(tmp_path).items():
        times = [item.time for item in items if isinstance(item, Record) and item.time]
        assert times == sorted(times), path


@pytest.mark.parametrize(
    ("language", "word", "culture"),
    [
        ("de", "Standardbereich", "de-DE"),
        ("fr", "Portée", "fr-FR"),
        ("nb", "Standardområde", "nb-NO"),
        ("es", "Ámbito", "es-ES"),
        ("it", "Default Scope", "it-IT"),
        ("pt-BR", "Default Scope", "pt-BR"),
    ],
)
def test_exchange_speaks_the_servers_language(tmp_path: Path, language: str, word: str, culture: str) -> None:
    made(tmp_path, scenario(server=Server(builds=BUILDS, language=language)))
    fields = only(tmp_path, "event.msexchange-management", 1, Cmdlet="Set-OabVirtualDirectory").fields
    assert word in (fields["Data10"] or "")
    assert "dc01.contoso.example" in (fields["Data10"] or "")
    assert fields["Data26"] == culture_of(language) == culture
    acted = only(tmp_path, "event.defender", 1117).fields
    assert acted["Action Name"] == texts_of(language).quarantined
    assert acted["Action ID"] == "2"


def test_an_account_is_always_the_same(tmp_path: Path) -> None:
    users = ("CONTOSO\\anna", "anna@contoso.example", "contoso.example/Users/anna", "contoso.example\\Anna")
    traces: list[Trace] = [
        Command(at=START, cmdlet="Set-User", parameters=(), user=user, via="powershell") for user in users
    ]
    made(tmp_path, traces=traces)
    rows = found(tmp_path, "event.msexchange-management", 1, Cmdlet="Set-User")
    assert {row.fields["Sid"] for row in rows} == {rows[0].fields["Sid"]}
    assert {(row.fields["User"] or "").lower() for row in rows} == {"contoso.example/users/anna"}


def test_a_service_account_keeps_its_name(tmp_path: Path) -> None:
    trace = ProcessStarted(at=START, image=W3WP, parent=W3WP, command_line="w3wp", user="IIS APPPOOL\\x")
    command = Command(
        at=START, cmdlet="Set-User", parameters=(), user="NT AUTHORITY\\SYSTEM", via="powershell"
    )
    made(tmp_path, traces=[trace, command])
    assert only(tmp_path, "event.sysmon", 1, CommandLine="w3wp").fields["User"] == "IIS APPPOOL\\x"
    row = only(tmp_path, "event.msexchange-management", 1, Cmdlet="Set-User")
    assert (row.fields["User"], row.fields["Sid"]) == ("NT AUTHORITY\\SYSTEM", "S-1-5-18")
