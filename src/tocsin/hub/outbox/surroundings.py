"""What the outbox is told by its surroundings."""

from __future__ import annotations

import os

FROM = "TOCSIN_HUB_MAIL_FROM"


def message_domain() -> str:
    """The domain on the right of every Message-ID."""
    return os.environ.get(FROM, "").rpartition("@")[2].strip("<> ").lower() or "localhost.localdomain"
