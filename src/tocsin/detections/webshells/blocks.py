"""Where in a page is code: the words for it. ``template.read_page`` finds it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from tocsin.detections.webshells.code import Piece


class Kind(StrEnum):
    """What a block is to the server."""

    CODE = "code"
    """Statements inside the page: ``<% %>``, ``<?php ?>``, ``<jsp:scriptlet>``, ``@{ }``."""
    EXPRESSION = "expression"
    """A value that the page writes: ``<%= %>``, ``<%: %>``, ``<%# %>``, ``<?= ?>``, EL."""
    DECLARATION = "declaration"
    """Members of the page's class: ``<%! %>``, ``@functions { }``."""
    SERVER_SCRIPT = "server-script"
    """``<script runat="server">``, ``<script language="php">``, ``<msxsl:script>``."""
    BODY = "body"
    """What follows the directive of a handler or service, up to the end of the file."""
    DIRECTIVE = "directive"
    """``<%@ Page … %>`` and its kin, ``<!--#include … -->``: a name and attributes."""
    OBJECT = "object"
    """``<object runat="server" classid=…>``, ``<jsp:useBean …>``."""
    CONTROL = "control"
    """A server control that takes input; ``name`` is its type, ``attributes["id"]`` its variable."""
    CONFIG = "config"
    """An element of a ``.config`` that maps requests to code; ``name`` is its section."""
    TAG = "tag"
    """A tag that is code itself (``<cfexecute …>``, ``<!--#exec …-->``)."""
    COMMENT = "comment"
    """What the server leaves out: ``<%-- --%>``, ``<!--- --->`` of ColdFusion, ``@* *@``."""


SAID = frozenset({Kind.CODE, Kind.EXPRESSION, Kind.DECLARATION, Kind.SERVER_SCRIPT, Kind.BODY})
"""Kinds whose text is in a programming language."""


class Language(StrEnum):
    """Languages that pages are written in."""

    CSHARP = "csharp"
    VBNET = "vbnet"
    JSCRIPT = "jscript"
    VBSCRIPT = "vbscript"
    JAVA = "java"
    PHP = "php"
    EL = "el"
    CFML = "cfml"
    OTHER = "other"
    """Named by the page, but not read here (Perl, Python)."""
    NONE = ""
    """The block holds no code."""


class Block(Struct, frozen=True, kw_only=True):
    """A stretch of a page that the server takes for more than text.

    Attributes:
        kind: what it is to the server.
        language: what its code is in; ``NONE`` for directives, objects and the like.
        start: first character of the content (behind the opening mark).
        end: the character behind its last one (before the closing mark).
        closed: the closing mark is there; otherwise the file ends first.
        name: of a directive, control, element or tag, lower case.
        attributes: of it, names in lower case.
    """

    kind: Kind
    language: Language = Language.NONE
    start: int
    end: int
    closed: bool = True
    name: str = ""
    attributes: Mapping[str, str] = {}


class Page(Struct, frozen=True, kw_only=True):
    """A page taken apart.

    Attributes:
        blocks: in the order of the text.
        language: the page's own language, stated or guessed.
    """

    blocks: tuple[Block, ...]
    language: Language

    def programs(self) -> Mapping[Language, tuple[Piece, ...]]:
        """Give the code by language, each as pieces in the order of the text (for ``languages.parse``)."""
        found: dict[Language, list[Piece]] = {}
        for block in self.blocks:
            if block.kind in SAID and block.language is not Language.NONE:
                piece = Piece(block.start, block.end, output=block.kind is Kind.EXPRESSION)
                found.setdefault(block.language, []).append(piece)
        return {language: tuple(pieces) for language, pieces in found.items()}

    def controls(self) -> Mapping[str, str]:
        """Give the variables of server controls that take input, with their types, both lower case."""
        return {
            block.attributes["id"].lower(): block.name
            for block in self.blocks
            if block.kind is Kind.CONTROL and "id" in block.attributes
        }
