"""The columns of plain rows that the fast lane looks at, and what their values leave possible."""

from __future__ import annotations

from tocsin.detections.builds import BuildCollector
from tocsin.detections.compiling import KindIndex
from tocsin.detections.identity import NAME_FIELDS
from tocsin.detections.memory import REMEMBERED, Memory
from tocsin.detections.scanning.row_values import RowValues
from tocsin.evidence.row_shape import RowShape

VERSION = ("MajorVersion", "MinorVersion", "BuildVersion", "RevisionVersion")
"""Columns that together name the build."""
_HEAD = 512
"""Bytes of a row within which its path ends as a rule."""


class Verdicts:
    """Which rules a plain row's path, method and status leave possible; logs repeat them."""

    def __init__(self, index: KindIndex | None) -> None:
        """Remember answers for the rules of a kind."""
        self._index = index
        self._fields: dict[str, Memory[int]] = {}

    def mask(self, name: str, value: str | None) -> int:
        """Give the mask that one field's value leaves."""
        memory = self._fields.get(name)
        if memory is None:
            index = self._index
            memory = Memory(lambda text: index.after(name, text) if index else 0)
            self._fields[name] = memory
        return memory(value)


class Columns:
    """Where a shape holds what the lane looks at, and what was made of values that came before."""

    def __init__(self, shape: RowShape) -> None:
        """Look the columns up."""
        self.shape = shape
        at = shape.columns.get
        self.stem, self.status, self.method = at("cs-uri-stem"), at("sc-status"), at("cs-method")
        self.client = at("c-ip")
        self._query, self._url_query = at("cs-uri-query"), at("UrlQuery")
        self.protocol = at("Protocol")
        self.names = tuple(place for name in NAME_FIELDS if (place := at(name)) is not None)
        version = [at(name) for name in VERSION]
        first = version[0]
        consecutive = first is not None and version == list(range(first, first + len(version)))
        self.version = first if consecutive else None
        self._agent = tuple(at(name) for name in ("cs-user-agent", "c-ip", "s-ip"))
        self._spellings = {
            place: tuple(name for name, index in shape.columns.items() if index == place)
            for place in (self.stem, self.status, self.method)
            if place is not None
        }
        self._last = max(self._spellings, default=0)
        self._told: dict[tuple[bytes, ...], int] = {}
        self._whole_stem = "cs-uri-query" in shape.columns or "UrlQuery" in shape.columns
        self._stems: dict[bytes, int] = {}
        self._probes: dict[tuple[bytes, ...], str | None] = {}

    def left_by_path(self, raw: bytes, verdicts: Verdicts) -> int:
        """Give the mask of the rules that a row's path leaves possible, all of them if in doubt."""
        if self.stem is None:
            return -1
        head = raw[:_HEAD].split(self.shape.delimiter, self.stem + 1)
        if len(head) < self.stem + 2:
            return -1
        stem = head[self.stem]
        known = self._stems.get(stem)
        return self._new_stem(stem, verdicts) if known is None else known

    def _new_stem(self, stem: bytes, verdicts: Verdicts) -> int:
        mask = -1
        if self.stem is not None and stem.isascii() and (self._whole_stem or b"?" not in stem):
            value = None if not stem or (stem == b"-" and self.shape.dash) else stem.decode("ascii")
            for name in self._spellings[self.stem]:
                mask &= verdicts.mask(name, value)
        if len(self._stems) >= REMEMBERED:
            self._stems.clear()
        self._stems[stem] = mask
        return mask

    def leaves(self, raw: bytes, mask: int, verdicts: Verdicts) -> bool:
        """Tell whether path, status, method and query leave one of the rules possible."""
        parts = raw.split(self.shape.delimiter, self._last + 1)
        told = tuple(parts[place] for place in self._spellings)
        left = self._told.get(told)
        if left is None:
            left = self._left_by(RowValues(self.shape, raw), verdicts)
            if len(self._told) >= REMEMBERED:
                self._told.clear()
            self._told[told] = left
        mask &= left
        return bool(mask and mask & self._left_by_query(RowValues(self.shape, raw), verdicts))

    def _left_by(self, values: RowValues, verdicts: Verdicts) -> int:
        """Give the mask of the rules that a row's path, status and method leave possible, all if in doubt."""
        mask = -1
        for place, names in self._spellings.items():
            value = values.text(place)
            if value is not None and not value.isascii():
                return -1  # a line is decoded as a whole, and a value alone may read otherwise
            if place == self.stem and value and "?" in value and not self._whole_stem:
                return -1
            for name in names:
                mask &= verdicts.mask(name, value)
        return mask

    def _left_by_query(self, values: RowValues, verdicts: Verdicts) -> int:
        """Give the mask of the rules that a row's query leaves possible, all of them if in doubt."""
        if self._query is None and self._url_query is None:
            return -1
        query = self.query(values)
        return verdicts.mask("cs-uri-query", query) if query is None or query.isascii() else -1

    def query(self, values: RowValues) -> str | None:
        """Give a row's query, as the record of the row has it."""
        if self._query is None:
            return (values.text(self._url_query) or "").removeprefix("?") or None
        return values.text(self._query)

    def probed(self, raw: bytes) -> str | None:
        """Give the build that the agent of a probe of the server itself names."""
        last = max(place or 0 for place in self._agent)
        parts = raw.split(self.shape.delimiter, last + 1)
        name = tuple(parts[place] if place is not None else b"" for place in self._agent)
        if name not in self._probes:
            values = RowValues(self.shape, raw)
            agent, client, server = (values.text(place) for place in self._agent)
            if len(self._probes) >= REMEMBERED:
                self._probes.clear()
            self._probes[name] = BuildCollector.probed_by(agent or "", client, server)
        return self._probes[name]

    def named(self, raw: bytes) -> str | None:
        """Give the build that the path of an answered request names."""
        values = RowValues(self.shape, raw)
        return BuildCollector.named_by(values.text(self.stem) or "", values.text(self.status))
