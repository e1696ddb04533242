"""A second actor uses a web shell of somebody else's, up to ``shell-tasked`` or ``post-exploitation``."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.exercise.acts import aftermath, truth
from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import Trace

SCRIPT = "shell-use"


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Yield a look, the commands, and for the higher rung what they did."""
    clock = scene.clock(act.at)
    label = truth.compromised("shell-reachable", "The web shell answers", truth.REQUESTS)
    yield aftermath.visit(scene, clock, act, act.shell, label=label)
    yield from aftermath.task(scene, clock, act, act.shell)
    if act.rung == "post-exploitation":
        yield from aftermath.credentials(scene, clock, act, act.shell)
