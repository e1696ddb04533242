"""The assessor is right on made servers: verdict, campaign, rung, exposure, rows, withheld logs.

The fast tier takes three seeds of six scenarios, of which three are innocent; the slow tier takes
every scenario. Ten seeds of all are run by hand: docs/validation.md.
"""

from __future__ import annotations

import pytest

from tocsin.exercise.library import names
from tocsin.exercise.score import Task, run_score
from tocsin.exercise.scoring.totals import Score

FAST = (
    "proxylogon-shell-reachable",
    "mail-read-over-web-services",
    "shell-removed-by-defender",
    "innocent-patched-and-probed",
    "innocent-vendor-check-script",
    "innocent-shell-names-scanned",
)
SEEDS = (1, 2, 3)
SLOW_SEEDS = (4, 5)
WITHHELD = names()[::6]
"""Scenarios of which the slow tier also withholds every kind of log."""


def score_of(scenario: str, seed: int, *, withhold: bool = False) -> Score:
    return run_score([Task(scenario=scenario, seed=seed, withhold=withhold)])


def told(score: Score) -> str:
    return "\n".join(
        f"{one.what} {one.campaign}: expected {one.expected}, found {one.found}. {one.why} {one.places}"
        for one in score.wrong
    )


def hold(score: Score) -> None:
    """Everything right: words, campaign, rows found, no claim too many, no property broken."""
    assert not score.wrong_in_all, told(score)
    assert all(check.right.hits == check.right.of for check in score.checks)
    assert all(one.rows.hits == one.rows.of and one.claims.hits == one.claims.of for one in score.kinds)
    assert score.innocent_compromised == 0


@pytest.mark.parametrize("scenario", FAST)
@pytest.mark.parametrize("seed", SEEDS)
def test_six_scenarios_are_answered_right(scenario: str, seed: int) -> None:
    hold(score_of(scenario, seed))


@pytest.mark.slow
def test_a_withheld_log_never_makes_a_verdict_more_certain() -> None:
    score = score_of("proxylogon-shell-reachable", 1, withhold=True)
    hold(score)
    assert {"iis.w3c", "exchange.httpproxy", "exchange.ecp-server", "web.file"} <= {
        one.kind for one in score.withheld
    }
    assert all(one.sound.hits == one.sound.of and one.named.hits == one.named.of for one in score.withheld)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SLOW_SEEDS)
@pytest.mark.parametrize("scenario", names())
def test_every_scenario_is_answered_right(scenario: str, seed: int) -> None:
    hold(score_of(scenario, seed, withhold=scenario in WITHHELD and seed == SLOW_SEEDS[0]))
