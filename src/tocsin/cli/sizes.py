"""Sizes as people write them."""

from __future__ import annotations

import re

from tocsin.errors import UsageFault

_SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def bytes_of(text: str) -> int:
    """Give the bytes of a size such as ``500MB``, ``2 GB`` or ``1.5GiB``; units are powers of 1024.

    Raises:
        UsageFault: it is no size.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None or (found[3] and not found[2]):
        raise UsageFault(f"{text!r} is no size.", remedy="Write it like 500MB or 2GB.")
    return int(float(found[1]) * 1024 ** _POWERS[found[2].lower()])
