"""Whose evidence is this: the server's name, its clock's offset, and which products it shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from tocsin.detections.memory import Memory
from tocsin.evidence.globs import fits
from tocsin.model.records import Record
from tocsin.packs.schema import Signs

NAME_FIELDS = ("Computer", "ServerHostName", "ServerName", "s-computername")
"""Fields that name the server."""
_OFFSET_FIELD = "UtcOffset"
ASKED_FIELDS = frozenset({*NAME_FIELDS, _OFFSET_FIELD})
"""Fields that tell of the server, whatever kind of record holds them."""
_MOST_NAMES = 10_000


class IdentityCollector:
    """Gathers names and offsets; the commonest name wins, ties by alphabet."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self._names: Counter[str] = Counter()
        self._short = Memory(_short)
        self._offsets: Counter[str] = Counter()

    def observe(self, record: Record) -> None:
        """Take one record."""
        self.take(record.fields, 1)

    def take(self, fields: Mapping[str, str | None], times: int) -> None:
        """Take the fields that so many records share."""
        for field in NAME_FIELDS:
            value = fields.get(field)
            if value:
                self.add(value, times)
        offset = fields.get(_OFFSET_FIELD)
        if offset:
            self._offsets[offset] += times

    def add(self, value: str, times: int) -> None:
        """Take a name that so many records of one column bear."""
        name = self._short(value)
        if name in self._names or len(self._names) < _MOST_NAMES:
            self._names[name] += times

    def merge(self, other: IdentityCollector) -> None:
        """Add what was gathered elsewhere."""
        for name, times in other._names.items():
            self.add(name, times)
        self._offsets += other._offsets

    def name(self) -> str | None:
        """The server's short name, lower case, or None when no record names it."""
        return _commonest(self._names)

    def utc_offset(self) -> str | None:
        """The server's offset from UTC such as ``-08:00``, or None when nothing tells it."""
        return _commonest(self._offsets)


def _short(name: str | None) -> str:
    return (name or "").partition(".")[0].lower()


def _commonest(counts: Counter[str]) -> str | None:
    if not counts:
        return None
    return min(counts.items(), key=lambda pair: (-pair[1], pair[0]))[0]


class ProductSigns:
    """Notices which products the evidence shows signs of."""

    def __init__(self, signs: Mapping[str, Signs]) -> None:
        """``signs`` maps a product's id to what shows it."""
        self._signs = {product: _Compiled(sign) for product, sign in signs.items()}
        self.seen: set[str] = set()

    @property
    def asked_fields(self) -> frozenset[str]:
        """The fields that may show a product, whatever kind of record holds them."""
        return frozenset(field for sign in self._signs.values() for field in sign.fields)

    def observe_path(self, where: str) -> None:
        """Take the place of one file."""
        self._note(product for product, sign in self._unseen() if sign.path_shows(where))

    def observe(self, record: Record) -> None:
        """Take one record."""
        self.take(record.kind, record.fields)

    def take(self, kind: str, fields: Mapping[str, str | None]) -> None:
        """Take what records of a kind hold."""
        if len(self.seen) < len(self._signs):
            self._note(product for product, sign in self._unseen() if sign.record_shows(kind, fields))

    def texts(self) -> tuple[str, ...]:
        """Give the texts, in lower case, one of which a record holds that shows a product not yet seen."""
        return tuple(dict.fromkeys(text for _, sign in self._unseen() for text in sign.texts))

    def _unseen(self) -> Iterable[tuple[str, _Compiled]]:
        return [(product, sign) for product, sign in self._signs.items() if product not in self.seen]

    def _note(self, products: Iterable[str]) -> None:
        self.seen.update(products)


class _Compiled:
    def __init__(self, signs: Signs) -> None:
        self._kinds = signs.kinds
        self._paths = tuple(path.lower() for path in signs.paths)
        self._texts = [(field, text.lower()) for field, text in signs.texts]

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self._texts]

    @property
    def fields(self) -> list[str]:
        return [field for field, _ in self._texts]

    def path_shows(self, where: str) -> bool:
        return fits(where, self._paths)

    def record_shows(self, kind: str, fields: Mapping[str, str | None]) -> bool:
        return kind.startswith(self._kinds) or any(
            self._says(fields, field, text) for field, text in self._texts
        )

    @staticmethod
    def _says(fields: Mapping[str, str | None], field: str, text: str) -> bool:
        value = fields.get(field)
        if value is None or text not in value.lower():
            return False
        # strangers ask every server for Exchange's paths: only an answer shows that they are there
        return field != "cs-uri-stem" or (fields.get("sc-status") or "").startswith("2")
