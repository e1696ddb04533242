"""What a file is, by its content and by its name, and whether a server would run it."""

from __future__ import annotations

import re
from enum import StrEnum

from msgspec import Struct

from tocsin.evidence.server_pages import extension_of


class Family(StrEnum):
    """Kinds of files that can hold a server's code."""

    ASPNET = "aspx"
    ASP = "asp"
    JSP = "jsp"
    PHP = "php"
    COLDFUSION = "cfm"
    RAZOR = "cshtml"
    XSLT = "xslt"
    CONFIG = "config"
    HTML = "html"
    OTHER = "other"


class Served(StrEnum):
    """Whether a web server would run the file if it were asked for it."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


_BY_EXTENSION = {
    f".{extension}": family
    for family, extensions in (
        (Family.ASPNET, "aspx ascx ashx asmx asax svc soap master rem axd"),
        (Family.ASP, "asp asa cer cdx aspq"),
        (Family.JSP, "jsp jspx jspf jspa jsw jsv jhtml tag tagx"),
        (Family.PHP, "php php3 php4 php5 php7 php8 phtml pht phps inc module"),
        (Family.COLDFUSION, "cfm cfc cfml"),
        (Family.RAZOR, "cshtml vbhtml cshtm vbhtm razor"),
        (Family.XSLT, "xsl xslt"),
        (Family.CONFIG, "config"),
        (Family.HTML, "html htm shtml shtm stm"),
    )
    for extension in extensions.split()
}
_RUN = frozenset(_BY_EXTENSION) - {
    ".master", ".phps", ".inc", ".module", ".jspf", ".tag", ".tagx", ".xsl", ".xslt", ".html", ".htm",
    ".razor",
}  # fmt: skip
_READ = frozenset({".master", ".inc", ".module", ".jspf", ".tag", ".tagx", ".xsl", ".xslt", ".razor"})
"""Not asked for by themselves, but read by pages that are."""

_OPENING = re.compile(
    r"<%|<\?(?!xml)|<script\b|<jsp:|<cf[a-z]{2}|<xsl:|<configuration\b|@\{|<html", re.IGNORECASE
)
_NET = re.compile(
    r"<%@\s{0,9}(?:page|control|webhandler|webservice|master|application|servicehost|assembly|register|implements)\b"
    r"(?![^%]{0,200}(?:import\s*=|pageEncoding|language\s*=\s*[\"']java[\"']))"
    r"|<script\b[^>]{0,300}\brunat\s*=\s*[\"']?server[^>]{0,300}>|<asp:[a-z]",
    re.IGNORECASE,
)
_NET_WORDS = re.compile(
    r"\b(?:System\.(?:IO|Web|Net|Text|Reflection|Diagnostics|Convert)|HttpContext|Page_Load|IHttpHandler)\b"
)
_JAVA = re.compile(
    r"<%@\s{0,9}(?:page|include|taglib)\b[^%]{0,300}"
    r"(?:import\s*=|contentType\s*=|pageEncoding|language\s*=\s*[\"']java[\"']|uri\s*=)"
    r"|<jsp:|JSP/Page\b|\bjava(?:x)?\.(?:io|lang|util|net|servlet)\b|request\.getParameter\s*\(|Runtime\s*\.\s*getRuntime"
    r"|<%!",
    re.IGNORECASE,
)
_PHP = re.compile(r"<\?php\b|<\?=|<script\b[^>]{0,80}language\s*=\s*[\"']?php\b", re.IGNORECASE)
_PHP_SHORT = re.compile(r"<\?\s[^>]{0,400}\$\w", re.DOTALL)
_ASP = re.compile(
    r"<%@\s{0,9}(?:language|codepage|lcid|enablesessionstate|transaction)\b|<%(?!--)[^%]{0,3000}?"
    r"(?:\b(?:dim|set|if|sub|function|response|request|server|session|execute|eval|executeglobal|end\s+if)\b)"
    r"|<!--\s{0,9}#include",
    re.IGNORECASE,
)
_COLD = re.compile(
    r"<cf(?:set|if|output|component|function|script|query|file|execute|include|param|loop|http)\b",
    re.IGNORECASE,
)
_CONFIG = re.compile(r"<configuration\b|<system\.web(?:Server)?\b", re.IGNORECASE)
_XSLT = re.compile(r"<(?:xsl:)?stylesheet\b|<xsl:", re.IGNORECASE)
_HTML = re.compile(r"<!doctype\s+html|<html\b|<head\b|<body\b", re.IGNORECASE)


class Found(Struct, frozen=True, kw_only=True):
    """What a file is.

    Attributes:
        family: by content, where the content tells it; else by extension.
        named: family by extension; ``other`` for an extension that no server runs.
        extension: lower case with its dot, or empty.
        served: whether a server would run it.
    """

    family: Family
    named: Family
    extension: str
    served: Served

    @property
    def runs(self) -> bool:
        """Whether its name is one that servers run, when they are asked for it or through another page."""
        return self.served is Served.YES or self.extension in _READ


def take(text: str, path: str) -> Found:
    """Tell what a file is from its decoded text and its name."""
    extension = extension_of(path.replace("\\", "/").rpartition("/")[2])
    named = _BY_EXTENSION.get(extension, Family.OTHER)
    return Found(family=_family(text, named), named=named, extension=extension, served=served_as(extension))


def served_as(extension: str) -> Served:
    """Tell whether a server runs files of this extension; a handler map may say otherwise."""
    if extension in _RUN:
        return Served.YES
    return Served.UNKNOWN if extension in _READ or not extension else Served.NO


def _family(text: str, named: Family) -> Family:
    if not _OPENING.search(text):
        return named
    if named not in {Family.OTHER, Family.HTML}:
        return _mended(text, named)
    return _by_content(text)


def _mended(text: str, named: Family) -> Family:
    """The server reads a page as its extension says; only these mix-ups are sure to be another's."""
    if (
        named in {Family.ASP, Family.ASPNET, Family.JSP, Family.CONFIG}
        and "<%" not in text
        and _PHP.search(text)
    ):
        return Family.PHP if not _NET.search(text) else named
    if named is Family.PHP and "<?" not in text and "<%" in text:
        return _by_content(text)
    if named is Family.ASP and _foreign_to_asp(text):
        return Family.ASPNET
    return named


def _foreign_to_asp(text: str) -> bool:
    found = _NET.search(text)
    return bool(found and found.group().startswith("<%@") and _NET_WORDS.search(text))


def _by_content(text: str) -> Family:
    for family, pattern in (
        (Family.PHP, _PHP),
        (Family.JSP, _JAVA),
        (Family.ASPNET, _NET),
        (Family.ASP, _ASP),
        (Family.COLDFUSION, _COLD),
        (Family.CONFIG, _CONFIG),
        (Family.XSLT, _XSLT),
        (Family.PHP, _PHP_SHORT),
        (Family.HTML, _HTML),
    ):
        if pattern.search(text):
            return family
    return Family.OTHER
