"""Which server a row is about, told from that row alone.

In this order: a fully qualified server name; a certificate's fingerprint with the server's short name;
address and port. A row alone decides, so that no order of imports can give another answer, and two sources
that name the server agree. The server's own name comes before the certificate because certificates are
renewed every few months, and a server must not become another one by that. Names that are not unique in the
world (``ex01.corp.local``: half the world's servers are called so) and names that a provider gave to an
address (``198-51-100-7.pool.isp.example``) are no identity. Two servers that share one name, such as a pair
behind one address, count as one: worst wins.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address

from msgspec import Struct

LONGEST = 200
"""Characters of an identity; a longer name is none."""

PRIVATE_SUFFIXES = frozenset(
    (
        "local",
        "localdomain",
        "lan",
        "internal",
        "intern",
        "intranet",
        "intra",
        "corp",
        "home",
        "priv",
        "private",
        "lab",
        "test",
        "invalid",
        "localhost",
        "domain",
        "workgroup",
        "loc",
        "ad",
        "dom",
        "office",
        "localnet",
        "arpa",
    )
)
"""Last labels of names that anybody may use inside, and many do."""

_OCTET = 3
_LONGEST_NAME = 253
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL}){{1,30}}", re.ASCII)
_SHORT = re.compile(_LABEL, re.ASCII)
_FINGERPRINT = re.compile(r"[0-9a-f]{32,128}", re.ASCII)
_POOL_WORD = re.compile(
    r"(?:^|[.\-_\d])(?:dyn|dynamic|dhcp|dsl|adsl|vdsl|xdsl|pool|ppp|pppoe|dial|dialup|cable|cust|customer|customers|"
    r"static|ip|broadband|fibre|fiber|ftth|rev|reverse|ptr|unassigned|wan)(?:$|[.\-_\d])",
    re.ASCII,
)


class Marks(Struct, frozen=True, kw_only=True):
    """What a row says of who the server is.

    Attributes:
        ip: its address, as `address` gives it.
        port: where it was looked at.
        name: what the server calls itself, or an empty text.
        fingerprint: of its certificate, or an empty text.
    """

    ip: str
    port: int
    name: str = ""
    fingerprint: str = ""


def identity(marks: Marks) -> str:
    """Give the name under which the hub knows the server: ``name:…``, ``cert:…/…`` or ``at:…``."""
    name = hostname(marks.name)
    if name and is_unique(name) and not _spells(name, marks.ip) and len(name) < LONGEST - 5:
        return f"name:{name}"
    printed = marks.fingerprint.lower().replace(":", "").replace(" ", "")
    short = name or _short(marks.name)
    if short and _FINGERPRINT.fullmatch(printed):
        return f"cert:{printed[:64]}/{short[: LONGEST - 70]}"
    return f"at:[{marks.ip}]:{marks.port}" if ":" in marks.ip else f"at:{marks.ip}:{marks.port}"


def address(text: str) -> str | None:
    """Give an address in its one spelling (mapped IPv4 as IPv4, IPv6 in short form), or None."""
    try:
        found = ip_address(text.strip().strip("[]"))
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found).partition("%")[0]


@lru_cache(maxsize=1 << 16)
def hostname(text: str) -> str:
    """Give a name of several labels in lower case, or an empty text for anything else."""
    name = text.strip().rstrip(".").lower()
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name) or name.rpartition(".")[2].isdigit():
        return ""
    return name


def is_unique(name: str) -> bool:
    """Whether only one server in the world can rightly have this name (`hostname` gave it)."""
    return name.rpartition(".")[2] not in PRIVATE_SUFFIXES


@lru_cache(maxsize=1 << 16)
def is_pool(name: str, ip: str) -> bool:
    """Whether a name looks like one that a provider gave to an address: it spells the address, or says so."""
    head = name.rsplit(".", 2)[0] if name.count(".") > 1 else ""
    return _spells(name, ip) or _POOL_WORD.search(head) is not None


def _spells(name: str, ip: str) -> bool:
    if ":" in ip:
        return ip.replace(":", "-") in name or ip_address(ip).exploded.replace(":", "") in name.replace(
            "-", ""
        )
    parts = ip.split(".")
    if "".join(f"{int(part):02x}" for part in parts) in name or "".join(map(_padded, parts)) in name:
        return True
    numbers = [str(int(part)) for part in re.findall(r"\d+", name) if len(part) <= _OCTET]
    known = (parts[:3], parts[1:], parts[2::-1], parts[:0:-1])
    return any(numbers[at : at + 3] in known for at in range(len(numbers)))


def _padded(part: str) -> str:
    return part.zfill(_OCTET)


def _short(text: str) -> str:
    name = text.strip().lower()
    return name if _SHORT.fullmatch(name) else ""
