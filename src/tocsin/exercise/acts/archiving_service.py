"""Software of the owner's reads mailboxes under its computer's account, as it may: an archive, a fax server.

To the EWS log alone this looks like a forged request: a computer account opens everybody's mail by way of
the front end. Options: ``computer`` (the account's name, ``ARCHIVE01$``), ``mailboxes`` (4), ``calls`` of
each (6).
"""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.exercise.acts import truth
from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import Request, Trace

SCRIPT = "archiving-service"
_AGENT = "ExchangeServicesClient/15.00.0913.015"
_CALLS = ("GetFolder", "SyncFolderItems", "GetItem")
_LABEL = truth.benign("A service of the owner's reads mail that it may read")


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Yield the calls, mailbox after mailbox."""
    clock = scene.clock(act.at)
    account = f"{scene.realm}\\{act.options.get('computer', 'ARCHIVE01$')}"
    for number in range(1, int(act.options.get("mailboxes", "4")) + 1):
        for call in range(int(act.options.get("calls", "6"))):
            request = Request(
                at=clock.after(1, 20),
                protocol="Ews",
                method="POST",
                stem="/EWS/Exchange.asmx",
                client=act.address,
                agent=act.agent or _AGENT,
                status=200,
                host=scene.inside,
                user=account,
                taken_ms=scene.dice.between(20, 700),
                request_bytes=scene.dice.between(900, 4000),
                response_bytes=scene.dice.between(4000, 400_000),
                backend=True,
                action=_CALLS[min(call, len(_CALLS) - 1)],
                mailbox=f"user{number:03d}@{scene.scenario.server.domain}",
                label=_LABEL,
            )
            yield scene.seen_from(request)
