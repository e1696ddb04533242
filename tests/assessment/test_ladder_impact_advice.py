"""The highest step, the mail that may have been read, the courses of action that fit."""

from __future__ import annotations

from msgspec.structs import replace
from tests.assessment.makers import RUNGS, START, finding, pack_file, row
from tests.assessment.test_answer import verdict

from tocsin.assessment.advice import circumstances, next_steps
from tocsin.assessment.impact import UNNAMED, impact
from tocsin.assessment.ladder import Ladder
from tocsin.assessment.sight import unseen_rungs
from tocsin.model.places import TimeSpan
from tocsin.model.words import Compromise, Exposure, Means
from tocsin.packs.schema import Rung

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
