"""An administrator gives a virtual directory its real address, in the control panel.

Options: ``directory`` (``OAB`` by default), ``reset`` (``yes``: the directory is reset as well).
"""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.exercise.acts import truth
from tocsin.exercise.acts.aftermath import BROWSER
from tocsin.exercise.acts.scene import Clock, Scene
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import Command, Request, Trace

SCRIPT = "administrator-oab-url"
_LABEL = truth.benign("An administrator changes a virtual directory")


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Yield the sign-in, the change and, if asked for, the reset."""
    clock = scene.clock(act.at)
    directory = act.options.get("directory", "OAB")
    url = f"https://{scene.outside}/{directory}"
    identity = f"{scene.scenario.server.name}\\{directory} (Default Web Site)"
    name = f"{directory.title()}VirtualDirectory"
    yield _asked(act, scene, clock, "GET", "/ecp/")
    yield _asked(
        act, scene, clock, "POST", "/ecp/DDI/DDIService.svc/GetObject", f"schema={directory}VirtualDirectory"
    )
    yield _command(act, scene, clock, f"Set-{name}", ("ExternalUrl", url), ("Identity", identity))
    yield _asked(
        act, scene, clock, "POST", "/ecp/DDI/DDIService.svc/SetObject", f"schema={directory}VirtualDirectory"
    )
    if act.options.get("reset") == "yes":
        yield _command(act, scene, clock, f"Remove-{name}", ("Force", True), ("Identity", identity))
        home = ("WebSiteName", "Default Web Site")
        yield _command(act, scene, clock, f"New-{name}", home, ("Server", scene.scenario.server.name))
        schema = f"schema=Reset{directory}VirtualDirectory"
        yield _asked(act, scene, clock, "POST", "/ecp/DDI/DDIService.svc/SetObject", schema)


def _asked(act: Act, scene: Scene, clock: Clock, method: str, stem: str, query: str = "") -> Request:
    request = Request(
        at=clock.after(0.2, 20),
        protocol="Ecp",
        method=method,
        stem=stem,
        query=query,
        client=act.address,
        agent=act.agent or BROWSER,
        status=200,
        host=scene.outside,
        user=f"{scene.realm}\\Administrator",
        backend_status=200,
        taken_ms=scene.dice.between(60, 900),
        request_bytes=scene.dice.between(0, 1200),
        response_bytes=scene.dice.between(400, 9000),
        anchor=f"Sid~S-1-5-21-{scene.dice.between(10**8, 10**9)}-1-2-500",
        backend=True,
        label=_LABEL,
    )
    return scene.seen_from(request)


def _command(
    act: Act, scene: Scene, clock: Clock, cmdlet: str, *parameters: tuple[str, str | bool | None]
) -> Command:
    return Command(
        at=clock.after(0.2, 8),
        cmdlet=cmdlet,
        parameters=parameters,
        user=f"{scene.scenario.server.domain}/Users/Administrator",
        via=act.options.get("via", "ecp"),
        url=f"https://{scene.inside}:444/ecp/DDI/DDIService.svc/SetObject",
        label=_LABEL,
    )
