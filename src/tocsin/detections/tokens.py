"""Decode the ``X-Rps-CAT`` token: whom a request to Exchange PowerShell claimed to be.

The token is a serialised CommonAccessToken in Base64: a run of tagged values, ``V`` version (two
bytes), ``T`` type, ``C`` compressed (one byte), ``A`` authentication type, ``L`` logon name, ``U``
user SID, ``G`` group count (four bytes) with four bytes of attributes and a SID each, ``E`` end.
Texts carry their length in one byte. Source: public write-ups of CVE-2021-34523, checked against
tokens in proxy logs.
"""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote

from msgspec import Struct

_IN_QUERY = re.compile(r"X-Rps-CAT=([A-Za-z0-9+/=_%-]{16,8192})", re.IGNORECASE)
_MOST_GROUPS = 512


class AccessToken(Struct, frozen=True, kw_only=True):
    """What an access token says. Empty texts where it says nothing."""

    kind: str = ""
    authentication: str = ""
    logon: str = ""
    sid: str = ""
    groups: tuple[str, ...] = ()


def token_in(text: str) -> AccessToken | None:
    """Decode the first token that a query or line carries; None when there is none, or none readable."""
    found = _IN_QUERY.search(text)
    return decode_token(unquote(found[1])) if found else None


def decode_token(value: str) -> AccessToken | None:
    """Decode a Base64 token, also when its end is cut; None when not even its start can be read."""
    plain = value.rstrip("=").replace("-", "+").replace("_", "/")
    plain = plain[: len(plain) - 1] if len(plain) % 4 == 1 else plain
    try:
        data = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (ValueError, binascii.Error):
        return None
    return _Reader(data).token() if data[:1] == b"V" else None


class _Reader:
    """Walks the tagged values and stops quietly where they end or stop making sense."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def token(self) -> AccessToken | None:
        texts: dict[str, str] = {}
        groups: tuple[str, ...] = ()
        while tag := self._take(1).decode("latin-1"):
            if tag in "TALU":
                texts[tag] = self._text()
            elif tag == "G":
                groups = self._groups()
            elif tag in "VC":
                self._take(2 if tag == "V" else 1)
            else:
                break
        if not any(texts.values()):
            return None
        return AccessToken(
            kind=texts.get("T", ""),
            authentication=texts.get("A", ""),
            logon=texts.get("L", ""),
            sid=texts.get("U", ""),
            groups=groups,
        )

    def _take(self, count: int) -> bytes:
        piece = self._data[self._at : self._at + count]
        self._at += count
        return piece

    def _text(self) -> str:
        length = int.from_bytes(self._take(1), "little")
        piece = self._take(length)
        # half a name would accuse somebody else
        return piece.decode("utf-8", errors="replace") if len(piece) == length else ""

    def _groups(self) -> tuple[str, ...]:
        count = min(int.from_bytes(self._take(4), "little"), _MOST_GROUPS)
        found = []
        for _ in range(count):
            self._take(4)
            found.append(self._text())
        return tuple(group for group in found if group)
