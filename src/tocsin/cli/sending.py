"""Send a file to a hub: over HTTPS, to that hub and nowhere else, again where the line broke.

A file is known by its SHA-256, so that sending it twice makes one hand-in. Where the line broke the hub is
asked first whether the file has come all the same: only its answer may have been lost.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from msgspec import Struct

from tocsin.errors import EnvironmentFault, UsageFault

TRIES = 8
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before the second try; each further pause is twice as long, up to a minute: two minutes in all."""

SECONDS = 60.0
"""Without a sign of the hub."""

LONGEST_ANSWER = 1 << 20
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

Told = Callable[[int], None]


class Place(Struct, frozen=True, kw_only=True):
    """Where to send: the hub's address, and what opens it."""

    hub: str
    key: str
    by_link: bool

    @property
    def api(self) -> str:
        """Under which the hub takes owners' files."""
        return f"{self.hub}/api/owners{'/link' if self.by_link else ''}"


class Sent(Struct, frozen=True, kw_only=True):
    """What the hub said: the hand-in's number, whether it was new, and where it stands."""

    id: int
    new: bool
    state: str


def place(hub: str, link: str, token: str) -> Place:
    """Give where to send, from a hub's address and an owner's link or a token.

    Raises:
        UsageFault: neither or both are given, or what is sent would travel in the clear.
    """
    if bool(link) == bool(token):
        raise UsageFault("give an owner's link or a token's file, one of them.", where="--link, --token-file")
    if link:
        parts = urlsplit(link)
        words = parts.path.strip("/").split("/")
        if len(words) < 2 or words[-2] != "o":  # noqa: PLR2004 - o/<token>
            raise UsageFault(
                "this is no address of an owner's page.", where="--link", remedy="Copy it whole."
            )
        before = "/".join(words[:-2])
        hub = hub or f"{parts.scheme}://{parts.netloc}{'/' if before else ''}{before}"
        if urlsplit(hub).netloc != parts.netloc:
            raise UsageFault("the link is not one of this hub.", where="--hub", remedy="Leave --hub out.")
        return Place(hub=_sound(hub), key=words[-1], by_link=True)
    if not hub:
        raise UsageFault("say where the hub is.", where="--hub")
    return Place(hub=_sound(hub), key=token, by_link=False)


def _sound(hub: str) -> str:
    parts = urlsplit(hub)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return hub.rstrip("/")
    raise UsageFault("what is sent would travel in the clear.", where=hub, remedy="Give an https address.")


class _Nowhere(HTTPRedirectHandler):
    """Follows nothing: evidence goes to the hub that was named."""

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> None:
        """Refuse."""


def opener() -> OpenerDirector:
    """What asks: through the system's proxies, along no redirection."""
    return build_opener(_Nowhere)


def ask(to: Place, path: str) -> dict[str, Any]:
    """Ask the hub something.

    Raises:
        UsageFault: the hub refuses.
        EnvironmentFault: it cannot be reached.
    """
    address = f"{to.api}/{path}".rstrip("/")
    return _tried(lambda: _request(address, _head(to)))


def send(
    to: Place,
    kind: str,
    file: Path,
    about: dict[str, str],
    told: Told,
    *,
    pause: Callable[[float], None] = time.sleep,
) -> Sent:
    """Send a file; the same content twice is one hand-in, so that a try that broke may be repeated.

    Args:
        to: where.
        kind: ``reports`` or ``evidence``.
        file: what.
        about: server, campaign and name, as far as they are known.
        told: told of the bytes of each piece; of a negative number where the file begins again.
        pause: waits between tries.

    Raises:
        UsageFault: the hub refuses it.
        EnvironmentFault: the hub cannot be reached, or what it has is not what was sent.
    """
    address = f"{to.api}/{kind}?{urlencode({name: each for name, each in about.items() if each})}"
    size, digest = file.stat().st_size, _digest(file)
    head = _head(to) | {"Content-Length": str(size), "Content-Type": "application/octet-stream"}

    def request() -> Request:
        return _request(address, head, _Body(file, told))

    answer = _tried(request, pause=pause, came=lambda: _came(to, digest, about.get("server", "")))
    try:
        sent = Sent(id=int(answer["id"]), new=bool(answer["new"]), state=str(answer["state"]))
    except (KeyError, TypeError, ValueError) as fault:
        raise EnvironmentFault("whoever answered there is no hub.", where=to.hub) from fault
    if answer.get("digest", digest) != digest:
        raise EnvironmentFault(
            "the hub has another content than was sent.", where=to.hub, remedy="Send again."
        )
    return sent


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _came(to: Place, digest: str, server: str) -> dict[str, Any] | None:
    """What the hub made of this file, or None where it has not come or the hub does not tell."""
    try:
        answer = _once(_request(f"{to.api}/hand-ins?{urlencode({'digest': digest})}", _head(to)))
    except _Again:
        return None
    except UsageFault:
        if to.by_link:  # the link has ended: sending again would tell no more
            raise
        return None  # a token that may write and not read
    rows = answer if isinstance(answer, list) else answer.get("items")
    for row in rows if isinstance(rows, list) else ():
        if (
            isinstance(row, dict)
            and row.get("digest") == digest
            and server in {"", str(row.get("server_id"))}
        ):
            return {**row, "new": True}
    return None


def _request(address: str, head: dict[str, str], body: _Body | None = None) -> Request:
    """`place` has seen to the scheme. urllib takes whatever reads as a body."""
    made = Request(address, method="POST" if body else "GET")  # noqa: S310 - as said
    made.data = body
    for name, value in head.items():  # after the body, which takes a length away
        made.add_header(name, value)
    return made


def _head(to: Place) -> dict[str, str]:
    return {"Authorization": f"Bearer {to.key}", "Accept": "application/json", "User-Agent": "tocsin"}


class _Body:
    """A file that tells of each piece that is read of it."""

    def __init__(self, path: Path, told: Told) -> None:
        self._stream = path.open("rb")
        self._told, self._read = told, 0

    def read(self, size: int = -1) -> bytes:
        """Read a piece."""
        piece = self._stream.read(size)
        self._read += len(piece)
        self._told(len(piece))
        return piece

    def close(self) -> None:
        """Close the file, and take back what was told."""
        self._stream.close()
        self._told(-self._read)


def _tried(
    request: Callable[[], Request],
    *,
    pause: Callable[[float], None] = time.sleep,
    came: Callable[[], dict[str, Any] | None] = lambda: None,
) -> dict[str, Any]:
    """Ask until there is an answer; after each break, by ``came``, whether there is one already."""
    wait = FIRST_PAUSE
    for left in reversed(range(TRIES)):
        asked = request()
        try:
            return _of(_once(asked), asked)
        except _Again as fault:
            if not left:
                raise EnvironmentFault(fault.args[0], remedy="Try again later.") from fault
            pause(max(wait, min(fault.patience, LONGEST_PAUSE)))
            wait = min(wait * 2, LONGEST_PAUSE)
        finally:
            if isinstance(asked.data, _Body):
                asked.data.close()
        if (known := came()) is not None:
            return known
    raise AssertionError  # the last try returns or raises


def _of(answer: dict[str, Any] | list[Any], asked: Request) -> dict[str, Any]:
    if isinstance(answer, dict):
        return answer
    raise EnvironmentFault("whoever answered there is no hub.", where=urlsplit(asked.full_url).netloc)


class _Again(Exception):
    """It may work another time, after so many seconds."""

    def __init__(self, why: str, patience: float = 0) -> None:
        super().__init__(why)
        self.patience = patience


def _once(request: Request) -> dict[str, Any] | list[Any]:
    where = urlsplit(request.full_url).netloc
    try:
        with opener().open(request, timeout=SECONDS) as answer:
            return _read(answer.read(LONGEST_ANSWER), where)
    except HTTPError as fault:
        with fault:
            why = _why(fault.read(LONGEST_ANSWER)) or fault.reason
        if fault.code in AGAIN:
            asked_for = str(fault.headers.get("Retry-After") or "")
            patience = float(asked_for) if asked_for.isascii() and asked_for.isdigit() else 0
            raise _Again(f"{where} answers {fault.code}: {why}", patience) from fault
        raise UsageFault(f"the hub refuses ({fault.code}): {why}", where=where) from fault
    except (URLError, http.client.HTTPException, OSError) as fault:
        reason = getattr(fault, "reason", None) or fault
        raise _Again(f"{where} cannot be reached: {reason}") from fault


def _read(body: bytes, where: str) -> dict[str, Any] | list[Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as fault:
        raise EnvironmentFault("whoever answered there is no hub.", where=where) from fault
    if not isinstance(found, dict | list):
        raise EnvironmentFault("whoever answered there is no hub.", where=where)
    return found


def _why(body: bytes) -> str:
    """What the hub says, as one line that no terminal acts on."""
    try:
        detail = json.loads(body)["detail"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return ""
    text = detail if isinstance(detail, str) else json.dumps(detail)
    return "".join(each if each.isprintable() else " " for each in text)[:1_000]
