"""One vocabulary of sectors, to which the words of others lead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.hub.rules.sectors import UNKNOWN, sector_of, sector_of_naics, sectors


@pytest.mark.parametrize(
    ("word", "sector"),
    [
        ("622110", "health"),
        ("221310", "water"),
        ("221122", "energy"),
        ("928110", "defence"),
        ("921110", "government-national"),
        ("541512", "ict-services"),
        ("541110", "legal"),
        ("541310", "professional"),
        ("Federal - Executive", "government-national"),
        ("School district", "education"),
        ("Drinking water", "water"),
        ("Health", "health"),
        ("health", "health"),
        ("99", UNKNOWN),
        ("", UNKNOWN),
        ("something else", UNKNOWN),
    ],
)
def test_words_of_others(word: str, sector: str) -> None:
    assert sector_of(word) == sector


@given(st.text(max_size=20))
def test_property_whatever_comes_a_sector_of_ours_goes(word: str) -> None:
    assert sector_of(word) in sectors()
    assert sector_of_naics(word) in sectors()
