"""A stranger who knows the page asks for it, and for nothing else.

Options: ``visits`` (2), ``apart`` (seconds between them at least, 60).
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

from msgspec.structs import replace

from tocsin.exercise.acts import truth
from tocsin.exercise.acts.aftermath import BROWSER
from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import Trace

SCRIPT = "shell-visit"


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Yield the visits; each is answered as the page stands at that moment."""
    clock = scene.clock(act.at)
    apart = float(act.options.get("apart", "60"))
    for _ in range(int(act.options.get("visits", "2"))):
        at = clock.after(0, 5)
        status = scene.answer(act.shell, at)
        label = truth.context("A stranger asks for a web shell that is gone", "shell-reachable")
        if status == HTTPStatus.OK:
            label = truth.compromised("shell-reachable", "The web shell answers a stranger", truth.REQUESTS)
        agent = act.agent or BROWSER
        yield replace(
            scene.ask(at, act.shell, status, method="GET", client=act.address, agent=agent), label=label
        )
        clock.after(apart, apart * 3)
