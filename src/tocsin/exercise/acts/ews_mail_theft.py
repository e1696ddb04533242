"""Mail read through Exchange Web Services by way of server-side requests: no session, no shell.

Options: those of ``forged``; ``mailbox`` (named in the anchor; else the log names none), ``requests`` (12).
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from tocsin.exercise.acts import truth
from tocsin.exercise.acts.forged import PROBE_AGENT, Forger
from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import Trace

SCRIPT = "ews-mail-theft"
_STEM = "/owa/auth/Current/themes/resources/logon.css"
_SMALL = (700, 1900)
"""Bytes of an answer that only lists or confirms."""

_LARGE = (24_000, 900_000)


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Yield the requests: the first ones look for folders, the others fetch."""
    clock = scene.clock(act.at)
    forger = Forger.of(replace(act, options={"stem": _STEM, **act.options}), scene)
    mailbox = act.options.get("mailbox", "")
    path = f"/EWS/Exchange.asmx?a={mailbox}" if mailbox else "/EWS/Exchange.asmx?"
    label = truth.compromised("mail-read", "Mail answered through the front end", truth.HTTPPROXY)
    agent = act.agent or PROBE_AGENT
    for number in range(int(act.options.get("requests", "12"))):
        size = scene.dice.between(*(_LARGE if number > 1 else _SMALL))
        yield forger.ask(clock.after(1, 40), path, status=200, label=label, size=size, agent=agent)
