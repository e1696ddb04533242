"""What follows a web shell: it is looked at, told what to do, and used against the server.

Nothing runs: a command is the text that the process log holds, an encrypted file is a mark and noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

from msgspec.structs import replace

from tocsin.exercise.acts import truth
from tocsin.exercise.acts.scene import Clock, Scene
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import EventWritten, FileWritten, Label, ProcessStarted, Request, Trace

COMMAND_SHELL = "C:\\Windows\\System32\\cmd.exe"
WORKER = "C:\\Windows\\System32\\inetsrv\\w3wp.exe"
BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/88.0.4324.182 Safari/537.36"
)
_LOOKS_AROUND = ("whoami", "ipconfig /all", 'net group "Domain Computers" /do', "tasklist", "quser")
_TASKING_AGENT = "python-requests/2.25.1"


def visit(scene: Scene, clock: Clock, act: Act, url: str, *, label: Label, agent: str = BROWSER) -> Request:
    """A look at the page, which answers."""
    at = clock.after(0.5, 4)
    seen = scene.ask(at, url, HTTPStatus.OK, method="GET", client=act.address, agent=act.agent or agent)
    return replace(seen, label=label)


def task(scene: Scene, clock: Clock, act: Act, url: str) -> Iterator[Trace]:
    """Two to four commands, each a POST and the process that it started."""
    label = truth.compromised("shell-tasked", "The web shell is told what to do", truth.REQUESTS)
    count = scene.dice.between(2, 4)
    for command in _LOOKS_AROUND[:count]:
        yield started(clock, f'"cmd" /c {command}', rung="shell-tasked", url=url)
        yield _posted(scene, clock, act, url, label)


def credentials(scene: Scene, clock: Clock, act: Act, url: str) -> Iterator[Trace]:
    """The memory of LSASS is dumped and packed, a POST for each command."""
    label = truth.compromised("shell-tasked", "The web shell is told what to do", truth.REQUESTS)
    number = scene.dice.between(520, 980)
    lines = (
        f"rundll32.exe C:\\windows\\system32\\comsvcs.dll MiniDump {number} C:\\inetpub\\wwwroot\\a.dmp full",
        "makecab C:\\inetpub\\wwwroot\\a.dmp C:\\inetpub\\wwwroot\\a.dmp.zip",
        'net group "Exchange Organization administrators" administrator /del /domain',
    )
    for line in lines:
        yield started(clock, f'"cmd" /c {line}', rung="post-exploitation", url=url)
        yield _posted(scene, clock, act, url, label)


def dearcry(scene: Scene, clock: Clock) -> Iterator[Trace]:
    """DearCry: its service is installed, files get its mark; the note lies beside."""
    installed = truth.compromised("ransomware", "DearCry's service is installed", ("event.system",))
    yield EventWritten(
        at=clock.after(1800, 7200),
        channel="System",
        provider="Service Control Manager",
        event_id=7045,
        level=4,
        data=(
            ("ServiceName", "msupdate"),
            ("ImagePath", "C:\\Windows\\Temp\\msupdate.exe"),
            ("ServiceType", "user mode service"),
            ("StartType", "auto start"),
            ("AccountName", "LocalSystem"),
        ),
        label=installed,
    )
    encrypted = truth.compromised("ransomware", "A file is encrypted", ("event.sysmon", "web.file"))
    noise = scene.dice.stream("noise")
    for name in ("iisstart.htm", "iisstart.png"):
        yield FileWritten(
            at=clock.after(2, 30),
            path=f"C:\\inetpub\\wwwroot\\{name}.CRYPT",
            image="C:\\Windows\\Temp\\msupdate.exe",
            content=b"DEARCRY!" + noise.letters(512).encode(),
            label=encrypted,
        )


def note_of_black_kingdom(scene: Scene, clock: Clock) -> Iterator[Trace]:
    """Black Kingdom: its note lies below the web root."""
    label = truth.compromised("ransomware", "Ransom note of Black Kingdom", ("event.sysmon", "web.file"))
    for folder in ("", "\\aspnet_client"):
        yield FileWritten(
            at=clock.after(2, 30),
            path=f"C:\\inetpub\\wwwroot{folder}\\decrypt_file.TxT",
            image="C:\\Windows\\Temp\\{}.exe".format(scene.dice.stream("name").letters(8)),
            content=b"Inert text in the place of a ransom note.\r\n",
            label=label,
        )


def started(clock: Clock, line: str, *, rung: str, url: str) -> ProcessStarted:
    """A command shell that the web server started."""
    pool = "DefaultAppPool" if url.lower().startswith("/aspnet_client/") else "MSExchangeOWAAppPool"
    return ProcessStarted(
        at=clock.after(2, 25),
        image=COMMAND_SHELL,
        parent=WORKER,
        command_line=line,
        parent_command_line=f'{WORKER.lower()} -ap "{pool}" -v "v4.0" -l "webengine4.dll"',
        label=truth.started(rung, "A program that the web shell started"),
    )


def _posted(scene: Scene, clock: Clock, act: Act, url: str, label: Label) -> Request:
    agent = act.agent or _TASKING_AGENT
    at = clock.after(0.05, 0.9)
    return replace(
        scene.ask(at, url, HTTPStatus.OK, method="POST", client=act.address, agent=agent), label=label
    )
