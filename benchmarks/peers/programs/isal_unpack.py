"""``isal_unpack.py PATH``: decompress a zip, or every .gz below a folder, and count the bytes."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

# It lives in the contender's own environment.
from isal import igzip, isal_zlib  # type: ignore[import-not-found,unused-ignore]  # pyright: ignore[reportMissingImports]

CHUNK = 1 << 20


def gzips(folder: Path) -> Iterator[int]:
    """Yield the size of each chunk of every gzip."""
    for path in folder.rglob("*.gz"):
        with igzip.IGzipFile(path, "rb") as source:  # type: ignore[no-untyped-call,unused-ignore]
            while chunk := source.read(CHUNK):
                yield len(chunk)


def members(archive: Path) -> Iterator[int]:
    """Yield the size of each chunk of every member; the raw streams are read past zipfile's own inflating."""
    with zipfile.ZipFile(archive) as opened, archive.open("rb") as raw:
        for info in opened.infolist():
            raw.seek(info.header_offset + 26)
            name, extra = (int.from_bytes(raw.read(2), "little") for _ in range(2))
            raw.seek(name + extra, 1)
            yield from inflated(raw.read(info.compress_size))


def inflated(data: bytes) -> Iterator[int]:
    """Yield the size of each piece of a raw deflate stream."""
    machine = isal_zlib.decompressobj(-15)
    while data:
        yield len(machine.decompress(data, CHUNK))
        data = machine.unconsumed_tail
    yield len(machine.flush())


if __name__ == "__main__":
    source = Path(sys.argv[1])
    print(sum(gzips(source) if source.is_dir() else members(source)))
