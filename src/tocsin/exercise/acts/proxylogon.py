"""ProxyLogon, as far up its ladder as ``rung`` says; the order of steps is that of real incidents.

Options: ``stem`` (the static file asked for), ``host``, ``target`` (back-end address in the anchor),
``method``, ``directory`` (``OAB`` or ``Ecp`` …), ``clean-up`` (``no`` leaves the script in the settings),
``rejected`` (``yes``: the clean-up fails), ``wipe`` (``yes``: the intruder
deletes the page at the end).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from tocsin.errors import ScenarioError
from tocsin.exercise.acts import aftermath, truth
from tocsin.exercise.acts.forged import PROBE_AGENT, Forger
from tocsin.exercise.acts.scene import Clock, Scene
from tocsin.exercise.acts.settings import SCRIPT_URL, settings_page
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import Command, FileRemoved, FileWritten, PageCompiled, Trace

SCRIPT = "proxylogon"
RUNGS = (
    "autodiscover-probe",
    "mailbox-sid",
    "ecp-session",
    "oab-id",
    "script-stored",
    "file-written",
    "shell-reachable",
    "shell-tasked",
    "post-exploitation",
    "ransomware",
)
_SHELL = "/owa/auth/OutlookUS.aspx"
_WORKER = "c:\\windows\\system32\\inetsrv\\w3wp.exe"


class _Run(Struct, frozen=True, kw_only=True):
    act: Act
    scene: Scene
    forger: Forger
    clock: Clock
    identity: str

    @property
    def shell(self) -> str:
        return self.act.shell or _SHELL

    @property
    def directory(self) -> str:
        return self.act.options.get("directory", "OAB")

    @property
    def administrator(self) -> str:
        return f"{self.scene.scenario.server.domain}/Users/Administrator"

    def command(
        self,
        cmdlet: str,
        *parameters: tuple[str, str | bool | None],
        rung: str,
        shown: bool = False,
        error: str = "",
    ) -> Command:
        kinds = truth.STORED
        note = f"{cmdlet} in the forged session"
        return Command(
            at=self.clock.after(0.05, 0.4),
            cmdlet=cmdlet,
            parameters=parameters,
            user=self.administrator,
            url=f"https://{self.scene.inside}:444/ecp/DDI/DDIService.svc/SetObject",
            canary=self.forger.canary,
            error=error,
            label=truth.compromised(rung, note, kinds) if shown else truth.part_of(rung, note),
        )


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Climb to ``act.rung``, every step with all its traces.

    Raises:
        ScenarioError: the ladder has no such rung.
    """
    if act.rung not in RUNGS:
        raise ScenarioError(
            f"proxylogon has no rung {act.rung!r}.", remedy=f"Give one of: {', '.join(RUNGS)}."
        )
    run = _Run(
        act=act,
        scene=scene,
        forger=Forger.of(act, scene),
        clock=scene.clock(act.at),
        identity=scene.dice.stream("identity").guid(),
    )
    for step in _STEPS[: RUNGS.index(act.rung) + 1]:
        yield from step(run)
    yield from _leave(run)


def _probe(run: _Run) -> Iterator[Trace]:
    label = truth.exploited("autodiscover-probe", "Autodiscover answered the server-side request")
    size = run.scene.dice.between(3200, 5200)
    yield run.forger.ask(
        run.clock.after(0, 0.8),
        "/autodiscover/autodiscover.xml?",
        status=200,
        label=label,
        size=size,
        agent=run.act.agent or PROBE_AGENT,
    )


def _sid(run: _Run) -> Iterator[Trace]:
    label = truth.exploited("mailbox-sid", "MAPI gave the mailbox owner's SID")
    size = run.scene.dice.between(900, 1900)
    yield run.forger.ask(run.clock.after(0.8, 2), "/mapi/emsmdb/?", status=200, label=label, size=size)


def _session(run: _Run) -> Iterator[Trace]:
    label = truth.compromised("ecp-session", "Control panel session forged", truth.HTTPPROXY)
    yield run.forger.ask(run.clock.after(1, 3), "/ecp/proxyLogon.ecp?", status=241, label=label, size=341)


def _identity(run: _Run) -> Iterator[Trace]:
    schema = f"{run.directory}VirtualDirectory"
    cmdlet = f"Get-{run.directory.title()}VirtualDirectory"
    run.clock.after(2, 5)
    yield run.command(cmdlet, ("ADPropertiesOnly", True), ("Identity", None), rung="oab-id")
    label = truth.compromised("oab-id", "Virtual directory read in the forged session", truth.HTTPPROXY)
    path = run.forger.service("GetObject", schema)
    yield run.forger.ask(run.clock.after(0.05, 0.3), path, status=200, label=label, size=7400)


def _store(run: _Run) -> Iterator[Trace]:
    cmdlet = f"Set-{run.directory.title()}VirtualDirectory"
    run.clock.after(1.5, 3.5)
    parameters = (("ExternalUrl", SCRIPT_URL), ("Identity", run.identity))
    yield run.command(cmdlet, *parameters, rung="script-stored", shown=True)
    label = truth.compromised("script-stored", "Script stored as external URL", truth.HTTPPROXY)
    path = run.forger.service("SetObject", f"{run.directory}VirtualDirectory")
    yield run.forger.ask(run.clock.after(0.05, 0.3), path, status=200, label=label, size=420)


def _write(run: _Run) -> Iterator[Trace]:
    home = f"{run.directory} (Default Web Site)"
    name = run.directory.title()
    server = run.scene.scenario.server.name
    run.clock.after(1, 3)
    at = run.clock.after(0.1, 0.3)
    page = settings_page(
        run.scene, url=SCRIPT_URL, at=at, created=run.scene.created(run.directory), directory=run.directory
    )
    yield FileWritten(
        at=at,
        path=run.scene.folder_of(run.shell),
        image=_WORKER,
        content=page,
        label=truth.compromised("file-written", "Settings, script included, saved to a page", truth.WRITTEN),
    )
    identity = f"{server}\\{home}"
    yield run.command(
        f"Remove-{name}VirtualDirectory", ("Force", True), ("Identity", identity), rung="file-written"
    )
    run.clock.after(1, 7)
    yield run.command(
        f"New-{name}VirtualDirectory",
        ("WebSiteName", "Default Web Site"),
        ("Server", server),
        ("Role", "ClientAccess"),
        ("InternalURL", f"https://{run.scene.inside}/{run.directory}"),
        ("Path", f"{run.scene.exchange}\\FrontEnd\\HttpProxy\\{run.directory}"),
        rung="file-written",
    )
    label = truth.compromised(
        "file-written", "Virtual directory reset through the front end", truth.HTTPPROXY
    )
    path = run.forger.service("SetObject", f"Reset{run.directory}VirtualDirectory")
    yield run.forger.ask(run.clock.after(0.05, 0.3), path, status=200, label=label, size=420)
    if run.act.options.get("clean-up", "yes") == "yes":
        yield from _clean_up(run)


def _clean_up(run: _Run) -> Iterator[Trace]:
    """Empty the URL again; where the directory has just been created anew, that may fail."""
    rejected = run.act.options.get("rejected") == "yes"
    run.clock.after(1.5, 3)
    path = run.forger.service("SetObject", f"{run.directory}VirtualDirectory")
    error = ""
    if rejected:
        error = (
            "Microsoft.Exchange.Data.Directory.ADNoSuchObjectException: Active Directory operation failed on "
            f"dc01.{run.scene.scenario.server.domain}. The object does not exist."
        )
    parameters = (("ExternalUrl", None), ("Identity", run.identity))
    cmdlet = f"Set-{run.directory.title()}VirtualDirectory"
    yield run.command(cmdlet, *parameters, rung="script-stored", error=error)
    label = truth.compromised("script-stored", "External URL emptied in the forged session", truth.HTTPPROXY)
    yield run.forger.ask(run.clock.after(0.05, 0.3), path, status=200, label=label, size=420)


def _reach(run: _Run) -> Iterator[Trace]:
    at = run.clock.after(4, 40)
    note = "The web shell answers"
    compiled = truth.compromised("shell-reachable", "ASP.NET compiled the page", truth.COMPILED)
    yield PageCompiled(at=at, url=run.shell, label=compiled)
    label = truth.compromised("shell-reachable", note, truth.REQUESTS)
    yield aftermath.visit(run.scene, run.clock, run.act, run.shell, label=label)


def _task(run: _Run) -> Iterator[Trace]:
    yield from aftermath.task(run.scene, run.clock, run.act, run.shell)


def _exploit(run: _Run) -> Iterator[Trace]:
    yield from aftermath.credentials(run.scene, run.clock, run.act, run.shell)


def _ransom(run: _Run) -> Iterator[Trace]:
    yield from aftermath.dearcry(run.scene, run.clock)


def _leave(run: _Run) -> Iterator[Trace]:
    if run.act.options.get("wipe") == "yes":
        path = run.scene.folder_of(run.shell)
        note = "The intruder deletes the page"
        yield FileRemoved(at=run.clock.after(60, 600), path=path, label=truth.part_of("file-written", note))


_STEPS: tuple[Callable[[_Run], Iterator[Trace]], ...] = (
    _probe,
    _sid,
    _session,
    _identity,
    _store,
    _write,
    _reach,
    _task,
    _exploit,
    _ransom,
)
