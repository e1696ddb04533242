"""An administrator exports a mailbox to a .pst file on a file server, as leavers' mailboxes are."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.exercise.acts import truth
from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import Command, Trace

SCRIPT = "pst-export"
_LABEL = truth.benign("An administrator exports a mailbox to a .pst file")
_Parameters = tuple[tuple[str, str | bool | None], ...]


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Yield the right that is granted, the export, and the request that is cleared away."""
    clock = scene.clock(act.at)
    mailbox = act.options.get("mailbox", f"anna@{scene.scenario.server.domain}")
    name = mailbox.partition("@")[0]
    user = f"{scene.scenario.server.domain}/Users/Administrator"
    commands: tuple[tuple[str, _Parameters], ...] = (
        ("New-ManagementRoleAssignment", (("Role", "Mailbox Import Export"), ("User", "Administrator"))),
        (
            "New-MailboxExportRequest",
            (("Mailbox", mailbox), ("FilePath", f"\\\\FILES01\\leavers$\\{name}.pst")),
        ),
        ("Get-MailboxExportRequest", (("Status", "Completed"),)),
        ("Remove-MailboxExportRequest", (("Identity", f"{name}\\MailboxExport"), ("Confirm", "False"))),
    )
    for cmdlet, parameters in commands:
        at = clock.after(10, 900)
        yield Command(at=at, cmdlet=cmdlet, parameters=parameters, user=user, via="powershell", label=_LABEL)
