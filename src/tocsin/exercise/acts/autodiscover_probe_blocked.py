"""Server-side requests that a rewrite rule aborts: HTTP.SYS notes a cancelled request, no other log does.

Options: ``tries`` (6), ``stem`` (``/ecp/y.js``).
"""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.exercise.acts import truth
from tocsin.exercise.acts.forged import STEM
from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import Refused, Trace

SCRIPT = "autodiscover-probe-blocked"


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Yield the cancelled requests: behind a reverse proxy its address is all that HTTP.SYS sees."""
    clock = scene.clock(act.at)
    stem = act.options.get("stem", STEM)
    pool = "MSExchangeOWAAppPool" if stem.startswith("/owa") else "MSExchangeECPAppPool"
    label = truth.context("A cancelled request for a static resource", "autodiscover-probe")
    for _ in range(int(act.options.get("tries", "6"))):
        yield Refused(
            at=clock.after(1, 4000),
            client=scene.scenario.server.reverse_proxy or act.address,
            method="POST",
            url=stem,
            status="-",
            reason="Request_Cancelled",
            queue=pool,
            label=label,
        )
