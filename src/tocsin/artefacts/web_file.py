"""Files that the web server would run, wherever they lie, and any file in aspnet_client.

The record holds what a scanner needs: hashes of the whole file, its place and URL, and its text.
It carries no time, because copying changes a file's time; ``Modified`` is what the container states.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing

from tocsin.evidence.server_pages import EXTENSIONS, extension_of, is_server_page, page_text
from tocsin.evidence.source import Source
from tocsin.evidence.vdir_lists import find_lists, vdir_record
from tocsin.evidence.web_roots import url_of, web_root_of
from tocsin.model.places import Locator
from tocsin.model.records import Item, Record
from tocsin.model.words import Confidence

KIND = "web.file"
LINES = False
FOUND_AT = (
    "**/aspnet_client/**",
    "**/frontend/httpproxy/**",
    "**/clientaccess/**",
    "**/template/layouts/**",
    "**/wwwroot/**",
    *(f"**/*{extension}" for extension in sorted(EXTENSIONS)),
)

CONTENT = 1 << 18
"""Bytes of a file that are decoded."""

_BLOCK = 1 << 20
_ENCRYPTED = (b"DEARCRY!",)
_NOTES = frozenset({"decrypt_file.txt"})


def recognise(source: Source) -> Confidence:
    """SHAPE by extension or place: what IIS does with a file does not depend on its content.

    Files that ransomware encrypted and the notes that it left count too, wherever they lie.
    """
    left = source.head.startswith(_ENCRYPTED) or source.where.rpartition("/")[2] in _NOTES
    return Confidence.SHAPE if left or is_server_page(source.where) else Confidence.NO


def parse(source: Source) -> Iterator[Item]:
    """Yield the file, then every property list of a virtual directory in it."""
    size, hashes, head = _digest(source)
    content = page_text(head)
    yield Record(
        kind=KIND,
        locator=Locator(path=source.path),
        time=None,
        fields={
            "Path": source.path,
            "Name": source.path.rpartition("/")[2],
            "Extension": extension_of(source.name) or None,
            "Size": str(size),
            **hashes,
            "Modified": source.modified.isoformat() if source.modified else None,
            "Url": url_of(source.path),
            "WebRoot": web_root_of(source.path),
            "Content": content,
        },
    )
    for vdir in find_lists(content):
        yield vdir_record(vdir, source.path, not_after=source.modified)


def _digest(source: Source) -> tuple[int, dict[str, str], bytes]:
    """Give size, hashes and the beginning, reading the file once in blocks."""
    digests = {
        "Sha256": hashlib.sha256(),
        "Sha1": hashlib.sha1(usedforsecurity=False),
        "Md5": hashlib.md5(usedforsecurity=False),
    }
    size, head = 0, bytearray()
    with closing(source.open()) as stream:
        while block := stream.read(_BLOCK):
            size += len(block)
            head += block[: max(CONTENT - len(head), 0)]
            for digest in digests.values():
                digest.update(block)
    return size, {name: digest.hexdigest() for name, digest in digests.items()}, bytes(head)
