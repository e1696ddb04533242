"""Black Kingdom, through a web shell that others left (``shell``) or none: its note below the web root."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.exercise.acts import aftermath
from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import Trace

SCRIPT = "ransomware-black-kingdom"


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Yield the commands and the notes."""
    clock = scene.clock(act.at)
    if act.shell:
        yield from aftermath.task(scene, clock, act, act.shell)
    yield from aftermath.note_of_black_kingdom(scene, clock)
