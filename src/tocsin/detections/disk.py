"""What stood on the server's disk: server pages found, folders collected, removals logged."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from tocsin.evidence.layout import is_shadow_copy
from tocsin.evidence.server_pages import server_pages_in
from tocsin.evidence.web_roots import url_of
from tocsin.model.places import Locator
from tocsin.model.records import Record

_ACTED = frozenset({"1117", "1007"})
"""Defender has acted; 1118 and 1119 say that it tried and failed."""
_ACTIONS = frozenset({"1", "2", "3"})
"""``Action ID``: clean, quarantine, remove; the name of the action is in the server's language."""
_SHADOW = re.compile(r"shadow[-_ ]?cop(?:y|ies)", re.IGNORECASE)
_REMOVING = re.compile(r"remove|quarantine|delete|clean", re.IGNORECASE)


class PageFile(Struct, frozen=True, kw_only=True):
    """A server page found on disk."""

    path: str
    url: str | None
    sha256: str | None
    locator: Locator


def is_of_interest(kind: str, fields: Mapping[str, str | None]) -> bool:
    """Tell whether ``DiskState`` may ask records for more, by their kind and number."""
    return kind == "web.file" or (kind == "event.defender" and fields.get("EventID") in _ACTED)


class DiskState:
    """Server pages on disk, which folders the evidence holds, which files a scanner says it removed.

    Attributes:
        looked: a page or other file of a web root stands in the evidence as the disk has it at collection.
    """

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._by_url: dict[str, PageFile] = {}
        self._folders: set[str] = set()
        self._removed: dict[str, Locator] = {}
        self.looked = False

    def observe_path(self, where: str) -> None:
        """Take the place of one file of the evidence; one in a shadow copy says nothing of the disk."""
        if is_shadow_copy(where):
            return
        folder = where.rpartition("/")[0]
        url = url_of(f"{folder}/x")
        if url is not None:
            self._folders.add(url.rpartition("/")[0])

    def observe(self, record: Record, *, shadow_copy: bool = False) -> None:
        """Take one record; only files and scanners' events matter here.

        A file in a shadow copy was on the disk, which does not say that it is.
        """
        if record.kind == "web.file":
            if not shadow_copy:
                self.looked = True
                self._file(record)
        elif is_of_interest(record.kind, record.fields):
            self._removal(record)

    def merge(self, other: DiskState) -> None:
        """Add what was seen elsewhere."""
        self.looked |= other.looked
        self._folders |= other._folders
        for url, file in other._by_url.items():
            known = self._by_url.get(url)
            if known is None or file.locator.order < known.locator.order:
                self._by_url[url] = file
        for url, place in other._removed.items():
            self._removed[url] = min(self._removed.get(url, place), place, key=lambda one: one.order)

    def file_at(self, url: str) -> PageFile | None:
        """Give the server page on disk that a URL reaches, if the evidence holds it."""
        return self._by_url.get(url.lower())

    def removal_of(self, url: str) -> Locator | None:
        """Give the place where a scanner says that it removed the page, if one does."""
        return self._removed.get(url.lower())

    def folder_collected(self, url: str) -> bool:
        """Tell whether the evidence holds files of the folder that the URL lies in."""
        return url.lower().rpartition("/")[0] in self._folders

    def _file(self, record: Record) -> None:
        place = record.locator.path
        if "!/" in place or _SHADOW.search(place):
            return  # in an archive or a shadow copy: it was on the disk, which does not say that it is
        fields: Mapping[str, str | None] = record.fields
        path = fields.get("Path") or record.locator.path
        url = (fields.get("Url") or url_of(path) or "").lower()
        found = PageFile(path=path, url=url or None, sha256=fields.get("Sha256"), locator=record.locator)
        known = self._by_url.get(url)
        if url and (known is None or found.locator.order < known.locator.order):
            self._by_url[url] = found

    def _removal(self, record: Record) -> None:
        texts = [value for value in record.fields.values() if value]
        action = record.fields.get("Action ID")
        if action not in _ACTIONS if action else not any(_REMOVING.search(value) for value in texts):
            return
        for page in (page for value in texts for page in server_pages_in(value)):
            url = url_of(page)
            if url:
                known = self._removed.get(url)
                if known is None or record.locator.order < known.order:
                    self._removed[url] = record.locator
