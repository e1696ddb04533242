"""A test of the owner's, stopped at the probe: every answer is an error, of several kinds.

Options: those of ``forged``; ``tries`` (4).
"""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.exercise.acts import truth
from tocsin.exercise.acts.forged import Forger
from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import Trace

SCRIPT = "red-team-test"
_ANSWERS = (400, 401, 403, 500, 503)
_PATHS = ("/autodiscover/autodiscover.xml?", "/EWS/Exchange.asmx?", "/mapi/emsmdb/?")
_AGENT = "Contoso red team (ticket 4711)"


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Yield the attempts, none of which is granted."""
    clock = scene.clock(act.at)
    forger = Forger.of(act, scene)
    label = truth.targeted("autodiscover-probe", "A test of the owner's is refused")
    for number in range(int(act.options.get("tries", "4"))):
        path = _PATHS[number % len(_PATHS)]
        status = scene.dice.pick(_ANSWERS)
        yield forger.ask(clock.after(1, 90), path, status=status, label=label, agent=act.agent or _AGENT)
