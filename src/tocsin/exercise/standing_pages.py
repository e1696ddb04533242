"""Files that stand in the web roots of every Exchange server: real names, inert content."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.exercise.installing import first_build_of, spans_of
from tocsin.exercise.workshop import Workshop
from tocsin.packs.versions import branch_of

_FRONT_END = (
    "owa/auth/errorFE.aspx",
    "owa/auth/ExpiredPassword.aspx",
    "owa/auth/frowny.aspx",
    "owa/auth/logoff.aspx",
    "owa/auth/logon.aspx",
    "owa/auth/OutlookCN.aspx",
    "owa/auth/RedirSuiteServiceProxy.aspx",
    "owa/auth/signout.aspx",
    "owa/auth/SvmFeedback.aspx",
    "ecp/auth/TimeoutLogout.aspx",
)
_WEB_ROOT = ("iisstart.htm",)


def standing_files(workshop: Workshop) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of the vendor's files as the builds of the story left them."""
    for name in _WEB_ROOT:
        yield f"C/inetpub/wwwroot/{name}", _page(name)
    for name in _FRONT_END:
        yield f"{workshop.exchange}/FrontEnd/HttpProxy/{name}", _page(name)
    for span in spans_of(workshop):
        branch = branch_of(span.build)
        yield f"{workshop.exchange}/ClientAccess/Owa/prem/{span.build}/resources/strings.js", _STRINGS
        themes = f"{workshop.exchange}/FrontEnd/HttpProxy/owa/auth/{branch}/themes/resources"
        yield f"{themes}/logon.css", _STYLE
    base = first_build_of(branch_of(spans_of(workshop)[-1].build), "")
    if base:
        yield f"{workshop.exchange}/ClientAccess/ecp/{base}/scripts/common.js", _STRINGS


_STYLE = b"/* stands for a style sheet of the vendor's */\r\n"
_STRINGS = b"// stands for a script of the vendor's\r\n"


def _page(name: str) -> bytes:
    title = name.rpartition("/")[2].partition(".")[0]
    return f"<!-- Stands for a page of the vendor's. -->\r\n<html><title>{title}</title></html>\r\n".encode()
