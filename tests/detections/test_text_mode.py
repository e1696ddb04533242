"""Lines of unknown text are searched with what the rules need."""

from __future__ import annotations

import pytest
from tests.detections.rule_makers import pack, record, rule, run

from tocsin.model.findings import Finding
from tocsin.model.records import Record
from tocsin.model.words import Means
from tocsin.packs.conditions import Either, Every, FieldTest, Glob, Node, Not, Null, Number, Wild
from tocsin.packs.loading import Pack

MANY = Wild.MANY


def holding(text: str, field: str = "cs-uri-stem") -> FieldTest:
    return FieldTest(field, Glob((MANY, text, MANY)))


def line(text: str) -> Record:
    return record("text.unknown", line=5, second=None, Text=text)


def mentions(condition: Node, text: str) -> tuple[Finding, ...]:
    return run(pack(rule(condition, means="compromised", rung="shell")), [line(text)])["sample"].findings


STEM = Every((holding("/owa/auth/"), holding(".aspx")))


@pytest.mark.parametrize(
    ("condition", "text", "holds"),
    [
        (STEM, "GET /OWA/auth/x.aspx 200", True),
        (STEM, "GET /owa/auth/x", False),
        (STEM, "the x.aspx", False),
        (STEM, "GET %2fowa%2fauth%2fx.aspx", True),
        (Every((STEM, FieldTest("sc-status", Number(200)))), "GET /owa/auth/x.aspx", True),
        (Every((STEM, FieldTest("EventID", Number(4688)))), "GET /owa/auth/x.aspx", True),
        (Every((STEM, Not(holding("logon")))), "/owa/auth/logon.aspx", True),
        (holding(".aspx"), "x.aspx", False),
        (Either((holding("short"), holding("longer"))), "it is short", False),
        (Either((holding("short"), holding("longer"))), "it is longer", True),
        (FieldTest("cs-username", Null()), "anything", False),
    ],
)
def test_a_line_mentions_what_a_rule_needs(condition: Node, text: str, holds: bool) -> None:
    assert bool(mentions(condition, text)) is holds


def test_a_mention_is_context_and_weak() -> None:
    (one,) = mentions(STEM, "  at /owa/auth/x.aspx\tstood a shell  ")
    assert (one.rule, one.means, one.weak, one.rung) == ("A rule", Means.CONTEXT, True, None)
    assert one.summary == "mentions what the rule looks for: at /owa/auth/x.aspx\\x09stood a shell"
    assert one.details["Text"] == "at /owa/auth/x.aspx\\x09stood a shell"
    assert (one.locator.line, one.kind, one.url) == (5, "text.unknown", None)


def test_a_rule_over_text_is_asked_as_it_is() -> None:
    text_rule: Pack = pack(rule(holding("ransom", "Text"), kinds=["text.unknown"], means="targeted"))
    (one,) = run(text_rule, [line("the ransom note")])["sample"].findings
    assert (one.means, one.weak) == (Means.TARGETED, False)


def test_building_blocks_and_benign_rules_are_not_mentioned() -> None:
    block = rule(STEM, "Block", report=False)
    benign = rule(STEM, "Benign", means="benign", explains=("Block",))
    assert run(pack(block, benign), [line("/owa/auth/x.aspx")])["sample"].findings == ()
