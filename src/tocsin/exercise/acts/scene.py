"""Where an act takes place: the server's names and folders, its clock, and what stands there when."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from http import HTTPStatus

from msgspec import Struct
from msgspec.structs import replace

from tocsin.exercise.dice import Dice
from tocsin.exercise.scenario import Act, Scenario
from tocsin.exercise.story import Request

ABSENT_AT_SIGN_IN = HTTPStatus.FOUND
"""Below ``/owa/auth`` and ``/ecp/auth`` a page that is not there sends the visitor to the error page."""

ABSENT = HTTPStatus.NOT_FOUND
_HIGHER = ("file-written", "shell-reachable", "shell-tasked", "post-exploitation", "ransomware")


class Scene(Struct, frozen=True, kw_only=True):
    """What every act knows of the server; ``dice`` is the act's own stream."""

    scenario: Scenario
    dice: Dice

    @property
    def inside(self) -> str:
        """The server's name in its own network, such as ``mail01.contoso.example``."""
        return f"{self.scenario.server.name}.{self.scenario.server.domain}".lower()

    @property
    def outside(self) -> str:
        """The name under which clients reach it, such as ``mail.contoso.example``."""
        return f"mail.{self.scenario.server.domain}"

    @property
    def exchange(self) -> str:
        """The folder of Exchange as Windows writes it."""
        return f"{self.scenario.server.drive}:\\{self.scenario.server.exchange_root}"

    @property
    def realm(self) -> str:
        """The short name of the domain, such as ``CONTOSO``."""
        return self.scenario.server.domain.partition(".")[0].upper()

    def clock(self, start: datetime) -> Clock:
        """Give a clock that starts here and runs by the act's dice."""
        return Clock(start, self.dice.stream("clock"))

    def folder_of(self, url: str) -> str:
        """Give the path of the file behind a URL: below ``aspnet_client``, or in Exchange's front end."""
        tail = url.replace("/", "\\")
        if url.lower().startswith("/aspnet_client/"):
            return f"C:\\inetpub\\wwwroot{tail}"
        return f"{self.exchange}\\FrontEnd\\HttpProxy{tail}"

    def stands(self, url: str, at: datetime) -> bool:
        """Tell whether a page that an act of this scenario wrote is there at a moment."""
        wrote = [act.at for act in self.scenario.acts if _writes(act, url)]
        removed = [act.at for act in self.scenario.acts if act.script == "removal" and _same(act.shell, url)]
        last = max((moment for moment in wrote if moment <= at), default=None)
        return last is not None and not any(last < moment <= at for moment in removed)

    def answer(self, url: str, at: datetime) -> int:
        """Give the status that a request for a page gets at a moment."""
        if self.stands(url, at):
            return HTTPStatus.OK
        signing_in = re.match(r"/(?:owa|ecp)/auth/", url, re.IGNORECASE)
        return ABSENT_AT_SIGN_IN if signing_in else ABSENT

    def seen_from(self, request: Request) -> Request:
        """Give the request as the server sees it: through its reverse proxy, if it has one."""
        proxy = self.scenario.server.reverse_proxy
        return replace(request, client=proxy, forwarded=request.client) if proxy else request

    def created(self, directory: str) -> datetime:
        """Give the moment at which set-up made a virtual directory, aware UTC."""
        dice = self.dice.stream("created", directory)
        day = datetime.combine(self.scenario.first_day, time(9, 2, 11), tzinfo=UTC)
        return day - timedelta(days=dice.between(60, 400), seconds=dice.between(0, 30_000))

    def ask(self, at: datetime, url: str, status: int, *, method: str, client: str, agent: str) -> Request:
        """Give a request for a page; ``aspnet_client`` is no part of Exchange, so no proxy module sees it."""
        exchange = not url.lower().startswith("/aspnet_client/")
        first = url.strip("/").partition("/")[0].lower()
        request = Request(
            at=at,
            protocol={"ecp": "Ecp", "oab": "Oab"}.get(first, "Owa"),
            method=method,
            stem=url,
            client=client,
            agent=agent,
            status=status,
            host=self.outside,
            taken_ms=self.dice.between(15, 180),
            request_bytes=0 if method == "GET" else self.dice.between(120, 900),
            response_bytes=self.dice.between(1800, 3600) if status == HTTPStatus.OK else 0,
            proxied=exchange,
        )
        return self.seen_from(request)


class Clock:
    """Time as an act spends it: it only goes forward."""

    def __init__(self, start: datetime, dice: Dice) -> None:
        """Start at a moment, aware UTC."""
        self.now = start
        self._dice = dice

    def after(self, low: float, high: float) -> datetime:
        """Let between ``low`` and ``high`` seconds pass; give the new moment, to the millisecond."""
        self.now += timedelta(milliseconds=max(1, self._dice.between(round(low * 1000), round(high * 1000))))
        return self.now


def _writes(act: Act, url: str) -> bool:
    if not _same(act.shell, url):
        return False
    if act.script == "proxylogon":
        return act.rung in _HIGHER and act.options.get("wipe") != "yes"
    return act.script == "oab-file-write"


def _same(one: str, other: str) -> bool:
    return bool(one) and one.lower() == other.lower()
