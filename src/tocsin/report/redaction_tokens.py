"""Tokens for secrets, and how a text is searched for them in one pass.

Seeds are found by their first word, so that a text costs its own length whatever the number of seeds.
"""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import unquote

from tocsin.report.redaction_seeds import Seed

TOKEN = re.compile(
    r"(?:(?<![^\W_])(?<!-)|(?<=%[0-9a-f]{2}))"
    r"(?:mailbox-\d{1,9}@redacted\.example|(?:user|host|domain|internal|sid|secret|mailbox)-\d{1,9})"
    r"(?![^\W_]|-)",
    re.IGNORECASE,
)
"""What stands for a secret; never looked into again."""

_START = r"(?:(?<![^\W_])(?<![.%])|(?<=%[0-9a-f]{2}))"
"""Where a name begins: after what is no letter or digit, or after a URL's escape such as ``%5C``."""

_MAIL = _START + r"(?P<mail>[\w.+'-]{1,64}(?:@|%40)[^\W_](?:[\w-]{0,62}\.)+[^\W\d_][\w-]{1,62})"
_SID = _START + r"(?P<sid>S-1-5-21(?:-\d{1,10}){3,5})"
_LOGON = (
    _START + r"(?<![\\_])(?P<domain>[^\W_][\w.-]{0,62})(?P<slashes>\\{1,2}|%5c)"
    r"(?P<user>[^\W_][\w.$'-]{0,62}|_[\w.$'-]{1,62})(?![\w\\/])"
)
_PROFILE = (
    r"(?P<head>(?:[\\/]|%5c|%2f)(?:users|documents(?:%20| )and(?:%20| )settings)"
    r"(?:[\\/]{1,2}|%5c|%2f))(?P<profile>[^\\/%:*?\"<>|\r\n]{1,64})(?=[\\/%]|\Z)"
)
_UNC = r"(?P<unc>(?<!\\)\\{2,4})(?P<share>[^\W_][\w.-]{0,62})(?=\\)"
_V6 = (
    r"(?P<v6>(?<![^\W_])(?<!:)(?:[0-9a-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{1,4})?"
    r"(?:%\w{1,20})?(?![^\W_]|:))"
)
_V4 = _START + r"(?P<v4>(?:\d{1,3}\.){3}\d{1,3}(?![^\W_]|\.\d))"
_INNER = (
    _START + r"(?P<inner>(?:[^\W_][\w-]{0,62}\.){1,8}"
    r"(?:local|localdomain|lan|corp|internal|intranet|intern|private|home|home\.arpa|ad)(?![\w-]))"
)
_SHAPES = re.compile(
    "|".join((f"(?P<token>{TOKEN.pattern})", _MAIL, _SID, _PROFILE, _UNC, _LOGON, _V6, _V4, _INNER)),
    re.IGNORECASE,
)
_WORD = re.compile(r"%[0-9A-Fa-f]{2}|([^\W_]+)")
"""A word; escapes of URLs part words and are none."""

_WELL_KNOWN = frozenset(
    word
    for line in (
        "administrator,administrators,admin,system,network,service,local,anonymous,logon,guest,users,user",
        "everyone,nt,authority,builtin,iis,apppool,defaultapppool,public,default,all,owner,self,krbtgt,root",
        "null,none,n/a,unknown,mail,mailbox,exchange,server,owa,ecp,ews,autodiscover,outlook,web,www,smtp",
        "imap,pop,mx,host,hostname,localhost,proxy,gateway,dc,client,com,net,org,lan,corp,internal,example",
        "test,true,false,yes,no,defaultaccount,healthmailbox,localsystem,nt authority,nt service,iis apppool",
        "network service,local service,local system,font driver host,window manager,anonymous logon",
        "default user,all users,redacted.example,redacted",
        "evidence,collection,triage,logs,artefacts,artifacts",
    )
    for word in line.split(",")
)
"""Names that say nothing about anyone by themselves."""

_FOLDERS = re.compile(
    r"[A-Z]|program files.*|programdata|inetpub|windows|system32|temp|bin|logs|logfiles|logging|owa|ecp|ews"
    r"|oab|auth|frontend|clientaccess|httpproxy|aspnet_client|wwwroot|hk(?:lm|cu|ey_\w+)|software|microsoft.*",
    re.IGNORECASE,
)
"""Folders: what follows them is a file and no user."""

_FILE = re.compile(
    r"\.(?:as[pmh]x?|log|dll|exe|config|txt|xml|js|css|zip|dmp|ps1|bat|cmd|evtx|csv|json|html?|php|compiled)\Z",
    re.IGNORECASE,
)
_CODED = re.compile(r"(?<![A-Za-z0-9+/_%-])[A-Za-z0-9+/_%-]{24,8192}={0,2}", re.ASCII)
"""What may be base64, as tokens of sessions and encoded commands are; a URL may have escaped it."""

_TELLING = re.compile(f"{_MAIL}|{_SID}|{_INNER}", re.IGNORECASE)

_OURS = "@redacted.example"
_SHORTEST = 3
_LABEL = 4


class Tokens:
    """Which token stands for which secret, in order of first appearance. Texts recur, so answers are kept."""

    def __init__(self) -> None:
        """Begin with no secret."""
        self._tokens: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = defaultdict(int)
        self._seeds: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._known: set[str] = set()
        self._seen: dict[str, str] = {}

    def add(self, seed: Seed) -> None:
        """Take a value as secret, with what it gives away: the host's short name, the owner's domain."""
        self._seen.clear()
        value = seed.value.strip()
        if "@" in value:
            self._own_domain(value.rpartition("@")[2])
            if seed.kind != "mailbox":
                return
        if _is_address(value):
            return
        self._seed(seed.kind, value)
        if seed.kind in {"host", "domain"} and "." in value:
            self._seed("host", value.partition(".")[0])
            self._own_domain(value.partition(".")[2] if seed.kind == "host" else value)

    def replace(self, text: str) -> str:
        """Give the text with tokens in place of secrets."""
        if text not in self._seen:
            self._seen[text] = self._replaced(text)
        return self._seen[text]

    def _replaced(self, text: str) -> str:
        text = _CODED.sub(self._decoded, text)
        pieces: list[str] = []
        at = 0
        for match in _SHAPES.finditer(text):
            token = self._shape(match)
            if token is not None:
                pieces += [self._words(text[at : match.start()]), token]
                at = match.end()
        pieces.append(self._words(text[at:]))
        return "".join(pieces)

    def _decoded(self, match: re.Match[str]) -> str:
        """A token in place of base64 that holds a secret; anything else as it is."""
        for text in _readings(match[0]):
            if _TELLING.search(text) or self._words(text) != text:
                return self._token("secret", match[0])
        return match[0]

    def _own_domain(self, domain: str) -> None:
        """A domain of the owner's, and the label that tells who that is."""
        if "." not in domain:
            return
        self._seed("domain", domain)
        labels = domain.split(".")
        for label in labels[:-1]:
            if len(label) >= _LABEL:
                self._seed("domain", label)

    def _seed(self, kind: str, value: str) -> None:
        folded = value.casefold()
        if len(value) < _SHORTEST or _says_nothing(folded) or folded in self._known:
            return
        if TOKEN.fullmatch(value) or value.isdigit():
            return
        first = next((word[1] for word in _WORD.finditer(value) if word[1]), None)
        if first:
            self._known.add(folded)
            alike = self._seeds[first.casefold()]
            alike.append((value, kind))
            alike.sort(key=lambda each: (-len(each[0]), each[0]))

    def _token(self, kind: str, value: str) -> str:
        key = (kind, value.casefold())
        if key not in self._tokens:
            self._counts[kind] += 1
            name = f"{kind}-{self._counts[kind]}"
            self._tokens[key] = f"{name}{_OURS}" if kind == "mailbox" else name
        return self._tokens[key]

    def _shape(self, match: re.Match[str]) -> str | None:
        found = match.groupdict()
        if found["token"]:
            return match[0]
        if found["mail"] and found["mail"].casefold().endswith(_OURS):
            return match[0]
        if found["mail"]:
            return self._token("mailbox", found["mail"].replace("%40", "@"))
        if found["sid"]:
            return self._token("sid", found["sid"])
        if found["v4"] or found["v6"]:
            inner = _inner(match[0])
            return self._token("internal", inner) if inner else match[0]
        if found["inner"]:
            return self._token("host", match[0])
        return self._named(match)

    def _named(self, match: re.Match[str]) -> str | None:
        """A name that its place in a path or a log-on gives away."""
        if match["profile"]:
            return f"{match['head']}{self._name('user', match['profile'])}"
        if match["share"]:
            return (
                None if _is_address(match["share"]) else f"{match['unc']}{self._name('host', match['share'])}"
            )
        if _FOLDERS.fullmatch(match["domain"]) or _FILE.search(match["user"]):
            return None
        return f"{self._name('domain', match['domain'])}{match['slashes']}{self._name('user', match['user'])}"

    def _name(self, kind: str, value: str) -> str:
        folded = value.casefold()
        if _says_nothing(folded) or TOKEN.fullmatch(value):
            return value
        return self._token(kind, value)

    def _words(self, text: str) -> str:
        pieces: list[str] = []
        at = 0
        for match in _WORD.finditer(text):
            if match.start() < at or not match[1]:
                continue
            found = self._seed_at(text, match, at)
            if found:
                start, end, token = found
                pieces += [text[at:start], token]
                at = end
        pieces.append(text[at:])
        return "".join(pieces)

    def _seed_at(self, text: str, word: re.Match[str], floor: int) -> tuple[int, int, str] | None:
        """Where a seed stands that has this word first, and its token; a host name is taken whole."""
        for value, kind in self._seeds.get(word[0].casefold(), ()):
            lead = value.casefold().find(word[0].casefold())
            start = word.start() - lead
            end = start + len(value)
            whole = end >= len(text) or not text[end].isalnum()
            if start >= 0 and whole and text[start:end].casefold() == value.casefold():
                begin = _host_start(text, start, floor) if kind == "domain" and "." in value else start
                token = self._token(kind, value) if begin == start else self._token("host", text[begin:end])
                return begin, end, token
        return None


def _host_start(text: str, start: int, floor: int) -> int:
    """Give where the host name begins that ends in a domain of the owner's."""
    begin = start
    if start > floor and text[start - 1] == ".":
        begin = start - 1
        while begin > floor and (text[begin - 1].isalnum() or text[begin - 1] in "-_"):
            begin -= 1
    return begin if begin < start - 1 else start


def _says_nothing(folded: str) -> bool:
    words = [word[1] for word in _WORD.finditer(folded) if word[1]]
    return folded in _WELL_KNOWN or all(word in _WELL_KNOWN for word in words)


def _readings(coded: str) -> Iterator[str]:
    """Give what base64 may decode to: bytes as characters, and UTF-16 as Windows writes it."""
    plain = unquote(coded).rstrip("=").replace("-", "+").replace("_", "/")
    with contextlib.suppress(ValueError):
        raw = base64.b64decode(plain[: len(plain) // 4 * 4])
        yield raw.decode("latin-1")
        yield raw.decode("utf-16-le", "replace")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.partition("%")[0].strip("[]"))
    except ValueError:
        return False
    return True


_INNER_NETS = tuple(
    ipaddress.ip_network(net)
    for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")
)


def _inner(text: str) -> str | None:
    """Give an inner address as it is written canonically, or None if it is none."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return (
        str(address)
        if any(address.version == net.version and address in net for net in _INNER_NETS)
        else None
    )
