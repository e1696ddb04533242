"""What stood on the server's disk: server pages found, folders collected, removals logged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from tocsin.evidence.layout import is_shadow_copy, place_of
from tocsin.evidence.server_pages import is_server_page, server_pages_in
from tocsin.evidence.web_roots import url_of
from tocsin.model.places import Locator
from tocsin.model.records import Record

_ACTED = frozenset({"1117", "1007"})
"""Defender has acted; 1118 and 1119 say that it tried and failed."""
_ACTIONS = frozenset({"1", "2", "3"})
"""``Action ID``: clean, quarantine, remove; the name of the action is in the server's language."""
_SHADOW = re.compile(r"shadow[-_ ]?cop(?:y|ies)", re.IGNORECASE)
_MOST_FOLDERS = 100_000
_MOST_REMOVALS = 100
_MOST_SETTINGS = 200
_DRIVE = re.compile(r"^(?:[\w.-]+/)?[a-z][:$]/|^[a-z]/")
_REMOVING = re.compile(r"remove|quarantine|delete|clean", re.IGNORECASE)


class PageFile(Struct, frozen=True, kw_only=True):
    """A server page found on disk."""

    path: str
    url: str | None
    sha256: str | None
    locator: Locator


class Removal(Struct, frozen=True, kw_only=True):
    """A scanner's word that it removed a page; ``at`` is None where its log tells no time."""

    locator: Locator
    at: datetime | None


class Settings(Struct, frozen=True, kw_only=True):
    """The settings of a virtual directory, as a file that no server runs shows them."""

    name: str
    locator: Locator
    changed: datetime | None
    script: bool


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
        self._removed: dict[str, tuple[Removal, ...]] = {}
        self._samples: dict[str, Locator] = {}
        self._by_path: dict[str, PageFile] = {}
        self._settings: dict[tuple[str, int], Settings] = {}
        self.looked = False

    def observe_path(self, where: str, path: str = "") -> None:
        """Take the place of one file of the evidence; one in a shadow copy says nothing of the disk.

        Args:
            where: on the disk.
            path: in the evidence, or an empty text where nobody will ask for it.
        """
        if is_shadow_copy(where):
            return
        folder = where.rpartition("/")[0]
        url = url_of(f"{folder}/x")
        if url is not None:
            self._folders.add(url.rpartition("/")[0])
        if path and "!/" not in path and not where.endswith(".config"):
            self._sample(url.rpartition("/")[0] if url is not None else _plain(folder), Locator(path=path))

    def _sample(self, folder: str, place: Locator) -> None:
        known = self._samples.get(folder)
        if known is None and len(self._samples) >= _MOST_FOLDERS:
            return
        if known is None or place.order < known.order:
            self._samples[folder] = place

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
        elif record.kind == "exchange.vdir-dump" and not is_server_page(record.locator.path.lower()):
            self._setting(record)

    def merge(self, other: DiskState) -> None:
        """Add what was seen elsewhere."""
        self.looked |= other.looked
        self._folders |= other._folders
        for url, file in other._by_url.items():
            known = self._by_url.get(url)
            if known is None or file.locator.order < known.locator.order:
                self._by_url[url] = file
        for path, file in other._by_path.items():
            self._by_path.setdefault(path, file)
        for url, removals in other._removed.items():
            self._add_removals(url, removals)
        for folder, place in other._samples.items():
            self._sample(folder, place)
        for place_of_list, settings in other._settings.items():
            if len(self._settings) < _MOST_SETTINGS:
                self._settings[place_of_list] = settings

    def file_at(self, url: str) -> PageFile | None:
        """Give the server page on disk that a URL reaches, if the evidence holds it."""
        return self._by_url.get(url.lower())

    def removal_of(self, url: str) -> Locator | None:
        """Give the place where a scanner says that it removed the page, if one does."""
        removals = self.removals_of(url)
        return removals[0].locator if removals else None

    def removals_of(self, url: str) -> tuple[Removal, ...]:
        """Give every removal of the page that scanners log, by place in the evidence."""
        return self._removed.get(url.lower(), ())

    def file_named(self, path: str) -> PageFile | None:
        """Give the server page of this path on the server that lies outside known web roots."""
        return self._by_path.get(_plain(path))

    def sample_of(self, url: str | None, path: str | None) -> Locator | None:
        """Give a file that shows that the page's folder was collected, and not its configuration alone."""
        folder = url.lower().rpartition("/")[0] if url is not None else _plain(path or "").rpartition("/")[0]
        return self._samples.get(folder)

    def settings(self) -> tuple[Settings, ...]:
        """Give the settings of virtual directories that exports show, by place."""
        return tuple(self._settings[place] for place in sorted(self._settings))

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
        if not url and len(self._by_path) < _MOST_FOLDERS:
            self._by_path.setdefault(_plain(place_of(path).where), found)

    def _removal(self, record: Record) -> None:
        texts = [value for value in record.fields.values() if value]
        action = record.fields.get("Action ID")
        if action not in _ACTIONS if action else not any(_REMOVING.search(value) for value in texts):
            return
        for page in (page for value in texts for page in server_pages_in(value)):
            url = url_of(page)
            if url:
                self._add_removals(url, (Removal(locator=record.locator, at=record.time),))

    def _add_removals(self, url: str, removals: tuple[Removal, ...]) -> None:
        known = {one.locator.order: one for one in (*self._removed.get(url, ()), *removals)}
        self._removed[url] = tuple(known[order] for order in sorted(known))[:_MOST_REMOVALS]

    def _setting(self, record: Record) -> None:
        if len(self._settings) < _MOST_SETTINGS:
            self._settings[record.locator.order] = Settings(
                name=record.fields.get("Name") or "",
                locator=record.locator,
                changed=record.time,
                script=record.fields.get("ScriptPresent") == "true",
            )


def _plain(path: str) -> str:
    """Give a path on the server in one spelling: lower case, forward slashes, no drive."""
    place = path.replace("\\", "/").lower().lstrip("/")
    return _DRIVE.sub("", place)
