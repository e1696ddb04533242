"""Which web shells look alike: traits, and what they do not join."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.detections.webshells.sketch import ALIKE, BINS, likeness
from tocsin.hub.rules.similarity import CODE, CONTENT, NAME, PATTERN, alike, pattern_of, traits

bins = st.lists(st.sampled_from(["----", "0001", "0002", "00ff"]), min_size=BINS, max_size=BINS)


def of(**rest: str) -> dict[str, str]:
    fields = {"sha256": "", "sketch": "", "family": "", "key": "", **rest}
    return {one.why: one.value for one in traits(**fields)}


def test_reasons() -> None:
    found = of(sha256="AB", family="command runner", key="/aspnet_client/supp0rt.aspx", sketch="0001" * BINS)
    assert sorted(found) == sorted([CONTENT, CODE, NAME, PATTERN])
    assert found[CONTENT] == "content:ab"
    assert found[PATTERN] == "pattern:command runner:/aspnet_client/a4" + "0a2.aspx"


def test_plain_names_join_nothing() -> None:
    assert of(key="/owa/auth/logoff.aspx", family="command runner") == {}
    assert of(key="/owa/auth/x.aspx", family="command runner") == {}
    assert of() == {}


def test_random_names_have_one_pattern() -> None:
    assert pattern_of("/owa/auth/qwertzui.aspx") == pattern_of("/owa/auth/asdfghjk.aspx")
    assert pattern_of("/owa/auth/qwertzui.aspx") != pattern_of("/ecp/auth/qwertzui.aspx")


@given(bins, st.sets(st.integers(0, BINS - 1), max_size=12))
def test_what_is_much_alike_shares_a_band(first: list[str], changed: set[int]) -> None:
    second = ["0fff" if at in changed else one for at, one in enumerate(first)]
    one, other = "".join(first), "".join(second)
    values = [
        {trait.value for trait in traits(sha256="", sketch=text, family="", key="")} for text in (one, other)
    ]
    full = any(
        "-" not in one[at : at + 8] and one[at : at + 8] == other[at : at + 8] for at in range(0, 256, 8)
    )
    assert bool(values[0] & values[1]) == full
    assert alike(one, other) == (likeness(one, other) >= ALIKE)


@given(st.text(max_size=300), st.text(max_size=300))
def test_broken_sketches_join_nothing(sketch: str, key: str) -> None:
    found = traits(sha256="", sketch=sketch[:200], family="", key=key)
    assert all(len(one.value) <= 120 and not one.sketch for one in found)
