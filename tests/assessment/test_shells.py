"""Web shells over time: presence is argued from disk, scanners' logs and answers, in that order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.assessment.makers import RUNGS, START, finding

from tocsin.assessment.ladder import Ladder
from tocsin.assessment.shells import residual_of, web_shells
from tocsin.detections.disk import DiskState
from tocsin.detections.pages import PageActivity
from tocsin.model.places import Locator
from tocsin.model.records import Record
from tocsin.model.verdicts import WebShell
from tocsin.model.words import Presence, Residual, ShellContent

LADDER = Ladder(RUNGS)
URL = "/owa/auth/RedirX.aspx"


def request(
    minutes: float, status: str, *, ip: str = "203.0.113.4", line: int = 1, query: str | None = None
) -> Record:
    """A request for the shell in an IIS log."""
    return Record(
        kind="iis.w3c",
        locator=Locator(path="C/u_ex.log", line=line),
        time=START + timedelta(minutes=minutes),
        fields={
            "cs-method": "GET", "cs-uri-stem": URL, "cs-uri-query": query, "c-ip": ip, "sc-status": status,
        },
    )  # fmt: skip


def pages(*records: Record) -> PageActivity:
    """Page activity of some requests."""
    activity = PageActivity(frozenset({"302", "404"}))
    for record in records:
        activity.observe(record)
    return activity


def disk(*, files: tuple[str, ...] = (), folders: tuple[str, ...] = (), removed: str = "") -> DiskState:
    """A disk with server pages, collected folders and a scanner's removal."""
    state = DiskState()
    for where in (*files, *folders):
        state.observe_path(where)
    for where in files:
        place = Locator(path=where)
        state.observe(
            Record(kind="web.file", locator=place, time=None, fields={"Path": where, "Sha256": "ab"})
        )
    if removed:
        fields: dict[str, str | None] = {
            "EventID": "1117",
            "Action Name": "Quarantine",
            "Path": f"file:_{removed}",
        }
        place = Locator(path="d.evtx", record=9)
        state.observe(Record(kind="event.defender", locator=place, time=None, fields=fields))
    return state


def seen(**details: str) -> list:  # type: ignore[type-arg]
    """The write through the proxy, then a stranger's request that was answered."""
    return [
        finding("written", rung="written", minutes=-5000, line=2),
        finding("written", rung="written", minutes=-10, line=3),
        finding("written", rung="written", minutes=90, line=4),
        finding(
            "answered", rung="reachable", minutes=0, kind="iis.w3c", ip="203.0.113.4", url=URL,
            page=URL.lower(), **details,
        ),
    ]  # fmt: skip


def only(found: tuple[WebShell, ...]) -> WebShell:
    """The one shell."""
    assert len(found) == 1
    return found[0]


def test_not_served_since_the_first_refusal_after_the_last_answer() -> None:
    asked = pages(
        request(-60, "302", line=9), request(0, "200"), request(30, "200", ip="203.0.113.5", line=2),
        request(40, "302", line=3), request(50, "404", line=4),
    )  # fmt: skip
    shell = only(web_shells(seen(), ladder=LADDER, pages=asked, disk=disk()))
    assert shell.presence is Presence.NOT_SERVED_SINCE
    assert shell.not_served_since == START + timedelta(minutes=40)
    assert shell.url == URL
    assert shell.path is None
    assert shell.requests == 5
    assert [(client.ip, client.requests, client.tasked) for client in shell.clients] == [
        ("203.0.113.4", 1, False),
        ("203.0.113.5", 1, False),
    ]
    assert not shell.tasked
    assert "Not served is not removed" in shell.why


def test_written_by_the_last_write_before_it_was_first_served() -> None:
    shell = only(web_shells(seen(), ladder=LADDER, pages=pages(request(0, "200")), disk=disk()))
    assert shell.written_at == START - timedelta(minutes=10)
    assert "C/HttpProxy.LOG:3" in shell.why


def test_still_answering_is_present() -> None:
    shell = only(web_shells(seen(), ladder=LADDER, pages=pages(request(0, "200")), disk=disk()))
    assert shell.presence is Presence.PRESENT
    assert shell.content is ShellContent.UNKNOWN


def test_disk_outranks_answers() -> None:
    here = "program files/exchange/v15/frontend/httpproxy/owa/auth/redirx.aspx"
    beside = "program files/exchange/v15/frontend/httpproxy/owa/auth/logon.aspx"
    asked = pages(request(0, "200"), request(40, "302", line=3))
    present = only(web_shells(seen(), ladder=LADDER, pages=asked, disk=disk(files=(here,))))
    assert (present.presence, present.sha256, present.path) == (Presence.PRESENT, "ab", here)
    absent = only(web_shells(seen(), ladder=LADDER, pages=asked, disk=disk(folders=(beside,))))
    assert absent.presence is Presence.ABSENT_ON_DISK


def test_a_scanners_log_evidences_removal() -> None:
    path = r"C:\Program Files\Microsoft\Exchange Server\V15\FrontEnd\HttpProxy\owa\auth\RedirX.aspx"
    shell = only(web_shells(seen(), ladder=LADDER, pages=pages(request(0, "200")), disk=disk(removed=path)))
    assert shell.presence is Presence.REMOVAL_EVIDENCED
    assert "d.evtx#9" in shell.why


def test_a_path_and_its_url_are_one_shell() -> None:
    path = r"\\127.0.0.1\C$\Program Files\Exchange\V15\FrontEnd\HttpProxy\owa\auth\RedirX.aspx"
    found = [
        *seen(),
        finding(
            "exported", rung="written", kind="exchange.cmdletinfra", ip=None, minutes=-20, line=8,
            shell_path=path, shell_url=URL.lower(),
        ),
    ]  # fmt: skip
    shell = only(web_shells(found, ladder=LADDER, pages=pages(request(0, "200")), disk=disk()))
    assert (shell.url, shell.path) == (URL, path)
    assert shell.written_at == START - timedelta(minutes=20)


def test_a_dump_says_whether_its_script_is_left() -> None:
    dump = finding(
        "dump",
        rung="written",
        kind="exchange.vdir-dump",
        ip=None,
        shell_path="C/x/y.aspx",
        ScriptPresent="false",
    )
    shell = only(web_shells([dump], ladder=LADDER, pages=pages(), disk=disk()))
    assert (shell.content, shell.presence) == (ShellContent.INERT, Presence.PRESENT)


def test_a_page_that_only_a_shadow_copy_holds_is_not_said_to_be_there() -> None:
    there = finding("dump", rung="written", kind="exchange.vdir-dump", ip=None, shell_path="C/x/y.aspx")
    then = msgspec.structs.replace(there, locator=Locator(path="VSS1/C/inetpub/wwwroot/y.aspx", line=2))
    shells = [only(web_shells([one], ladder=LADDER, pages=pages(), disk=disk())) for one in (there, then)]
    assert [shell.presence for shell in shells] == [Presence.PRESENT, Presence.UNKNOWN]


def test_tail_of_exchange_is_no_tasking() -> None:
    tail = "&CorrelationID=<empty>;&cafeReqId=cde28fc4-299e-4179-b3e9-de56f5c1d9ee;&encoding=;"
    bare = pages(request(0, "200", query=tail))
    used = pages(request(0, "200", query=f"exec=whoami{tail}"))
    assert not only(web_shells(seen(), ladder=LADDER, pages=bare, disk=disk())).tasked
    assert only(web_shells(seen(), ladder=LADDER, pages=used, disk=disk())).tasked


@pytest.mark.parametrize(
    ("presences", "compromised", "looked", "residual"),
    [
        ([], False, True, Residual.NONE_SEEN),
        ([], False, False, Residual.UNKNOWN),
        ([], True, True, Residual.UNKNOWN),
        ([Presence.PRESENT, Presence.ABSENT_ON_DISK], True, True, Residual.PRESENT),
        ([Presence.ABSENT_ON_DISK, Presence.REMOVAL_EVIDENCED], True, True, Residual.NONE_SEEN),
        ([Presence.ABSENT_ON_DISK], True, False, Residual.UNKNOWN),
        ([Presence.NOT_SERVED_SINCE], True, True, Residual.UNKNOWN),
    ],
)
def test_residual(
    presences: list[Presence],
    compromised: bool,
    looked: bool,
    residual: Residual,
) -> None:
    shells = [
        WebShell(
            path=None,
            url="/x.aspx",
            presence=presence,
            content=ShellContent.UNKNOWN,
            first_seen=None,
            last_seen=None,
        )
        for presence in presences
    ]
    assert residual_of(shells, compromised=compromised, looked=looked) is residual


def test_order_of_requests_never_matters() -> None:
    records = [request(minute, "200" if minute < 30 else "302", line=minute + 1) for minute in range(60)]
    one = only(web_shells(seen(), ladder=LADDER, pages=pages(*records), disk=disk()))
    other = only(web_shells(seen(), ladder=LADDER, pages=pages(*reversed(records)), disk=disk()))
    assert one == other
    assert one.not_served_since == datetime(2021, 3, 3, 7, 19, 42, tzinfo=UTC)


@pytest.mark.parametrize(
    ("details", "content"),
    [
        ({"content": "live"}, ShellContent.LIVE),
        ({"content": "inert"}, ShellContent.INERT),
        ({"content": "neutralised"}, ShellContent.NEUTRALISED),
        ({"ScriptPresent": "true"}, ShellContent.LIVE),
        ({"content": "inert", "ScriptPresent": "true"}, ShellContent.LIVE),
        ({"content": "neutralised", "ScriptPresent": "false"}, ShellContent.NEUTRALISED),
        ({"content": "odd"}, ShellContent.UNKNOWN),
        ({}, ShellContent.UNKNOWN),
    ],
)
def test_the_gravest_word_about_the_content_counts(details: dict[str, str], content: ShellContent) -> None:
    found = finding("file", rung="reachable", kind="web.file", ip=None, shell_path="C/x.aspx", **details)  # type: ignore[arg-type]
    shell = only(web_shells([found], ladder=LADDER, pages=pages(), disk=disk()))
    assert (shell.content, shell.presence) == (content, Presence.PRESENT)
    assert shell.why == "The file is in the evidence: C/HttpProxy.LOG:1."


def test_a_shell_in_full() -> None:
    asked = pages(request(-3, "200", line=7), request(40, "302", line=8))
    shell = only(web_shells(seen(tasked="yes"), ladder=LADDER, pages=asked, disk=disk()))
    assert (shell.first_seen, shell.last_seen) == (
        START - timedelta(minutes=3),
        START + timedelta(minutes=40),
    )
    assert shell.tasked
    assert [str(place) for place in shell.locators] == ["C/HttpProxy.LOG:1", "C/u_ex.log:7", "C/u_ex.log:8"]
    assert "(C/u_ex.log:8)" in shell.why
    bare = only(web_shells(seen(), ladder=LADDER, pages=pages(), disk=disk()))
    assert (bare.first_seen, bare.last_seen, bare.requests, bare.tasked) == (START, START, 0, False)
    assert bare.presence is Presence.UNKNOWN
    assert bare.written_at == START + timedelta(minutes=90)


def test_a_path_alone_leads_to_its_url() -> None:
    path = r"C:\inetpub\wwwroot\aspnet_client\X.aspx"
    found = finding("file event", rung="written", kind="event.sysmon", ip=None, shell_path=path)
    shell = only(web_shells([found], ladder=LADDER, pages=pages(), disk=disk()))
    assert (shell.url, shell.path, shell.written_at) == ("/aspnet_client/x.aspx", path, START)
    outside = finding("file event", rung="written", kind="event.sysmon", ip=None, shell_path=r"C:\x.aspx")
    assert only(web_shells([outside], ladder=LADDER, pages=pages(), disk=disk())).url is None


def test_a_found_file_is_no_write_and_a_page_beside_the_ladder_no_shell() -> None:
    here = finding("file", rung="reachable", kind="web.file", ip=None, shell_path="C/x.aspx")
    assert only(web_shells([here], ladder=LADDER, pages=pages(), disk=disk())).written_at is None
    for rung in ("session", "written", "mail", None):
        asked = finding("asked", rung=rung, kind="iis.w3c", url=URL, page=URL.lower())
        assert web_shells([asked], ladder=LADDER, pages=pages(), disk=disk()) == ()


def test_a_write_that_names_its_file_dates_no_other() -> None:
    named = finding("written", rung="written", minutes=-5, line=2, shell_path=r"C:\inetpub\wwwroot\y.aspx")
    asked = seen()[-1]
    shells = web_shells([named, asked], ladder=LADDER, pages=pages(request(0, "200")), disk=disk())
    assert [shell.written_at for shell in shells if shell.url == URL] == [None]


def test_a_write_in_the_second_of_the_first_answer_is_before_it() -> None:
    write = finding("written", rung="written", minutes=0, line=2)
    shell = only(web_shells([write, seen()[-1]], ladder=LADDER, pages=pages(request(0, "200")), disk=disk()))
    assert shell.written_at == START


def test_shells_stand_in_order_of_time_then_name() -> None:
    found = [
        finding(
            "file", rung="reachable", kind="web.file", ip=None, minutes=minutes, line=line, shell_path=path
        )
        for line, (minutes, path) in enumerate(
            [(5, "C/a.aspx"), (1, "C/c.aspx"), (1, "C/b.aspx"), (None, "C/d.aspx")]
        )
    ]
    shells = web_shells(found, ladder=LADDER, pages=pages(), disk=disk())
    assert [shell.path for shell in shells] == ["C/b.aspx", "C/c.aspx", "C/a.aspx", "C/d.aspx"]
