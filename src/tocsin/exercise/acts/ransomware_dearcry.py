"""DearCry, on a server that others shelled: commands to ``shell``, if there is one, then its service."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.exercise.acts import aftermath
from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import Trace

SCRIPT = "ransomware-dearcry"


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Yield the commands, the service, the encrypted files."""
    clock = scene.clock(act.at)
    if act.shell:
        yield from aftermath.task(scene, clock, act, act.shell)
    yield from aftermath.dearcry(scene, clock)
