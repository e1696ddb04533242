"""The highest step, the mail that may have been read, the courses of action that fit."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace
from tests.assessment.makers import RUNGS, START, finding, pack_file, row
from tests.assessment.test_answer import verdict

from tocsin.assessment.advice import circumstances, next_steps
from tocsin.assessment.impact import UNNAMED, impact
from tocsin.assessment.ladder import Ladder
from tocsin.assessment.sight import unseen_rungs
from tocsin.model.findings import Finding
from tocsin.model.places import TimeSpan
from tocsin.model.verdicts import Impact, MailboxImpact, MitigationSeen, NextStep, RungShown, WebShell
from tocsin.model.words import (
    Compromise,
    Exposure,
    Means,
    MitigationStatus,
    Presence,
    ShellContent,
    StepKind,
)
from tocsin.packs.schema import Rung, Step

LADDER = Ladder(RUNGS)


def test_highest_is_the_highest_success_on_the_main_strand() -> None:
    found = [
        finding(rung="session"),
        finding(rung="written", means=Means.CONTEXT, line=2),
        finding(rung="mail", line=3),
        finding(rung="probe", means=Means.EXPLOITED, line=4),
    ]
    assert LADDER.highest(found) == "session"
    assert LADDER.highest(found[2:3]) == "mail"
    assert LADDER.highest([]) is None
    assert LADDER.highest([finding(rung="no such step")]) is None


def test_account_says_what_would_have_shown_more() -> None:
    shown = {
        one.id: one
        for one in LADDER.account([finding()], [row("iis.w3c"), row("exchange.httpproxy", excerpt=True)])
    }
    assert shown["session"].shown
    assert shown["session"].finding_ids == (finding().id,)
    assert shown["session"].would_show == ()
    assert shown["written"].would_show == ("exchange.httpproxy", "exchange.ecp-server")
    assert shown["reachable"].would_show == ()
    assert shown["mail"].strand == "mail-read"


def test_logs_whose_silence_proves_nothing_are_named_too() -> None:
    tasked = Rung(id="tasked", title="Told", shown_by=("iis.w3c",), also_shown_by=("event.security",))
    (shown,) = Ladder([tasked]).account([], [row("iis.w3c")])
    assert shown.would_show == ("event.security",)
    assert unseen_rungs(
        pack_file(ladder=[replace(tasked, mandatory=True)]),
        {"event.security": row("event.security")},
        TimeSpan(start=START, end=START),
    )


def test_mail_has_a_floor_and_a_ceiling() -> None:
    anchor = "ServerInfo~x@srv.contoso.example:444/EWS/Exchange.asmx?a=alice%40contoso.example#"
    read = [
        finding(rung="mail", line=1, AnchorMailbox=anchor, ResponseBytes="50000"),
        finding(rung="mail", line=2, minutes=5, AnchorMailbox=anchor, ResponseBytes="900"),
        finding(rung="mail", line=3, AnchorMailbox="ServerInfo~x@srv.contoso.example:444/EWS/"),
        finding(rung="mail", line=4, means=Means.TARGETED, ResponseBytes="7"),
    ]
    alice, unnamed = sorted(impact(read, ladder=LADDER).mailboxes, key=lambda one: one.mailbox == UNNAMED)
    assert (alice.mailbox, alice.requests) == ("alice@contoso.example", 2)
    assert (alice.bytes_floor, alice.bytes_ceiling) == (50000, 50900)
    assert alice.start == START
    assert (unnamed.mailbox, unnamed.bytes_floor, unnamed.bytes_ceiling) == (UNNAMED, 0, None)


def call(line: int, seconds: float, mailbox: str, client: str = "203.0.113.9") -> Finding:
    """A row of the EWS log: the mailbox that was opened for the server's own account."""
    opened = {"ImpersonatedUser": mailbox, "AuthenticatedUser": "CONTOSO\\EX01$"}
    made = finding(rung="mail", line=line, means=Means.CONTEXT, kind="exchange.ews", **opened)
    return replace(made, time=START + timedelta(seconds=seconds), source_ip=client)


def answer(line: int, seconds: float, client: str | None = "203.0.113.9") -> Finding:
    """A row of the proxy log whose anchor names no mailbox."""
    anchor = "ServerInfo~a]@ex01.contoso.example:444/EWS/Exchange.asmx?#"
    made = finding(rung="mail", line=line, AnchorMailbox=anchor, ResponseBytes="5000")
    return replace(made, time=START + timedelta(seconds=seconds), source_ip=client)


def test_the_ews_log_names_the_mailbox_where_the_proxy_log_does_not() -> None:
    read = [answer(1, 5), answer(2, 20), answer(3, 40)]
    calls = [
        call(11, 4.9, "Anna@contoso.example"),
        call(12, 19.5, "bob@contoso.example"),
        call(13, 39.9, "anna@contoso.example"),
        call(14, 40.0, "eve@contoso.example", client="203.0.113.77"),
    ]
    anna, bob = impact([*read, *calls], ladder=LADDER).mailboxes
    assert (anna.mailbox, anna.finding_ids) == ("anna@contoso.example", (read[0].id, read[2].id))
    assert (anna.start, anna.end) == (read[0].time, read[2].time)
    assert (anna.requests, anna.bytes_floor, anna.bytes_ceiling) == (2, 10_000, 10_000)
    assert (bob.mailbox, bob.requests) == ("bob@contoso.example", 1)


@pytest.mark.parametrize(
    "calls",
    [
        [],
        [call(11, 80, "anna@contoso.example")],
        [call(11, 102.1, "anna@contoso.example")],
        [call(11, 99, "anna@contoso.example", client="203.0.113.77")],
        [call(11, 99, "anna@contoso.example"), call(12, 99, "bob@contoso.example")],
        [call(11, 99, "nobody")],
    ],
    ids=["none", "long before", "after", "of another client", "two at once", "without an address"],
)
def test_no_mailbox_is_guessed(calls: list[Finding]) -> None:
    (unnamed,) = impact([answer(1, 100), *calls], ladder=LADDER).mailboxes
    assert unnamed.mailbox == UNNAMED


def test_a_call_alone_is_no_mail_read() -> None:
    assert impact([call(1, 0, "anna@contoso.example")], ladder=LADDER).mailboxes == ()
    (unnamed,) = impact([answer(1, 0, client=None), call(2, 0, "a@b.example")], ladder=LADDER).mailboxes
    assert unnamed.mailbox == UNNAMED


def test_steps_come_in_order_and_only_where_they_fit() -> None:
    texts = {"report": "Report. ", "evict": "Evict.", "preserve": "Preserve."}
    given = circumstances(verdict(Compromise.TARGETED, Exposure.PATCHED), patch_incomplete=True)
    assert given == {"always", "targeted", "patched", "residual-unknown", "patch-incomplete"}
    steps = next_steps(pack_file().steps, texts, given)
    assert [(step.id, step.text) for step in steps] == [("preserve", "Preserve."), ("report", "Report.")]
    assert [step.id for step in next_steps(pack_file().steps, texts, given | {"webshell"})] == [
        "preserve",
        "evict",
        "report",
    ]


def test_mail_in_full() -> None:
    read = [
        finding(rung="mail", line=1, mailbox="bob@contoso.example", **{"sc-bytes": "2048"}),
        finding(rung="mail", line=2, minutes=5, mailbox="bob@contoso.example", **{"sc-bytes": "2049"}),
        finding(rung="session", line=3, mailbox="bob@contoso.example"),
        finding(rung="no such step", line=4, mailbox="bob@contoso.example"),
    ]
    (box,) = impact(read, ladder=LADDER).mailboxes
    assert (box.start, box.end) == (START, START + timedelta(minutes=5))
    assert box.finding_ids == (read[0].id, read[1].id)
    assert (box.bytes_floor, box.bytes_ceiling) == (2049, 4097)
    (timeless,) = impact([finding(rung="mail", minutes=None)], ladder=LADDER).mailboxes
    assert (timeless.start, timeless.end, timeless.bytes_ceiling) == (None, None, None)


SHELL = WebShell(
    path=None,
    url="/x.aspx",
    presence=Presence.UNKNOWN,
    content=ShellContent.UNKNOWN,
    first_seen=None,
    last_seen=None,
)
BOX = MailboxImpact(
    mailbox="m", start=None, end=None, requests=1, bytes_floor=0, bytes_ceiling=None, finding_ids=()
)
GUARD = MitigationSeen(
    id="m",
    title="t",
    status=MitigationStatus.CONFIGURATION_INVALID,
    start=None,
    end=None,
    locator=None,
    caveats=(),
)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"webshells": (SHELL,)}, "webshell"),
        ({"impact": Impact(mailboxes=(BOX,))}, "mail-read"),
        ({"mitigations": (GUARD,)}, "configuration-invalid"),
        ({"mitigations": (replace(GUARD, status=MitigationStatus.ABSENT),)}, ""),
        (
            {"ladder": (RungShown(id="ransomware", title="", shown=True, finding_ids=(), would_show=()),)},
            "ransomware",
        ),
        ({"ladder": (RungShown(id="ransomware", title="", shown=False, finding_ids=(), would_show=()),)}, ""),
        ({"ladder": (RungShown(id="other", title="", shown=True, finding_ids=(), would_show=()),)}, ""),
    ],
)
def test_what_a_step_may_wait_for(changes: dict[str, object], word: str) -> None:
    told = replace(verdict(Compromise.TARGETED, Exposure.PATCHED), **changes)
    given = circumstances(told, patch_incomplete=False)
    assert given - {"always", "targeted", "patched", "residual-unknown"} == {word} - {""}


def test_a_step_keeps_its_kind_and_audience() -> None:
    step = Step(id="report", kind=StepKind.REPORT, when=("always",), audience="forensic")
    (told,) = next_steps([step], {"report": " R. "}, frozenset({"always"}))
    assert told == NextStep(id="report", kind=StepKind.REPORT, text="R.", audience="forensic")


def test_two_forms_of_the_request_log_are_one() -> None:
    step = Rung(id="a", title="A step", shown_by=("iis.w3c", "iis.etw", "exchange.httpproxy"))
    for read, would in (
        ("iis.w3c", ("exchange.httpproxy",)),
        ("iis.etw", ("exchange.httpproxy",)),
        ("exchange.httpproxy", ("iis.w3c", "iis.etw")),
    ):
        (told,) = Ladder([step]).account([], [row(read)])
        assert (told.title, told.would_show) == ("A step", would)
