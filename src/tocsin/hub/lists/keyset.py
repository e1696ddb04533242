"""Moved to `tocsin.hub.listing.keyset`."""

from __future__ import annotations

from tocsin.hub.listing.keyset import Cursor, Page, page

__all__ = ["Cursor", "Page", "page"]
