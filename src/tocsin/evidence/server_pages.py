"""Server pages: files that a web server runs, told by their names, in paths and in running text."""

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
_SERVER_PAGE = re.compile(
    r"""(?:[A-Za-z]:|\\\\[^\\/:*?"<>|\s]+)[\\/](?:(?!\s\\\\)[^:*?"<>|\r\n]){1,400}?\.(?:as[pcmh]x|asp|asax|svc|cshtml|php|jspx?)(?![\w.])""",
    re.IGNORECASE,
)
_ASPNET_CLIENT = re.compile(r"(?:^|/)aspnet_client/")


def extension_of(name: str) -> str:
    """Give the extension with its dot, lower case; the stream name of ``x.aspx::$DATA`` is left out."""
    stem, dot, last = name.lower().partition(":")[0].rpartition(".")
    return f".{last.strip()}" if dot and stem else ""


def is_server_page(where: str) -> bool:
    """Tell whether a file is one that a server runs, or lies in aspnet_client, which is normally empty."""
    if where.endswith(_FOREIGN):
        return False
    return extension_of(where.rpartition("/")[2]) in EXTENSIONS or bool(_ASPNET_CLIENT.search(where))


def page_text(data: bytes) -> str:
    """Decode a page: by its byte-order mark, as UTF-16 or UTF-8 by its shape, else as Windows-1252."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return data.decode("utf-32", "backslashreplace")
    encoding, mark = encoding_of(data)
    if encoding != "utf-8":
        return data[mark:].decode(encoding, "backslashreplace")
    return decode(data[mark:])


def server_pages_in(text: str) -> tuple[str, ...]:
    """Give the Windows or UNC paths of server pages that a text names, in order, each once."""
    return tuple(dict.fromkeys(match.group(0) for match in _SERVER_PAGE.finditer(text[:65_536])))
