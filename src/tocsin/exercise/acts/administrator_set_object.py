"""An administrator sets addresses of virtual directories in Exchange PowerShell, all at once."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.exercise.acts import truth
from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import Command, Trace

SCRIPT = "administrator-set-object"
_DIRECTORIES = (
    ("Set-OwaVirtualDirectory", "owa"),
    ("Set-EcpVirtualDirectory", "ecp"),
    ("Set-OabVirtualDirectory", "OAB"),
    ("Set-WebServicesVirtualDirectory", "EWS"),
    ("Set-ActiveSyncVirtualDirectory", "Microsoft-Server-ActiveSync"),
)


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Yield the cmdlets, and one that empties an address."""
    clock = scene.clock(act.at)
    server, domain = scene.scenario.server.name, scene.scenario.server.domain
    label = truth.benign("An administrator changes virtual directories")
    for cmdlet, name in _DIRECTORIES:
        inside, outside = f"https://{scene.inside}/{name}", f"https://{scene.outside}/{name}"
        addresses: tuple[tuple[str, str | None], ...]
        if act.options.get("empty") == name:
            addresses = (("InternalUrl", inside), ("ExternalUrl", None))
        else:
            addresses = (("InternalUrl", inside), ("ExternalUrl", outside))
        yield Command(
            at=clock.after(0.4, 3),
            cmdlet=cmdlet,
            parameters=(("Identity", f"{server}\\{name} (Default Web Site)"), *addresses),
            user=f"{domain}/Users/Administrator",
            via="powershell",
            label=label,
        )
