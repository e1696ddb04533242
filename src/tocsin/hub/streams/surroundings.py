"""What streams are told by their surroundings."""

from __future__ import annotations

import os

PRIVATE = "TOCSIN_HUB_WEBHOOKS_PRIVATE"
AUTHORITIES = "TOCSIN_HUB_WEBHOOKS_CA"
SECONDS = "TOCSIN_HUB_STREAM_SECONDS"
LONGEST = 55


def private_allowed() -> bool:
    """Whether webhooks may go to private addresses, too: ``1`` for receivers in one's own network."""
    return os.environ.get(PRIVATE) == "1"


def authorities() -> str | None:
    """A file of certificates that receivers' are checked against; None for the system's."""
    return os.environ.get(AUTHORITIES) or None


def stream_seconds() -> int:
    """How long a stream is open at most, 0 to 55 seconds: each holds a thread of the web server."""
    text = os.environ.get(SECONDS, "")
    return min(int(text), LONGEST) if text.isascii() and text.isdigit() else LONGEST
