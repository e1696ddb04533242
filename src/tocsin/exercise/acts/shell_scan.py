"""A stranger walks a list of names that web shells bore; what stands there answers, the rest does not.

Options: ``names`` (``few`` or ``many``), ``rounds``.
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

SCRIPT = "shell-scan"
NAMES = (
    "/owa/auth/Current/themes/errorFS.aspx",
    "/owa/auth/ErrorAA.aspx",
    "/owa/auth/OutlookEN.aspx",
    "/owa/auth/zntwv.aspx",
    "/owa/auth/Current/scripts/premium/fexppw.aspx",
    "/owa/auth/errorEE.aspx",
    "/owa/auth/getpp.aspx",
    "/aspnet_client/supp0rt.aspx",
    "/aspnet_client/discover.aspx",
    "/owa/auth/shel90.aspx",
    "/owa/auth/RedirSuiteServerProxy.aspx",
    "/aspnet_client/system_web/log.aspx",
)
_FEW = 7


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Yield the requests; a page that the scenario left there is among the names when ``shell`` says so."""
    clock = scene.clock(act.at)
    names = NAMES if act.options.get("names") == "many" else NAMES[:_FEW]
    for _ in range(int(act.options.get("rounds", "1"))):
        for url in (*names, *([act.shell] if act.shell else [])):
            at = clock.after(0.05, 1.5)
            status = scene.answer(url, at)
            label = truth.context("A stranger looks for web shells; no such page", "shell-reachable")
            if status == HTTPStatus.OK:
                label = truth.compromised(
                    "shell-reachable", "The web shell answers a stranger", truth.REQUESTS
                )
            seen = scene.ask(at, url, status, method="GET", client=act.address, agent=act.agent or BROWSER)
            yield replace(seen, label=label)
        clock.after(3600, 40_000)
