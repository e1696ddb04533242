"""Is a file of a web root the vendor's own? The known-good list can say yes, never no.

It covers 102 builds up to March 2021 and none of that month's back-ports, so a hash that is not in
it is ``unknown``: that is no reason for suspicion. A known hash under a name or in a folder where
the vendor never put it is ``displaced``: the content is harmless, the copy is somebody's work.
"""

from __future__ import annotations

from enum import StrEnum

from tocsin.packs.products import Product


class KnownFile(StrEnum):
    """What the known-good list says of a file."""

    KNOWN_GOOD = "known-good"
    DISPLACED = "displaced"
    UNKNOWN = "unknown"


def known_file(product: Product, path: str, sha256: str) -> KnownFile:
    """Look up a file.

    Args:
        product: with its known-good list.
        path: where the file was, any case, either kind of slash.
        sha256: of the whole file, hexadecimal, any case.
    """
    places = product.known_good.get(sha256.lower())
    if places is None:
        return KnownFile.UNKNOWN
    here = "/" + path.replace("\\", "/").lower().lstrip("/")
    return KnownFile.KNOWN_GOOD if here.endswith(places) else KnownFile.DISPLACED
