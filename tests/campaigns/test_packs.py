"""The packs as they ship: sound, complete, and true to their own ladder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.campaigns.evidence_lines import CAMPAIGNS, PACKS

from tocsin.detections.proofs import examine
from tocsin.model.words import Means, StepKind
from tocsin.packs.loading import Pack
from tocsin.packs.logsources import TEXT
from tocsin.packs.rules import Correlation, Rule

EACH = pytest.mark.parametrize("pack", PACKS, ids=[pack.id for pack in PACKS])
ORDER = list(StepKind)
ADVICE = sorted(CAMPAIGNS.glob("*/advice/*.md"))


def speaking(pack: Pack) -> list[Rule | Correlation]:
    return [*pack.rules, *pack.correlations]


@EACH
def test_every_example_holds_and_every_reference_leads_somewhere(pack: Pack) -> None:
    assert examine(pack.root) == []


def test_there_are_as_many_rules_as_the_packs_promise() -> None:
    assert sum(len(pack.rules) + len(pack.correlations) + len(pack.benign) for pack in PACKS) >= 60


@EACH
def test_every_rung_is_shown_by_some_rule_or_indicator(pack: Pack) -> None:
    shown = {rule.head.rung for rule in speaking(pack) if rule.means is not Means.CONTEXT}
    assert {rung.id for rung in pack.file.ladder} <= shown


@EACH
def test_a_log_that_proves_a_rung_is_named_on_the_ladder(pack: Pack) -> None:
    """Mandatory rungs list only logs whose silence counts, so they may be shown by more."""
    steps = [rung for rung in pack.file.ladder if not rung.mandatory]
    named = {rung.id: {*rung.shown_by, *rung.also_shown_by} for rung in steps}
    for rule in pack.rules:
        if rule.head.rung in named and rule.means is not Means.CONTEXT:
            assert {reach.kind for reach in rule.reaches} - {TEXT} <= named[rule.head.rung], rule.title


@EACH
def test_some_rung_is_mandatory_so_that_silence_can_mean_something(pack: Pack) -> None:
    mandatory = [rung for rung in pack.file.ladder if rung.mandatory]
    wanted = {wish.kind for wish in pack.file.wanted}
    assert mandatory
    assert all(set(rung.shown_by) & wanted for rung in mandatory)


@EACH
def test_steps_stand_in_the_order_in_which_they_are_taken(pack: Pack) -> None:
    kinds = [ORDER.index(step.kind) for step in pack.file.steps]
    assert kinds == sorted(kinds)
    assert {step.kind for step in pack.file.steps} == set(StepKind)


@EACH
def test_a_compromised_server_gets_help_with_and_without_expertise(pack: Pack) -> None:
    audiences = {step.audience for step in pack.file.steps if "compromised" in step.when}
    assert audiences == {"everyone", "forensic", "without-forensics"}


@EACH
def test_the_caveats_travel_with_the_advice(pack: Pack) -> None:
    text = " ".join(" ".join(pack.advice.values()).split()).lower()
    assert "not a remedy if the server is already compromised" in text
    assert "not full protection" in text
    assert "is read by the intruder" in text
    assert "removes" in text or "remove" in text
    assert "msert" in text


def test_patched_is_not_clean_is_said() -> None:
    (pack,) = (pack for pack in PACKS if pack.id == "proxylogon")
    assert "Patched is not clean" in pack.advice["verify-patched-is-not-clean"]


@pytest.mark.parametrize("path", ADVICE, ids=lambda path: f"{path.parts[-3]}/{path.stem}")
def test_advice_is_short_and_begins_with_what_to_do(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith("# ")
    assert text.endswith("\n")
    assert len(text.split()) < 250


@EACH
def test_rules_are_ours_cited_and_free(pack: Pack) -> None:
    for rule in [*speaking(pack), *pack.benign]:
        assert rule.head.author == "Tocsin contributors"
        assert rule.head.license == "Apache-2.0"
        assert rule.head.references, rule.title
        assert rule.head.falsepositives, rule.title


@EACH
def test_summaries_and_details_name_fields_by_their_names(pack: Pack) -> None:
    for rule in speaking(pack):
        named = set(re.findall(r"\{([^{}]+)\}", rule.head.summary))
        assert not {name for name in named if " " in name}, rule.title


def test_an_actor_is_never_more_than_consistent_with() -> None:
    (pack,) = (pack for pack in PACKS if pack.id == "proxylogon")
    assert len(pack.file.actors) >= 11
    assert all(actor.attributed_by for actor in pack.file.actors)
    (hafnium,) = (actor for actor in pack.file.actors if actor.id == "hafnium")
    assert hafnium.disputed_by
