"""One intrusion reads as one: a campaign takes over what a general pack finds without a page."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import pytest
from msgspec.structs import replace
from tests.assessment.makers import finding, pack_file

from tocsin.assessment.server import load_knowledge
from tocsin.assessment.voices import heard, taken_over
from tocsin.model.findings import Finding
from tocsin.model.words import Means
from tocsin.packs.loading import Pack
from tocsin.packs.schema import Cve, Rung

LADDER = (
    Rung(id="session", title="A session was opened", proves_open=True),
    Rung(id="tasked", title="A shell was told what to do", shell=True, takes_over=("general/commands",)),
)
COMMAND = finding("command", rung="commands", minutes=5, path="Security.evtx", kind="event.security", ip=None)


@functools.cache
def pack(*, cves: bool = True) -> Pack:
    """A pack around small words; what a rule or file would add is not asked for here."""
    file = pack_file(ladder=LADDER, cves=(Cve(id="CVE-2021-26855", title="A flaw"),) if cves else ())
    return replace(load_knowledge().packs[0], file=file)


def taken(own: Sequence[Finding], *others: Finding, cves: bool = True) -> tuple[Finding, ...]:
    return taken_over(pack(cves=cves), own, {"general": others, "sample": own})


def test_a_command_after_the_way_in_is_the_campaigns() -> None:
    assert taken([finding()], COMMAND) == (replace(COMMAND, rung="tasked"),)


@pytest.mark.parametrize(
    "other",
    [
        finding("command", rung="commands", minutes=-5),
        finding("command", rung="commands", minutes=5, page="/x.aspx"),
        finding("command", rung="commands", minutes=5, means=Means.TARGETED),
        finding("command", rung="another", minutes=5),
        finding("command", rung=None, minutes=5),
    ],
    ids=["before the way in", "a page", "no success", "another step", "no step"],
)
def test_nothing_else_is(other: Finding) -> None:
    assert taken([finding()], other) == ()


def test_nothing_is_taken_over_without_a_way_in_or_a_flaw() -> None:
    assert taken([], COMMAND) == ()
    assert taken([finding(means=Means.TARGETED)], COMMAND) == ()
    assert taken([finding()], COMMAND, cves=False) == ()


def test_the_first_proof_decides() -> None:
    early = finding(minutes=0)
    late = finding(minutes=60, line=2)
    assert taken([late, early], COMMAND)
    assert not taken([late], COMMAND)


def test_what_was_taken_over_is_context_where_it_came_from() -> None:
    (told,) = heard(pack(cves=False), [COMMAND], explained={COMMAND.id: "Sample"}, other_way=None)
    assert told.means is Means.CONTEXT
    assert told.benign is not None
    assert told.benign.was is Means.COMPROMISED
    assert told.benign.why == "This is explained by Sample, where the way in is shown."
