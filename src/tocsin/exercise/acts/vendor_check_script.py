"""An administrator runs the vendor's check scripts: their command lines quote what they look for."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.exercise.acts import truth
from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import ProcessStarted, Trace

SCRIPT = "vendor-check-script"
_LABEL = truth.benign("The owner looks for traces")
_POWERSHELL = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Yield the programs that were started."""
    clock = scene.clock(act.at)
    user = f"{scene.realm}\\Administrator"
    explorer = "C:\\Windows\\explorer.exe"
    logs = f"{scene.exchange}\\Logging"
    started = (
        (
            _POWERSHELL,
            explorer,
            f'powershell.exe -File C:\\Tools\\Test-ProxyLogon.ps1 -OutPath "{logs}\\check"',
        ),
        (_POWERSHELL, explorer, "powershell.exe -File C:\\Tools\\HealthChecker.ps1"),
        (
            "C:\\Windows\\System32\\findstr.exe",
            _POWERSHELL,
            'findstr.exe /s /i /m "comsvcs lsass MiniDump powercat.ps1" C:\\inetpub\\logs\\*.log',
        ),
        (_POWERSHELL, explorer, "powershell.exe Get-ChildItem C:\\Windows\\Temp -Filter lsass*.dmp -Recurse"),
        ("C:\\Tools\\msert.exe", explorer, "msert.exe /Q /F"),
    )
    for image, parent, line in started:
        yield ProcessStarted(
            at=clock.after(20, 400), image=image, parent=parent, command_line=line, user=user, label=_LABEL
        )
