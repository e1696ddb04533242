r"""Text from evidence was written by strangers: make it harmless to look at.

Two dangers, two answers. A character that acts instead of being seen (ANSI escapes, bidi overrides,
zero-width joins) is shown as its escape, ``\x1b``. A URL or a script is *defanged*, so that nothing
links to it, no editor runs it and no antivirus eats the report:

- ``http://evil.example/a`` becomes ``hxxp://evil[.]example/a``;
- ``<script`` and ``<%`` become ``<[.]script`` and ``<[.]%``, ``eval(`` becomes ``eval[.](``.

Code that is shown on purpose is broken up further (``broken``): a middle dot stands in every word that a
scanner eats, ``e·val``, ``r·equest``, and in every mark that begins code, ``<·%``.

Addresses of attackers stay literal: they are what a responder searches logs and firewalls for, and
nothing makes a link of a bare address. Locators stay literal too, because a reader must be able to
paste them.
"""

from __future__ import annotations

import re
import unicodedata

_ACTS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKS = re.compile(r"([\u0300-\u036f\u20d0-\u20ff]{3})[\u0300-\u036f\u20d0-\u20ff]+")
_URL = re.compile(r"\b(https?|ftps?|wss?|file)(://)([^\s/?#\"'<>\\|]{0,255})", re.IGNORECASE)
_SCHEME = re.compile(r"\b(javascript|vbscript|data):(?=\S)", re.IGNORECASE)
_TAG = re.compile(r"<(?=\s{0,8}(?:%|/?\s{0,8}(?:script|object|iframe|svg|img|asp:)))", re.IGNORECASE)
_CALL = re.compile(
    r"\b(?:eval(?=\s{0,8}\()|(?:execute|executeglobal|unescape|frombase64string|createobject)(?=\()"
    r"|process\.start(?=\s{0,8}\()|request(?:\.item|\.form|\.querystring)?(?=[(\[][\"']))",
    re.IGNORECASE,
)
_MARK = re.compile(r"<(?=\s{0,8}[%?!/a-z])|%(?=>)", re.IGNORECASE)
_CODE = re.compile(
    r"(?<![A-Za-z])(?:eval|exec\w*|expand\w*|assert|assembly|activator|activexobject|script\w*|shell\w*|system"
    r"|server\w*|start\w*|saveas|socket\w*|sqlcommand|process\w*|powershell|passthru|p?open|proc_open|php"
    r"|preg_replace|request\w*|runat|runtime|run|reflection|cmd\w*|create\w*|call_user_func\w*|convert|codedom"
    r"|wscript|write\w*|from\w*|fsockopen|file_put_contents|base64\w*|binaryread|invoke\w*|inputstream"
    r"|include\w*|item|unsafe|unescape|load\w*|jscript|java|vbscript|xp_cmdshell|decrypt\w*|defineclass|move_uploaded_file"
    r"|memorystream|mappath|getparameter|getruntime|gzinflate|getmethod|getstring|newinstance"
    r"|_(?:POST|GET|REQUEST|COOKIE|FILES|SERVER))(?![A-Za-z])",
    re.IGNORECASE,
)
"""Words by which scanners know the code of web shells."""
_SCHEMES = {"http": "hxxp", "https": "hxxps", "ftp": "fxp", "ftps": "fxps"}


def visible(text: str) -> str:
    r"""Give one line in which every character is seen and none acts; line ends show as ``\n``."""
    if text.isascii() and text.isprintable():
        return text
    seen = "".join(_shown(character) for character in text)
    return _MARKS.sub(r"\1…", seen)


def defang(text: str) -> str:
    """Give one harmless line: ``visible``, with URLs and scripts broken as the module says."""
    safe = visible(text)
    safe = _URL.sub(_broken_url, safe)
    safe = _SCHEME.sub(r"\1[:]", safe)
    safe = _TAG.sub("<[.]", safe)
    return _CALL.sub(r"\g<0>[.]", safe)


def broken(text: str) -> str:
    """Give a line of code that nothing runs and no scanner eats: words in it are broken by a middle dot."""
    safe = _SCHEME.sub(r"\1[:]", _URL.sub(_broken_url, visible(text)))
    safe = _MARK.sub(r"\g<0>·", safe)
    return _CODE.sub(lambda word: f"{word[0][0]}·{word[0][1:]}", safe)


def shorten(text: str, limit: int) -> str:
    """Cut to ``limit`` characters; a cut is seen as ``…``."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)].rstrip() + "…"


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _ACTS:
        return character
    number = ord(character)
    if character in "\t\n\r":
        return {"\t": "\\t", "\n": "\\n", "\r": "\\r"}[character]
    if number <= 0xFF:  # noqa: PLR2004 - the last code point that two hexadecimal digits hold
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004 - likewise four


def _broken_url(match: re.Match[str]) -> str:
    scheme = match[1].lower()
    return f"{_SCHEMES.get(scheme, scheme + '[x]')}{match[2]}{match[3].replace('.', '[.]')}"
