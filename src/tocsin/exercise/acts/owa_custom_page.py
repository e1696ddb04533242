"""The owner's own pages: a notice beside the sign-in page, a telephone list on the default site.

The list is a server page of the owner's, outside every folder of Exchange; colleagues search in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tocsin.exercise.acts import truth
from tocsin.exercise.acts.aftermath import BROWSER
from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import FileWritten, Request, Trace

SCRIPT = "owa-custom-page"
_LIST = "/phones/list.aspx"
_LABEL = truth.benign("A page of the owner's")
_PAGE = b"""<%@ Page Language="C#" %>\r\n<html><body><h1>Telephone list</h1></body></html>\r\n"""
_NOTICE = b"<html><body><p>Maintenance on Sunday, 08:00 to 10:00.</p></body></html>\r\n"
_EXPLORER = "C:\\Windows\\explorer.exe"


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Yield the files and the visits."""
    clock = scene.clock(act.at)
    user = f"{scene.realm}\\Administrator"
    front = f"{scene.exchange}\\FrontEnd\\HttpProxy\\owa\\auth\\notice.htm"
    for path, content in ((front, _NOTICE), ("C:\\inetpub\\wwwroot\\phones\\list.aspx", _PAGE)):
        yield FileWritten(
            at=clock.after(5, 60), path=path, image=_EXPLORER, content=content, user=user, label=_LABEL
        )
    for number in range(int(act.options.get("visits", "8"))):
        yield _visit(act, scene, clock.after(60, 3000), query=f"name=smith{number}")


def _visit(act: Act, scene: Scene, at: datetime, *, query: str) -> Request:
    request = Request(
        at=at,
        protocol="Owa",
        method="GET",
        stem=_LIST,
        query=query,
        client=act.address,
        agent=act.agent or BROWSER,
        status=200,
        host=scene.outside,
        response_bytes=scene.dice.between(900, 4000),
        proxied=False,
        label=_LABEL,
    )
    return scene.seen_from(request)
