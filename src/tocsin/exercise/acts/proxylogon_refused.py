"""ProxyLogon tried and refused: the server is patched, the name is wrong, or the tester is stopped.

Options: those of ``forged``; ``status`` (500), ``tries`` (3), ``follow`` (``no``: Autodiscover only).
"""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.exercise.acts import truth
from tocsin.exercise.acts.forged import Forger
from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import Trace

SCRIPT = "proxylogon-refused"
_PATHS = ("/autodiscover/autodiscover.xml?", "/mapi/emsmdb/?", "/ecp/proxyLogon.ecp?")


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Yield the attempts; none is answered with success."""
    clock = scene.clock(act.at)
    forger = Forger.of(act, scene)
    label = truth.targeted("autodiscover-probe", "Server-side request refused")
    paths = _PATHS[:1] if act.options.get("follow") == "no" else _PATHS
    for _ in range(int(act.options.get("tries", "3"))):
        for path in paths:
            status = int(act.options.get("status", "500"))
            yield forger.ask(clock.after(0.5, 4), path, status=status, label=label, size=0)
        clock.after(20, 600)
