"""What this app does in the background: small submissions are taken in."""

from __future__ import annotations

from tocsin.hub.api.submissions import CHORES

__all__ = ["CHORES"]
