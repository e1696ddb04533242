"""Everything that happens on the simulated server, in the order of time."""

from __future__ import annotations

import heapq
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from operator import attrgetter
from typing import Protocol, cast

from msgspec.structs import replace

from tocsin.errors import ScenarioError
from tocsin.exercise import acts
from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.dice import Dice
from tocsin.exercise.scenario import Act, Scenario
from tocsin.exercise.story import Request, Trace
from tocsin.exercise.traffic import everyday


class Script(Protocol):
    """A module of ``exercise/acts``."""

    SCRIPT: str

    def perform(self, act: Act, scene: Scene) -> Iterator[Trace]:
        """Yield what the act leaves behind, times rising."""
        ...


@cache
def scripts() -> dict[str, Script]:
    """Give the scripts by name."""
    names = (item.name for item in pkgutil.iter_modules(acts.__path__))
    found = (import_module(f"{acts.__name__}.{name}") for name in names)
    modules = [cast("Script", module) for module in found if hasattr(module, "SCRIPT")]
    return {module.SCRIPT: module for module in sorted(modules, key=lambda module: module.SCRIPT)}


def story_of(scenario: Scenario, dice: Dice) -> Iterator[Trace]:
    """Yield every trace up to the collection, times rising; requests get their ident.

    Raises:
        ScenarioError: an act has a script that there is none of.
    """
    parts = [everyday(scenario, dice.stream("traffic"))]
    parts += [_act(act, scenario, dice.stream("act", str(index))) for index, act in enumerate(scenario.acts)]
    idents = dice.stream("idents")
    last = datetime.min.replace(tzinfo=UTC)
    for trace in heapq.merge(*parts, key=attrgetter("at")):
        if trace.at > scenario.collected:
            return
        last = max(last, trace.at)
        yield _joined(trace, last, idents)


def _joined(trace: Trace, at: datetime, idents: Dice) -> Trace:
    """Give the trace with an ident, and not before its predecessor: logs are written in order."""
    if isinstance(trace, Request) and not trace.ident:
        return replace(trace, at=at, ident=idents.guid())
    return replace(trace, at=at) if trace.at < at else trace


def _act(act: Act, scenario: Scenario, dice: Dice) -> Iterator[Trace]:
    script = scripts().get(act.script)
    if script is None:
        raise ScenarioError(
            f"no such script: {act.script}.", remedy=f"There are: {', '.join(scripts()) or 'none'}."
        )
    return script.perform(act, Scene(scenario=scenario, dice=dice))
