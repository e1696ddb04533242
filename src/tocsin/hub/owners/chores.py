"""What this app does in the background: held evidence is examined."""

from __future__ import annotations

from tocsin.hub.owners.examinations import CHORES

__all__ = ["CHORES"]
