"""A file written by way of the offline address book (CVE-2021-26858), in a forged session.

The address book's generator is told to fetch its file to ``shell``; it notes a failed download there.
"""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.exercise.acts import truth
from tocsin.exercise.acts.forged import Forger
from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.acts.settings import MARKER
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import FileWritten, Trace

SCRIPT = "oab-file-write"
_SHELL = "/aspnet_client/supp0rt.aspx"
_PAGE = f'<!-- inert --><script language="JScript" runat="server">{MARKER}</script>\r\n'


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Yield the session, the change of the address book's folder, the file."""
    clock = scene.clock(act.at)
    forger = Forger.of(act, scene)
    session = truth.compromised("ecp-session", "Control panel session forged", truth.HTTPPROXY)
    yield forger.ask(clock.after(0, 3), "/ecp/proxyLogon.ecp?", status=241, label=session, size=341)
    stored = truth.compromised("script-stored", "Settings changed in the forged session", truth.HTTPPROXY)
    path = forger.service("SetObject", "OABVirtualDirectory")
    yield forger.ask(clock.after(3, 9), path, status=200, label=stored, size=420)
    yield FileWritten(
        at=clock.after(20, 90),
        path=scene.folder_of(act.shell or _SHELL),
        image=f"{scene.exchange}\\Bin\\MSExchangeMailboxAssistants.exe",
        content=_PAGE.encode(),
        label=truth.compromised(
            "file-written", "The address book's file lies in a web root", ("event.sysmon",)
        ),
    )
