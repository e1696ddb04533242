"""How mail leaves this hub, as its operator wrote it in environment variables: read, checked, explained."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from tocsin.errors import UsageFault
from tocsin.hub.rules.mail import CONTROL, LIST_ID, Sign
from tocsin.hub.rules.reach import MAIL

PREFIX = "TOCSIN_HUB_"
TLS = {"smtp+starttls": ("starttls", 587), "smtps": ("tls", 465), "smtp": ("none", 25)}
SELECTOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}\Z")
COUNTRY = re.compile(r"[A-Z]{2}\Z")
MOST_LANES = 32
LONGEST_LOCAL = 28  # of 64; number and key take the rest
Network = IPv4Network | IPv6Network


class Server(Struct, frozen=True, kw_only=True):
    """The mail server that takes the hub's mail. ``tls`` is ``starttls``, ``tls`` or ``none``."""

    host: str
    port: int
    tls: str
    user: str = ""


class Quiet(Struct, frozen=True, kw_only=True):
    """From when to when ordinary mail waits, in the recipient's country's zone where one is named."""

    begin: time
    end: time
    zone: str
    zones: dict[str, str]


class MailSetup(Struct, frozen=True, kw_only=True):
    """Everything but the keys themselves, which stay in their files.

    ``server`` is None where no mail is sent; all else may be missing too.
    """

    server: Server | None = None
    password_file: str = ""
    authorities: str = ""
    name: str = ""
    address: str = ""
    returns: str = ""
    list_domain: str = ""
    dkim_domain: str = ""
    dkim_selector: str = "tocsin"
    dkim_key: str = ""
    smime_certificate: str = ""
    smime_key: str = ""
    pgp_key: str = ""
    sign: Sign = Sign.NONE
    lanes: int = 4
    per_domain: int = 60
    quiet: Quiet | None = None
    bounces: str = ""
    webhook_networks: tuple[Network, ...] = ()

    @property
    def domain(self) -> str:
        """The domain of the hub's own address."""
        return self.address.rpartition("@")[2].lower() or "localhost.localdomain"


def read_setup(given: Mapping[str, str]) -> MailSetup:
    """What the variables say.

    Raises:
        UsageFault: one of them cannot be understood, or two do not fit; names the variable.
    """
    ours = {
        name.removeprefix(PREFIX): text.strip() for name, text in given.items() if name.startswith(PREFIX)
    }
    get = ours.get
    name, address = _sender(get("MAIL_FROM", ""))
    domain = address.rpartition("@")[2].lower()
    setup = MailSetup(
        server=_server(get("SMTP", "")),
        password_file=get("SMTP_PASSWORD_FILE", ""),
        authorities=get("MAIL_CA", ""),
        name=name,
        address=address,
        returns=_address("MAIL_RETURNS", get("MAIL_RETURNS", "") or address),
        list_domain=_matching("MAIL_LIST", get("MAIL_LIST", "") or domain, LIST_ID),
        dkim_domain=_matching("DKIM_DOMAIN", get("DKIM_DOMAIN", "") or domain, LIST_ID),
        dkim_selector=_matching("DKIM_SELECTOR", get("DKIM_SELECTOR", "tocsin"), SELECTOR),
        dkim_key=get("DKIM_KEY", ""),
        smime_certificate=get("SMIME_CERTIFICATE", ""),
        smime_key=get("SMIME_KEY", ""),
        pgp_key=get("PGP_KEY", ""),
        sign=_sign(get("MAIL_SIGN", "none")),
        lanes=_number("MAIL_LANES", get("MAIL_LANES", "4"), MOST_LANES),
        per_domain=_number("MAIL_PER_DOMAIN", get("MAIL_PER_DOMAIN", "60"), 1_000_000),
        quiet=_quiet(get("MAIL_QUIET", ""), get("MAIL_ZONES", "")),
        bounces=get("BOUNCES", ""),
        webhook_networks=_networks(get("WEBHOOK_NETWORKS", "")),
    )
    return _fitting(setup)


def _fitting(setup: MailSetup) -> MailSetup:
    if setup.server and not setup.address:
        raise _wrong("MAIL_FROM", "mail needs a sender", "Give: National CERT <cert@hub.example>")
    if len(setup.returns.partition("@")[0]) > LONGEST_LOCAL:
        raise _wrong(
            "MAIL_RETURNS", "the part before the @ is too long for a key beside it", "Use a shorter one."
        )
    if setup.sign == Sign.SMIME and not (setup.smime_certificate and setup.smime_key):
        raise _wrong("MAIL_SIGN", "S/MIME needs SMIME_CERTIFICATE and SMIME_KEY", "Name both files.")
    if setup.sign == Sign.PGP and not setup.pgp_key:
        raise _wrong("MAIL_SIGN", "OpenPGP needs PGP_KEY", "Name the file.")
    return setup


def _wrong(name: str, what: str, remedy: str) -> UsageFault:
    return UsageFault(f"{what}.", where=PREFIX + name, remedy=remedy)


def _server(text: str) -> Server | None:
    if not text:
        return None
    parts = urlsplit(text)
    try:
        tls, port = TLS[parts.scheme]
        server = Server(
            host=parts.hostname or "", port=parts.port or port, tls=tls, user=unquote(parts.username or "")
        )
    except (KeyError, ValueError) as error:
        raise _wrong(
            "SMTP", "no way to a mail server", "Give: smtp+starttls://user@mail.example:587"
        ) from error
    if not server.host or parts.password:
        raise _wrong("SMTP", "no host, or a password", "The password goes into SMTP_PASSWORD_FILE.")
    if tls == "none" and not _is_loopback(server.host):
        raise _wrong(
            "SMTP", "mail without TLS goes to this machine alone", "Use smtp+starttls:// or smtps://"
        )
    return server


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _sender(text: str) -> tuple[str, str]:
    if not text:
        return "", ""
    name, address = parseaddr(text)
    if CONTROL.search(name):
        raise _wrong("MAIL_FROM", "a control character in the name", "Write it on one line.")
    return name, _address("MAIL_FROM", address)


def _address(name: str, text: str) -> str:
    if text and not (MAIL.match(text) and text.isascii()):
        raise _wrong(name, f"{text[:80]!r} is no mail address", "Give: cert@hub.example")
    return text


def _matching(name: str, text: str, pattern: re.Pattern[str]) -> str:
    if text and not pattern.match(text):
        raise _wrong(name, f"{text[:80]!r} cannot stand here", "Letters, digits, hyphens, dots.")
    return text.lower()


def _sign(text: str) -> Sign:
    if text not in {Sign.NONE, Sign.SMIME, Sign.PGP}:
        raise _wrong("MAIL_SIGN", f"{text[:80]!r} is no way to sign", "Give: none, smime or pgp.")
    return Sign(text)


def _number(name: str, text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most and len(text) <= len(str(most))):
        raise _wrong(name, f"{text[:80]!r} is no number from 1 to {most}", "Write digits.")
    return int(text)


def _quiet(text: str, zones: str) -> Quiet | None:
    """``22:00-06:00 Europe/London``, and ``DE=Europe/Berlin,US=America/New_York``."""
    if not text:
        return None
    window, _, zone = text.partition(" ")
    begin, _, end = window.partition("-")
    pairs = dict(_pair(pair) for pair in zones.split(",") if pair.strip())
    try:
        for one in (zone.strip() or "UTC", *pairs.values()):
            ZoneInfo(one)
        quiet = Quiet(
            begin=time.fromisoformat(begin),
            end=time.fromisoformat(end),
            zone=zone.strip() or "UTC",
            zones=pairs,
        )
    except (ValueError, ZoneInfoNotFoundError, OSError) as error:
        remedy = "Give: 22:00-06:00 Europe/London, and in MAIL_ZONES: DE=Europe/Berlin"
        raise _wrong("MAIL_QUIET", f"quiet hours cannot be read: {error}", remedy) from error
    if (
        quiet.begin == quiet.end
        or quiet.begin.tzinfo
        or quiet.end.tzinfo
        or not all(map(COUNTRY.match, pairs))
    ):
        raise _wrong("MAIL_QUIET", "quiet hours cover no time, or a country is none", "Two capital letters.")
    return quiet


def _pair(text: str) -> tuple[str, str]:
    country, _, zone = text.partition("=")
    return country.strip(), zone.strip()


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(one.strip()) for one in text.split(",") if one.strip())
    except ValueError as error:
        raise _wrong("WEBHOOK_NETWORKS", str(error), "Give: 192.0.2.0/24,2001:db8::/32") from error
