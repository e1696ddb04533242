"""What holds for every parser and every text."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.detections.webshells.code import DEEPEST, Node, Piece, Unit, children
from tocsin.detections.webshells.languages import GRAMMARS, parse

LANGUAGES = sorted(GRAMMARS)
WORDS = (
    "if else for foreach while do switch case default try catch finally return throw new function class namespace using import "
    "public static void string int var let const echo global use as in is not and or xor mod then end sub next loop wend each "
    "dim set with select property get let byval handles of from where async await delegate yield match fn list array static "
    "extends implements throws synchronized elseif endif endforeach <<<EOT EOT __halt_compiler typeof out ref default"
).split()
MARKS = list("(){}[]<>;:,.?!=+-*/%&|^~@#$\\'\"`\n\r\t \0") + [
    "=>", "->", "::", "?.", "??", "/*", "*/", "//", "<%=", '"""', '$"', '@"', "${", "#[", "&H41", "0x41", ":=", "_\n", "rem ",
]  # fmt: skip
SOUP = st.lists(
    st.one_of(st.sampled_from(WORDS), st.sampled_from(MARKS), st.sampled_from(["a", "b1", "$c", "1", "2.5", "é", "\u200b"])),
    max_size=60,
).map(lambda parts: " ".join(parts).replace(" \n", "\n"))
TIGHT = st.lists(st.one_of(st.sampled_from(WORDS), st.sampled_from(MARKS), st.sampled_from("ab1")), max_size=80).map("".join)
PROGRAMS = {
    "csharp": 'class A<T> : B { [M(1)] public string F(string a = "x", params int[] b) { var c = new D(a) { E = 1 }; '
    'foreach (var k in m) { if (a is string s && k?.L > 2) return $"x{a}y"; else b[0] ^= (byte)(c << 2); } try { G<int>(x => x + 1); } '
    "catch (E e) when (e.M) { throw; } finally { } switch (a) { case 1: break; default: goto z; } return a ? b : c ?? d; } }",
    "jscript": "import A; package P { class F extends G { var x : int = 1; function get y() : int { return 1 } } } "
    "function f(a, b) { for (var i in o) { o[i]() } x = { a: 1, 'b': function() { }, c() { } }; y = /a[/]b/g.test(`t${a}`); "
    "do x++; while (x < 5) try { throw 1 } catch (e) { } return a => b }",
    "java": 'import a.b.*; @W("/x") public class A<T> extends B implements C { int[] b = new int[]{1,2}; void f(final String... a) '
    'throws E { for (String s : a) { Object o = (String) s; l.forEach(x -> { y(x); }); } synchronized (this) { } A::new; '
    "Runnable r = new R() { public void run() { } }; char c = 'x'; } enum E { A(1), B; } }",
    "php": "namespace A; use B\\C; class D extends E { public static ?int $x = 1; function f(array &$a, ...$b): ?int { global $g; "
    "foreach ($a as $k => $v): echo \"x$k{$v['y']}\", `ls`; endforeach; return $this->$a->{'b'}[0] ?? fn($x) => $x . 'y'; } } "
    "if ($a): print 1; elseif ($b): exit; else: endif; $$a = (string)$b; !$c = d() or die; list($a, $b) = [1, 'k' => 2];",
    "vbscript": 'Dim a(5), b : Set c = D("e")\nFunction f(ByVal s)\nFor i = 1 To Len(s) Step 2\nf = f & Chr(Asc(Mid(s, i, 1)) Xor 5)\n'
    "Next\nEnd Function\nIf a = 1 Then b 2, 3 Else c\nWith c\n.d = .e(1)\nEnd With\nSelect Case a\nCase 1, 2 : g\nCase Else\nEnd Select\n"
    "Do While Not r.EOF\nr.MoveNext\nLoop\nClass X\nPublic Property Get P\nP = 1\nEnd Property\nEnd Class\nx = 1 _\n + 2 ' z",
    "vbnet": 'Imports A\nPublic Class B(Of T)\nInherits C\n<W(True)> Public Function F(Optional a As String = "x") As Integer Handles X.Y\n'
    "Dim b As New D(1) With {.E = 2}, c() As Byte = {1, 2}\nTry\nUsing g As New H()\nReturn If(a, b, CType(c, String))\nEnd Using\n"
    "Catch e As E When e.M\nFinally\nEnd Try\nDim l = Function(x) x + 1\nAddHandler b.C, AddressOf d\nEnd Function\nEnd Class",
}  # fmt: skip


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
    "(", "[", "{", "a(", "a[", "new a(", "!", "-", "a.b().c", "a+", "a?b:", "a=", "if(a)", "else ", "function(){", "x=>", "(x)=>",
    "a<b", "<a", "/*", "//\n", '"', "'", "`", "${", '$"{', "<<<A\n", "case 1:", "f(a){", "@a ", "[a]", "\\u0065", "a\n.b", "if a then\n",
    "for i=1 to 2\n", "with a\n", "function f\n", "(a)(b)", "a ? [b] ", "a::b", "$", "$$", "->{", "_\n", "&H", "#a#", "\r", "switch(a){",
    "try{", "class a{", "namespace a{", "a:=", "from a in b ", "<%=", "*", "a<b,", "new a{", "async ", "not ", "else if ",
)  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("unit", HOSTILE)
def test_a_long_row_of_one_thing_is_read_to_its_end(language: str, unit: str) -> None:
    """A parser that went back over words, or nested without bound, would not come to an end here."""
    text = unit * 4000
    _check(parse(text, language), len(text))
