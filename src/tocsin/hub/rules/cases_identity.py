"""Which web shell is which: by server, campaign and the address that it answers at.

Evidence may name a shell by its file, by its address, or both; Exchange and IIS serve a few folders at known
addresses (`docs/reference/fields.md`), so that either gives the same name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import unquote

from msgspec import Struct

from tocsin.hub.rules.cases import ALIVE, CLOSED, CaseKind, CaseState

LONGEST = 300
SERVED = (
    (re.compile(r"^.*/inetpub/wwwroot/(.*)$"), "/"),
    (re.compile(r"^.*/frontend/httpproxy/(.*)$"), "/"),
    (re.compile(r"^.*/clientaccess/(.*)$"), "/"),
    (re.compile(r"^.*/web server extensions/\d+/template/layouts/(.*)$"), "/_layouts/15/"),
)
"""Folders of Windows servers, and the address at which each is served."""


def key_of(url: str | None, path: str | None) -> str:
    """Give the name under which a web shell is known; an empty text where neither tells.

    The address comes first: without host, query and fragment, percent signs decoded, one case, one slash.
    """
    return (_of_url(url or "") or _of_path(path or ""))[:LONGEST]


def _of_url(url: str) -> str:
    text = re.sub(r"^[a-z][a-z0-9+.-]*://[^/]*", "", _plain(url))
    text = re.split(r"[?#;]", text, maxsplit=1)[0]
    text = _slashes(_plain(unquote(text)))
    return text if text.startswith("/") or not text else f"/{text}"


def _of_path(path: str) -> str:
    text = _slashes(_plain(path))
    for folder, address in SERVED:
        if found := folder.match(text):
            return address + found[1]
    return text


def _plain(text: str) -> str:
    return text.replace("\0", "").strip().replace("\\", "/").lower()


def _slashes(text: str) -> str:
    parts: list[str] = []
    for part in text.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in {"", "."}:
            parts.append(part)
    return ("/" if text.startswith("/") else "") + "/".join(parts)


class KnownCase(Struct, frozen=True, kw_only=True):
    """A case of the same server, campaign and kind.

    Attributes:
        number: its own.
        key: as of `key_of`.
        state: where it stands.
        closed: when it was closed, if it is.
    """

    number: int
    key: str
    state: CaseState
    closed: datetime | None = None


class Attributed(Struct, frozen=True, kw_only=True):
    """Whose sighting it is: cases that it is told to, one that gets its name by it, or a new case.

    Attributes:
        cases: numbers of known cases that were seen; empty for a new one.
        named: the sighting tells the path of this case, which had none.
    """

    cases: tuple[int, ...] = ()
    named: int | None = None


def attributed(key: str, known: Sequence[KnownCase]) -> Attributed:
    """Tell whose sighting it is, by the server's known cases (without merged ones).

    A sighting without a path is explained by a case that nobody claims to be over. If all are claimed or
    closed, something is back, and nobody knows which: all whose removal is only claimed are in doubt; if all
    are closed, the one that was closed last.
    """
    same = [one for one in known if one.key == key]
    if same:
        return Attributed(cases=(same[0].number,))
    if key:
        unnamed = next((one.number for one in known if not one.key), None)
        return Attributed(cases=() if unnamed is None else (unnamed,), named=unnamed)
    return Attributed(cases=_unnamed(known))


def _unnamed(known: Sequence[KnownCase]) -> tuple[int, ...]:
    alive = [one.number for one in known if one.state in ALIVE]
    if alive:
        return (min(alive),)
    claimed = [one.number for one in known if one.state not in CLOSED]
    if claimed or not known:
        return tuple(sorted(claimed))
    last = max(known, key=lambda one: (one.closed is not None, one.closed, one.number))
    return (last.number,)


class Mergeable(Struct, frozen=True, kw_only=True):
    """A case, as far as it tells whether it may be another one."""

    kind: CaseKind
    campaign: int
    server: int | None
    key: str
    state: CaseState


def cannot_be_same(case: Mergeable, into: Mergeable) -> str | None:
    """Give the reason for which a case cannot be merged into another, or None.

    Only a case whose path nobody knows is merged: each named web shell is shown to be gone by itself.
    """
    if (case.kind, case.campaign) != (into.kind, into.campaign):
        return "only cases of one kind in one campaign can be the same"
    if case.key:
        return "a web shell with a path of its own is a case of its own"
    if case.server is not None and case.server != into.server:
        return "cases of two servers are not the same"
    if case.state in CLOSED or into.state is CaseState.MERGED:
        return "one of the cases is over"
    return None
