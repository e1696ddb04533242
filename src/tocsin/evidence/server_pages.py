"""Files that a web server runs or serves as script, and the web root that a path lies in."""

from __future__ import annotations

import codecs
import re

from tocsin.evidence.lines import decode, encoding_of

EXTENSIONS = frozenset(
    {
        ".ascx", ".asa", ".asax", ".ashx", ".asmx", ".asp", ".aspq", ".aspx", ".axd", ".cdx", ".cer", ".cfm",
        ".cshtm", ".cshtml", ".htr", ".idc", ".jsp", ".jspx", ".php", ".php3", ".php4", ".php5", ".phtml",
        ".rem", ".shtm", ".shtml", ".soap", ".stm", ".svc", ".vbhtm", ".vbhtml",
    }
)  # fmt: skip
"""Extensions that IIS hands to code, by default or with common add-ons."""

_FOREIGN = (".config", ".dll", ".exe", ".sys", ".compiled", ".log")
_ASPNET_CLIENT = re.compile(r"(?:^|/)aspnet_client/")
_ROOT = re.compile(
    r"(?:^|.*/)(?:frontend/httpproxy|clientaccess|wwwroot|web server extensions/1[456]/template/layouts|"
    r"aspnet_client(?=/))",
    re.IGNORECASE,
)


def extension_of(name: str) -> str:
    """Give the extension with its dot, lower case; the stream name of ``x.aspx::$DATA`` is left out."""
    stem, dot, last = name.lower().partition(":")[0].rpartition(".")
    return f".{last.strip()}" if dot and stem else ""


def is_server_page(where: str) -> bool:
    """Tell whether a file is one that a server runs, or lies in aspnet_client, which is normally empty."""
    if where.endswith(_FOREIGN):
        return False
    return extension_of(where.rpartition("/")[2]) in EXTENSIONS or bool(_ASPNET_CLIENT.search(where))


def web_root_of(path: str) -> str | None:
    """Give the part of a path up to and with the web root, or None.

    >>> web_root_of("C/inetpub/wwwroot/aspnet_client/x.aspx")
    'C/inetpub/wwwroot'
    """
    found = _ROOT.match(path.replace("\\", "/"))
    if found is None:
        return None
    root = found[0]
    outer = _ROOT.match(root.rpartition("/")[0] + "/") if root.lower().endswith("aspnet_client") else None
    return (outer or found)[0]


def page_text(data: bytes) -> str:
    """Decode a page: by its byte-order mark, as UTF-16 or UTF-8 by its shape, else as Windows-1252."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return data.decode("utf-32", "backslashreplace")
    encoding, mark = encoding_of(data)
    if encoding != "utf-8":
        return data[mark:].decode(encoding, "backslashreplace")
    return decode(data[mark:])
