r"""What ASP.NET leaves in ``Temporary ASP.NET Files`` when a page is first asked for."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, time
from xml.sax.saxutils import quoteattr

from tocsin.exercise.story import PageCompiled, Trace
from tocsin.exercise.workshop import Workshop

FOLDER = "C/Windows/Microsoft.NET/Framework64/v4.0.30319/Temporary ASP.NET Files"
_STANDING = ("/owa/auth/logon.aspx", "/owa/auth/errorFE.aspx", "/owa/auth/logoff.aspx", "/ecp/default.aspx")
_LONGEST_NAME = 60


class Compiled:
    """Writes one ``.compiled`` file a page; it stays when the page goes."""

    KINDS: tuple[str, ...] = ("aspnet.compiled",)

    def __init__(self, workshop: Workshop) -> None:
        """Write those of the pages that every server has."""
        self._workshop = workshop
        self._seen: set[str] = set()
        installed = datetime.combine(workshop.scenario.first_day, time(), UTC)
        if workshop.scenario.collection.disk:
            for url in _STANDING:
                self._write(url, installed)

    def take(self, trace: Trace) -> None:
        """Write the file of a page on its first compilation."""
        if not isinstance(trace, PageCompiled) or not self._workshop.scenario.collection.disk:
            return
        url = trace.url.partition("?")[0]
        if url.lower() not in self._seen:
            path = self._write(url, trace.at)
            self._workshop.ledger.note(trace, kind=self.KINDS[0], path=path)

    def close(self) -> None:
        """Nothing is left to write."""

    def _write(self, page: str, at: datetime) -> str:
        url = page.lower()
        self._seen.add(url)
        # Not of one stream after another: a page's names hang on the page alone.
        mark = self._workshop.dice.stream("compiled", url).letters(16, "0123456789abcdef")
        path = f"{FOLDER}/{_application(url)}/{self._folders(url)}/{_name(url)}.{_digest(url)}.compiled"
        self._workshop.tree.write(path, _content(page, mark), at)
        return path

    def _folders(self, url: str) -> str:
        dice = self._workshop.dice.stream("compiled", _application(url))
        return "/".join(dice.letters(8, "0123456789abcdef") for _ in range(2))


def _application(url: str) -> str:
    first = url.strip("/").partition("/")[0]
    return first if first in {"owa", "ecp", "oab"} else "root"


def _name(url: str) -> str:
    last = url.rpartition("/")[2][:_LONGEST_NAME]
    return re.sub(r"[^A-Za-z0-9._-]", "_", last) or "page"


def _digest(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:8]


def _content(url: str, mark: str) -> bytes:
    kind = "ASP." + re.sub("[^a-z0-9]", "_", url.lower().strip("/"))
    assembly = f"App_Web_{_name(url.lower())}.{_digest(url.lower())}.{mark[:8]}"
    hashes = f'hash="{mark}" filehash="{mark[::-1]}" flags="110000"'
    what = f"virtualPath={quoteattr(url)} {hashes} assembly={quoteattr(assembly)} type={quoteattr(kind)}"
    lines = (
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<preserve resultType="3" {what}>',
        "    <filedeps>",
        f"        <filedep name={quoteattr(url)} />",
        "    </filedeps>",
        "</preserve>",
    )
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace")
