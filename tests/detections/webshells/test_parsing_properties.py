"""What holds for every parser and every text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.detections.webshells.code import DEEPEST, Node, Piece, Unit, children
from tocsin.detections.webshells.languages import GRAMMARS, parse

LANGUAGES = sorted(GRAMMARS)
WORDS = (
    "if", "else", "for", "foreach", "while", "do", "switch", "case", "default", "try", "catch",
    "finally", "return", "throw", "new", "function", "class", "namespace", "using", "import", "public",
    "static", "void", "string", "int", "var", "let", "const", "echo", "global", "use", "as", "in",
    "is", "not", "and", "or", "xor", "mod", "then", "end", "sub", "next", "loop", "wend", "each",
    "dim", "set", "with", "select", "property", "get", "let", "byval", "handles", "of", "from",
    "where", "async", "await", "delegate", "yield", "match", "fn", "list", "array", "static",
    "extends", "implements", "throws", "synchronized", "elseif", "endif", "endforeach", "<<<EOT",
    "EOT", "__halt_compiler", "typeof", "out", "ref", "default",
)  # fmt: skip
MARKS = (
    *"(){}[]<>;:,.?!=+-*/%&|^~@#$\\'\"`\n\r\t \0",
    "=>", "->", "::", "?.", "??", "/*", "*/", "//", "<%=", '"""', '$"', '@"', "${", "#[", "&H41",
    "0x41", ":=", "_\n", "rem ",
)  # fmt: skip
SOUP = st.lists(
    st.one_of(
        st.sampled_from(WORDS),
        st.sampled_from(MARKS),
        st.sampled_from(["a", "b1", "$c", "1", "2.5", "é", "\u200b"]),
    ),
    max_size=60,
).map(lambda parts: " ".join(parts).replace(" \n", "\n"))
TIGHT = st.lists(
    st.one_of(st.sampled_from(WORDS), st.sampled_from(MARKS), st.sampled_from("ab1")), max_size=80
).map("".join)
PROGRAMS = {
    path.stem: path.read_text("utf-8") for path in sorted(Path(__file__).with_name("programs").glob("*.txt"))
}


def _check(unit: Unit, size: int) -> None:
    waiting: list[tuple[Node, int]] = [(node, 1) for node in unit.body]
    while waiting:
        node, depth = waiting.pop()
        assert 0 <= node.start <= node.end <= size, node
        assert depth <= DEEPEST
        waiting += [(child, depth + 1) for child in children(node)]
    for start, end in unit.comments:
        assert 0 <= start < end <= size


@pytest.mark.parametrize("language", LANGUAGES)
@given(text=st.one_of(st.text(max_size=200), SOUP, TIGHT))
def test_any_text_gives_a_tree_whose_places_lie_in_the_text(language: str, text: str) -> None:
    _check(parse(text, language), len(text))


@pytest.mark.parametrize("language", LANGUAGES)
@given(data=st.data())
def test_a_damaged_program_gives_a_tree(language: str, data: st.DataObject) -> None:
    program = PROGRAMS[language]
    begin = data.draw(st.integers(0, len(program)))
    end = data.draw(st.integers(begin, len(program)))
    text = program[:begin] + data.draw(st.one_of(st.just(""), TIGHT)) + program[end:]
    _check(parse(text, language), len(text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_whole_program_leaves_nothing_unread(language: str) -> None:
    unit = parse(PROGRAMS[language], language)
    assert unit.unknown == 0
    assert not unit.open_end
    assert not unit.limits


@pytest.mark.parametrize("language", LANGUAGES)
@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_pieces_in_any_order_stay_inside_the_text(language: str, data: st.DataObject) -> None:
    text = "<%" + PROGRAMS[language] + "%>"
    places = st.integers(-5, len(text) + 5)
    pieces = data.draw(st.lists(st.builds(Piece, places, places, st.booleans()), max_size=6))
    _check(parse(text, language, pieces), len(text))


HOSTILE = (
    "(", "[", "{", "a(", "a[", "new a(", "!", "-", "a.b().c", "a+", "a?b:", "a=", "if(a)", "else ",
    "function(){", "x=>", "(x)=>", "a<b", "<a", "/*", "//\n", '"', "'", "`", "${", '$"{', "<<<A\n",
    "case 1:", "f(a){", "@a ", "[a]", "\\u0065", "a\n.b", "if a then\n", "for i=1 to 2\n", "with a\n",
    "function f\n", "(a)(b)", "a ? [b] ", "a::b", "$", "$$", "->{", "_\n", "&H", "#a#", "\r",
    "switch(a){", "try{", "class a{", "namespace a{", "a:=", "from a in b ", "<%=", "*", "a<b,",
    "new a{", "async ", "not ", "else if ",
)  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("unit", HOSTILE)
def test_a_long_row_of_one_thing_is_read_to_its_end(language: str, unit: str) -> None:
    """A parser that went back over words, or nested without bound, would not come to an end here."""
    text = unit * 4000
    _check(parse(text, language), len(text))
