r"""Directories of the product that a server serves under names of its own.

The rules know ``/ecp``. Where applicationHost.config serves ``FrontEnd\\HttpProxy\ecp`` at another path,
requests for that path are read as requests for ``/ecp``, so that every rule means what it says. Where
the name in a log is explained by nothing, its rows are second-hand: somebody changed the names, or
the configuration was not collected, and what was asked for is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from tocsin.detections.iis_layout import is_live
from tocsin.evidence.source import Source
from tocsin.model.records import Item, Record
from tocsin.packs.products import Product

_MOST_NAMES = 200
_FIELDS = ("cs-uri-stem", "UrlStem", "cs-uri", "VirtualPath")
_KINDS = frozenset({"iis.w3c", "iis.etw", "exchange.httpproxy", "http.err", "aspnet.compiled"})
_FRONT_END_OF = {"Ecp": "/ecp"}
"""Front ends that serve one directory and nothing else: a row of theirs must name it."""


class ServedNames:
    """Reads requests as if every directory had its usual name."""

    def __init__(self, products: Iterable[Product]) -> None:
        """Start with the usual names."""
        paths = [pair for product in products for pair in product.file.site_paths.items() if pair[0] != "/"]
        self._usual: Mapping[str, str] = {folder: path for path, folder in paths}
        self._known = {path.lower() for path, _ in paths}
        self._names: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None
        self._unknown: dict[str, int] = {}

    @property
    def strange(self) -> bool:
        """Whether requests were read whose directory nothing explains."""
        return bool(self._unknown)

    @property
    def names(self) -> tuple[str, ...]:
        """The unusual names, in lower case: rows whose path begins with one have to be read by ``read``."""
        return tuple(sorted(self._names))

    def take_unknown(self) -> dict[str, int]:
        """Give how many requests named a directory that nothing explains, and begin to count anew."""
        unknown, self._unknown = self._unknown, {}
        return unknown

    def add_unknown(self, unknown: Mapping[str, int]) -> None:
        """Add such requests that were counted elsewhere."""
        for usual, count in unknown.items():
            self._unknown[usual] = self._unknown.get(usual, 0) + count

    @staticmethod
    def front_ends() -> tuple[str, ...]:
        """Give the protocols of HttpProxy whose rows may name a directory that nothing explains."""
        return tuple(_FRONT_END_OF)

    def explains(self, protocol: str | None, stem: str | None) -> bool:
        """Tell whether a row of HttpProxy names a directory that is known, or none."""
        if protocol not in _FRONT_END_OF or not stem or not self._known:
            return True
        first = "/" + stem.lower().lstrip("/").partition("/")[0]
        return first in self._known or first == "/"

    def observe(self, item: Item, source: Source) -> None:
        """Take what applicationHost.config says; it has to come before the logs."""
        if item.kind != "iis.config" or not isinstance(item, Record):
            return
        if item.fields.get("Element") != "virtual-directory" or not is_live(source.where):
            return
        name, usual = _path_of(item), self._usual_of(item.fields.get("PhysicalPath") or "")
        if usual and name not in self._known and len(name) > 1 and len(self._names) < _MOST_NAMES:
            self._names[name] = usual
            names = "|".join(re.escape(one) for one in sorted(self._names, key=len, reverse=True))
            self._pattern = re.compile(rf"(?:{names})(?=[/?]|$)", re.IGNORECASE)

    def read(self, item: Item) -> Item:
        """Give the item as it would be under the usual names."""
        if not isinstance(item, Record) or item.kind not in _KINDS:
            return item
        item = self._renamed(item)
        if item.kind == "exchange.httpproxy" and self._is_strange(item):
            return msgspec.structs.replace(item, weak=True)
        return item

    def notices(self) -> Iterator[str]:
        """Say which names were read as which."""
        for name, usual in sorted(self._names.items()):
            yield f"The configuration serves {usual} at {name}: requests for {name} are read as for {usual}."
        for name, count in sorted(self._unknown.items()):
            yield (
                f"{count:,} request(s) that the front end of {name} handled ask for a directory of another"
                " name, which no configuration in the evidence explains: what they asked for is not known."
            )

    def _usual_of(self, physical: str) -> str:
        place = "/" + physical.lower().replace("\\", "/").rstrip("/")
        return next((path for folder, path in self._usual.items() if place.endswith(f"/{folder}")), "")

    def _renamed(self, record: Record) -> Record:
        pattern = self._pattern
        if pattern is None:
            return record
        changed = {}
        for field in _FIELDS:
            value = record.fields.get(field)
            found = pattern.match(value) if value else None
            if value and found:
                changed[field] = self._names[found[0].lower()] + value[found.end() :]
        return msgspec.structs.replace(record, fields={**record.fields, **changed}) if changed else record

    def _is_strange(self, record: Record) -> bool:
        protocol = record.fields.get("Protocol") or ""
        if self.explains(protocol, record.fields.get("cs-uri-stem")):
            return False
        usual = _FRONT_END_OF[protocol]
        self._unknown[usual] = self._unknown.get(usual, 0) + 1
        return True


def _path_of(record: Record) -> str:
    application, path = record.fields.get("Application") or "", record.fields.get("Path") or ""
    return f"{application.rstrip('/')}/{path.strip('/')}".rstrip("/").lower()
