"""Accounts of the simulated server, as its event logs name them."""

from __future__ import annotations

import zlib

from msgspec import Struct

from tocsin.exercise.workshop import Workshop

_WELL_KNOWN = {"system": "S-1-5-18", "local service": "S-1-5-19", "network service": "S-1-5-20"}
_POOLS = "S-1-5-82-3006700770-424185619-1745488364-794895919-4004696415"
_ADMINISTRATOR, _FIRST_USER, _USERS = 500, 1104, 4000


class Account(Struct, frozen=True, kw_only=True):
    """One account: ``CONTOSO``, ``anna``, and its security identifier."""

    domain: str
    name: str
    sid: str


class Accounts:
    """Gives the accounts of one server; the same name is always the same account."""

    def __init__(self, workshop: Workshop) -> None:
        """Draw the domain's identifier."""
        server = workshop.scenario.server
        dice = workshop.dice.stream("accounts")
        self.domain = server.domain
        self.netbios = server.domain.partition(".")[0].upper()
        self.computer = f"{server.name}.{server.domain}"
        self.machine = f"{server.name}$"
        self.controller = f"dc01.{server.domain}"
        numbers = (str(dice.between(10**8, 4 * 10**9)) for _ in range(3))
        self._sid = "-".join(("S-1-5-21", *numbers))

    def of(self, user: str) -> Account:
        r"""Give the account of ``CONTOSO\anna``, ``anna@contoso.example``, ``contoso.example/Users/anna``."""
        domain, name = self._split(user)
        return Account(domain=domain, name=name, sid=self._sid_of(domain, name))

    def canonical(self, user: str) -> str:
        """Give the name as Exchange writes it: ``contoso.example/Users/anna``."""
        account = self.of(user)
        if account.domain != self.netbios:
            return f"{account.domain}\\{account.name}"
        return f"{self.domain}/Users/{account.name}"

    def _split(self, user: str) -> tuple[str, str]:
        if "\\" in user:
            domain, _, name = user.partition("\\")
            return (self.netbios if domain.lower() == self.domain.lower() else domain), name
        return self.netbios, user.rpartition("/")[2].partition("@")[0]

    def _sid_of(self, domain: str, name: str) -> str:
        lower = name.lower()
        if lower in _WELL_KNOWN and domain.upper() != self.netbios:
            return _WELL_KNOWN[lower]
        if domain.upper() == "IIS APPPOOL":
            return _POOLS
        if lower.startswith("admin"):
            return f"{self._sid}-{_ADMINISTRATOR}"
        return f"{self._sid}-{_FIRST_USER + zlib.crc32(lower.encode()) % _USERS}"
