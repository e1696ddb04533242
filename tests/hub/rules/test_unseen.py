"""What remains unseen: textbook figures, and simulated populations of known size."""

from __future__ import annotations

from collections import Counter
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.hub.rules.unseen import Pattern, chao, chapman, estimate

GROUPS = "abcde"


def simulated(seed: int, chances: list[float], *, size: int = 20_000, tie: float = 0.0) -> dict[Pattern, int]:
    """How many servers each combination of sources saw; ``tie`` raises the second's chance by the first's."""
    rolls = np.random.default_rng(seed).random((len(chances), size))
    seen = rolls < np.array(chances)[:, None]
    seen[1] |= seen[0] & (rolls[1] < chances[1] + tie)
    found = Counter(frozenset(g for g, saw in zip(GROUPS, column, strict=False) if saw) for column in seen.T)
    return {who: number for who, number in found.items() if who}


def test_chapman_by_hand() -> None:
    total, variance = chapman(200, 300, 60)  # Seber's formula, worked by hand
    assert round(total, 2) == 990.82
    assert round(variance, 2) == 8811.51


def test_one_source_cannot_tell() -> None:
    found = estimate({frozenset("a"): 40})
    assert (found.seen, found.total, found.low, found.high, found.method) == (40, inf, 40, inf, "none")
    assert "Only a looked" in found.words[0]
    assert estimate({}).words[0].startswith("Nobody looked")


@pytest.mark.parametrize("chances", [[0.6, 0.4], [0.6, 0.4, 0.3], [0.5, 0.4, 0.3, 0.3]])
def test_the_interval_holds_the_truth(chances: list[float]) -> None:
    held = 0
    for seed in range(40):
        found = estimate(simulated(seed, chances))
        held += found.low <= 20_000 <= found.high
    assert held >= 35  # of 40 at a level of 95 %


def test_dependence_of_two_is_allowed_for_and_named() -> None:
    held = 0
    for seed in range(20):
        found = estimate(simulated(seed, [0.6, 0.3, 0.3], tie=0.3))
        held += found.low <= 20_000 <= found.high
        assert any("a and b see the same servers more often" in word for word in found.words)
        assert found.at_least < 20_000  # Chao's bound stays one
    assert held >= 17


def test_two_sources_say_what_they_assume() -> None:
    assert any("cannot be tested" in word for word in estimate(simulated(1, [0.5, 0.5])).words)


def test_more_sources_than_a_model_bears_are_named() -> None:
    found = estimate(simulated(1, [0.5, 0.5, 0.5, 0.5, 0.05]))
    assert "Left out, because they saw least: e." in found.words


@given(st.dictionaries(st.frozensets(st.sampled_from(GROUPS)), st.integers(0, 500)))
def test_any_counts_give_an_ordered_answer(patterns: dict[Pattern, int]) -> None:
    found = estimate(patterns)
    assert found.low <= found.total or found.total == inf
    assert found.low <= found.high
    assert found.low >= 0
    assert found.words


def test_counts_that_bear_no_model_give_a_lower_bound() -> None:
    counts = {"c": 1, "abdef": 464, "abcef": 461, "be": 92}  # settles, and then cannot be inverted
    found = estimate({frozenset(who): number for who, number in counts.items()})
    assert found.low <= found.total <= found.high


def test_chao_is_exact_for_expected_counts_of_independent_sources() -> None:
    size, (a, b, c) = 1_000_000, (0.6, 0.4, 0.3)
    cells = {"a": a * (1 - b) * (1 - c), "b": (1 - a) * b * (1 - c), "c": (1 - a) * (1 - b) * c}
    cells |= {"ab": a * b * (1 - c), "ac": a * (1 - b) * c, "bc": (1 - a) * b * c, "abc": a * b * c}
    found = chao({frozenset(who): round(share * size) for who, share in cells.items()})
    assert abs(found - size) < 5
