"""However the database is led, the filters give the same rows as asked plainly."""

from __future__ import annotations

import pytest
from django.db.models import Q
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from tests.hub import making

from tocsin.hub.exposure.models import Standing
from tocsin.hub.listing import narrowing

CONDITIONS = [
    Q(exposure="vulnerable"),
    Q(compromise="unknown"),
    ~Q(contradictory=True),
    Q(shell_seen__isnull=False),
    Q(country="GB"),
    Q(last_seen__gte=making.DAY),
    Q(organisation=None),
    Q(server__in=[1, 2, 3]),
    Q(exposure="patched") | Q(country="IE"),
]


class Narrowing(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        for number in range(24):
            making.standing(
                making.server(f"192.0.2.{number}"),
                exposure="vulnerable" if number % 2 else "patched",
                compromise="unknown" if number % 3 else "suspected",
                contradictory=number % 4 == 0,
                shell_seen=making.DAY.date() if number % 5 == 0 else None,
                country="GB" if number % 7 else "IE",
            )

    @settings(max_examples=60)
    @given(st.lists(st.sampled_from(CONDITIONS), max_size=4), st.integers(0, 30), st.integers(0, 30))
    def test_the_same_rows(self, conditions: list[Q], few: int, counted: int) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(narrowing, "FEW", few)
            patch.setattr(narrowing, "COUNTED", counted)
            found = set(narrowing.narrowed(Standing.objects.all(), conditions))
        assert found == set(Standing.objects.filter(*conditions))
