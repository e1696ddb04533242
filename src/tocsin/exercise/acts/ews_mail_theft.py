"""Mail read through Exchange Web Services by way of server-side requests: no session, no shell.

Options: those of ``forged``; ``mailbox`` (opened, and named in the anchor), ``reads`` (opened, and named by
the EWS log alone; otherwise some user's), ``requests`` (12).
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
_FIRST = ("GetFolder", "FindFolder")
_THEN = ("FindItem", "GetItem", "GetItem", "GetAttachment")


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Yield the requests: the first ones look for folders, the others fetch."""
    clock = scene.clock(act.at)
    forger = Forger.of(replace(act, options={"stem": _STEM, **act.options}), scene)
    named = act.options.get("mailbox", "")
    mailbox = named or act.options.get("reads") or _somebody(scene)
    path = f"/EWS/Exchange.asmx?a={named}" if named else "/EWS/Exchange.asmx?"
    agent = act.agent or PROBE_AGENT
    for number in range(int(act.options.get("requests", "12"))):
        action = _FIRST[number] if number < len(_FIRST) else _THEN[number % len(_THEN)]
        note = f"{action} in the mailbox of {mailbox}, answered through the front end"
        label = truth.compromised("mail-read", note, truth.HTTPPROXY)
        size = scene.dice.between(*(_LARGE if number > 1 else _SMALL))
        asked = forger.ask(clock.after(1, 40), path, status=200, label=label, size=size, agent=agent)
        yield replace(asked, action=action, mailbox=mailbox)


def _somebody(scene: Scene) -> str:
    """Give the mail address of a mailbox of the server."""
    number = scene.dice.stream("mailbox").between(1, scene.scenario.server.mailboxes)
    return f"user{number:03d}@{scene.scenario.server.domain}"
