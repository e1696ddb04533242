"""Everyday traffic: users, their devices, the server's own probes, and the noise of the internet."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.exercise.dice import Dice
from tocsin.exercise.scenario import Scenario
from tocsin.exercise.story import Trace


def everyday(scenario: Scenario, dice: Dice) -> Iterator[Trace]:
    """Yield the everyday requests, times rising; about ``scenario.traffic`` a day."""
    del scenario, dice
    return iter(())
