"""A web shell is taken away. Option ``by``: ``hand`` (no log says so) or ``defender`` (its log does)."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.exercise.acts import truth
from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import FileRemoved, Trace

SCRIPT = "removal"


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Yield the removal."""
    yield FileRemoved(
        at=act.at,
        path=scene.folder_of(act.shell),
        by=act.options.get("by", "hand"),
        label=truth.context("The web shell is removed"),
    )
