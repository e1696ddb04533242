"""Parsers of the languages that a web server runs, all giving the one form of ``code.py``."""

from __future__ import annotations

from collections.abc import Iterable

from tocsin.detections.webshells.code import Piece, Unit
from tocsin.detections.webshells.languages import basic, csharp, java, jscript, php
from tocsin.detections.webshells.languages.parser import Grammar, Parser
from tocsin.detections.webshells.languages.tokens import cut

GRAMMARS: dict[str, Grammar] = {
    grammar.language: grammar
    for grammar in (
        csharp.GRAMMAR,
        jscript.GRAMMAR,
        java.GRAMMAR,
        php.GRAMMAR,
        basic.grammar("vbscript"),
        basic.grammar("vbnet"),
    )
}


def parse(text: str, language: str, pieces: Iterable[Piece] | None = None) -> Unit:
    """Read the code of one language in a text.

    Args:
        text: the whole decoded file; spans count its characters.
        language: ``csharp jscript java php vbscript vbnet``.
        pieces: where the code stands, in order; the whole text if not given. All pieces are one program: a
            loop may
            begin in one and end in the next.

    Returns:
        What could be read. Nothing is raised for any text; what was not understood is ``Unknown``.
    """
    grammar = GRAMMARS[language]
    stretches = (Piece(0, len(text)),) if pieces is None else pieces
    tokens = cut(text, stretches, grammar.lexicon)
    return Parser(text, tokens, grammar).unit()
