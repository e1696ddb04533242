"""Sources made of bytes in memory, and items as plain data."""

from __future__ import annotations

import io

import msgspec

from tocsin.evidence.source import HEAD, Source
from tocsin.model.records import Item


def source_of(data: bytes, *, where: str = "collected/file.log") -> Source:
    return Source(
        path=where,
        where=where,
        size=len(data),
        modified=None,
        opener=lambda: io.BytesIO(data),
        head=data[:HEAD],
    )


def plain(item: Item) -> dict[str, object]:
    built: dict[str, object] = msgspec.to_builtins(item)
    built["locator"] = str(item.locator)
    return {"item": type(item).__name__, **built}
