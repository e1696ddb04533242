"""One POST by HTTPS to an address that strangers name.

The name is resolved once, every address of it must be public, and the connection goes to the very address
that was checked, so that a name which changes its mind in between gains nothing. No redirect is followed, no
proxy used, and the whole exchange ends at a deadline however slowly the other side drips.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from msgspec import Struct

from tocsin.errors import UsageFault
from tocsin.hub.rules.streams import HTTPS, public, sound_url

STEP_SECONDS = 5.0
DEADLINE_SECONDS = 10.0
READ = 4_096
SUCCESS = range(200, 300)

Resolve = Callable[[str, int], list[str]]


class Answer(Struct, frozen=True, kw_only=True):
    """What came of it: a status, or what went wrong."""

    status: int | None = None
    fault: str = ""
    milliseconds: int = 0

    @property
    def taken(self) -> bool:
        """Whether the receiver has it: any 2xx."""
        return self.status in SUCCESS


def resolved(host: str, port: int) -> list[str]:
    """Every address of a name.

    Raises:
        OSError: there is none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Way(Struct, frozen=True, kw_only=True):
    """How to go out.

    Attributes:
        private: addresses of one's own network are allowed.
        authorities: a file of certificates to check against; None for the system's.
        resolve: gives a name's addresses.
        deadline: seconds after which the exchange is cut off.
    """

    private: bool = False
    authorities: str | None = None
    resolve: Resolve = resolved
    deadline: float = DEADLINE_SECONDS


class _Pinned(http.client.HTTPSConnection):
    """A connection to one address, under the name that its certificate must bear."""

    def __init__(self, host: str, port: int, address: str, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=STEP_SECONDS, context=context)
        self._address, self._secure = address, context

    def connect(self) -> None:
        """Connect to the address that was checked; the handshake can be cut off, too."""
        plain = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = self._secure.wrap_socket(plain, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock.do_handshake()


def post(url: str, body: bytes, headers: Mapping[str, str], *, way: Way | None = None) -> Answer:
    """Send a body to an https address, and give what came back. Never raises for what the other side does."""
    began = time.monotonic()
    try:
        status = _exchange(sound_url(url), body, headers, way or Way())
    except (OSError, http.client.HTTPException, UsageFault, ValueError) as error:
        fault = f"{type(error).__name__}: {error}"[:500]
        return Answer(fault=fault, milliseconds=_since(began))
    fault = "" if status in SUCCESS else _refusal(status)
    return Answer(status=status, fault=fault, milliseconds=_since(began))


def _refusal(status: int) -> str:
    redirect = 300 <= status < 400  # noqa: PLR2004 - redirects
    return f"the receiver answered {status}" + ("; redirects are not followed" if redirect else "")


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)


def _exchange(url: str, body: bytes, headers: Mapping[str, str], way: Way) -> int:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or HTTPS
    connection = _Pinned(host, port, _address(host, port, way), _context(way))
    guard = threading.Timer(way.deadline, _cut, [connection])
    guard.daemon = True
    guard.start()
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, {"Connection": "close", **headers})
        answer = connection.getresponse()
        answer.read(READ)
        return answer.status
    finally:
        guard.cancel()
        connection.close()


def _context(way: Way) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=way.authorities)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _address(host: str, port: int, way: Way) -> str:
    addresses = way.resolve(host, port)
    if not addresses:
        raise UsageFault(f"{host} has no address")
    if not way.private and not all(map(public, addresses)):
        raise UsageFault(f"{host} has an address that is not public")
    return addresses[0]


def _cut(connection: http.client.HTTPSConnection) -> None:
    """End an exchange that takes too long: the reader sees the end of the connection."""
    try:
        if connection.sock is not None:
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)
    except OSError:
        return  # it ended by itself meanwhile
