"""What code builds, worked out; and that every attempt ends."""

from __future__ import annotations

import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.detections.webshells.code import Assign, Declare, Function, Node, walk
from tocsin.detections.webshells.folding import STEPS, Evaluation, Folded, fold_call, fold_operator
from tocsin.detections.webshells.languages import parse

from tests.detections.webshells.test_parsing_properties import LANGUAGES, PROGRAMS, SOUP, TIGHT


def _worked_out(language: str, text: str) -> Folded:
    """The value of the last assignment or declaration, with the functions before it."""
    unit = parse(text, language)
    functions = {node.name.lower(): node for node in walk(*unit.body) if isinstance(node, Function)}
    last = [node for node in unit.body if isinstance(node, Assign | Declare)][-1]
    assert last.value is not None
    return Evaluation(language, functions=functions).expression(last.value)


CASES = (
    ("vbscript", 'x = Chr(97) & ChrW(&H62) & "c"', "abc"),
    ("vbscript", 'x = StrReverse("cba") & Replace("aXc", "X", "b") & UCase("q")', "abcabcQ"),
    ("vbscript", 'x = Join(Array("a", "b"), "") & Mid("xyz", 2, 1) & Left("pq", 1) & Right("rs", 1)', "abyps"),
    ("vbscript", "x = Chr(100 - 3) & Chr(2 * 49) & Chr(99 Xor 0)", "abc"),
    ("vbscript", 'Function d(s)\nFor i = 1 To Len(s) Step 2\nd = d & Chr("&H" & Mid(s, i, 2))\nNext\nEnd Function\nx = d("616263")', "abc"),
    ("vbscript", 'Function d(s)\nFor Each c In Split(s, ",") : d = d & Chr(c - 1) : Next\nEnd Function\nx = d("98,99,100")', "abc"),
    ("vbscript", 'Function d(s)\nDim i : i = 1\nDo Until i > Len(s)\nd = Mid(s, i, 1) & d\ni = i + 1\nLoop\nEnd Function\nx = d("cba")', "abc"),
    ("vbnet", 'Dim x = System.Text.Encoding.UTF8.GetString(Convert.FromBase64String("YWJj"))', "abc"),
    ("vbnet", 'Dim x = "cba".ToUpper().Substring(1, 1) & $"a{"b"}"', "Bab"),
    ("csharp", 'var x = "a" + \'b\' + string.Format("{0}", "c");', "abc"),
    ("csharp", 'string D(string s) { char[] a = s.ToCharArray(); Array.Reverse(a); return new string(a); } var x = D("cba");', "abc"),
    ("csharp", 'string D(string s) { var b = new StringBuilder(); foreach (char c in s) b.Append((char)(c ^ 1)); return b.ToString(); } '
     'var x = D("`cb");', "abc"),
    ("csharp", 'string D(string s) { byte[] b = Convert.FromBase64String(s); for (int i = 0; i < b.Length; i++) b[i] ^= 3; '
     'return Encoding.ASCII.GetString(b); } var x = D("YmFg");', "abc"),
    ("csharp", 'string D(int n) { if (n > 2) return "a"; else if (n > 1) { return "b"; } return "c"; } var x = D(3) + D(2) + D(1);', "abc"),
    ("jscript", 'var x = String.fromCharCode(97, 98) + unescape("%63") + "d".charCodeAt(0)', "abc100"),
    ("jscript", 'function d(s) { var r = ""; for (var i = s.length - 1; i >= 0; i--) { r += s.charAt(i) } return r } var x = d("cba")', "abc"),
    ("jscript", 'var x = "c,b,a".split(",").reverse().join("")', "abc"),
    ("java", 'String x = new String(Base64.getDecoder().decode("YWJj"));', "abc"),
    ("java", 'String d(int[] a) { StringBuilder b = new StringBuilder(); for (int c : a) { b.append((char) c); } return b.toString(); } '
     "String x = d(new int[]{97, 98, 99});", "abc"),
    ("php", "$x = str_rot13('nop') . strrev('fed') . chr(0x67);", "abcdefg"),
    ("php", "$x = implode('', array_reverse(str_split('cba')));", "abc"),
    ("php", "$x = 'ab' ^ \"\\x01\\x01\";", "`c"),
    ("php", "$x = pack('H*', '616263') . sprintf('%c%s', 100, 'e');", "abcde"),
    ("php", "$x = gzinflate(base64_decode('" + base64.b64encode(zlib.compress(b"abc")[2:-4]).decode() + "'));", "abc"),
    ("php", "function d($s) { $o = ''; for ($i = 0; $i < strlen($s); $i++) { if ($i % 2) continue; $o .= chr(ord($s[$i]) ^ 1); } "
     "return $o; } $x = d('`xcxbx');", "abc"),
    ("php", "function d($s) { $o = []; foreach ($s as $k => $v) { $o[] = $v . $k; } return join('', $o); } $x = d(['a', 'b']);", "a0b1"),
)  # fmt: skip


@pytest.mark.parametrize(("language", "text", "built"), CASES)
def test_what_code_builds_is_worked_out(language: str, text: str, built: str) -> None:
    assert _worked_out(language, text) == (built,)


IMPURE = (
    ("vbscript", 'x = Request("a")'),
    ("vbscript", 'Function d(s)\nSet f = CreateObject(s)\nd = f.Read\nEnd Function\nx = d("a")'),
    ("csharp", 'var x = File.ReadAllText("a");'),
    ("csharp", "string D() { while (true) { } } var x = D();"),
    ("csharp", "int D(int n) { return D(n + 1); } var x = D(1);"),
    ("jscript", 'var x = "a" + b'),
    ("php", "$x = file_get_contents('a');"),
    ("php", "function d() { $a = 'a'; while (1) { $a .= $a; } return $a; } $x = d();"),
    ("php", "function d() { $a = ['a']; while (1) { $a = [$a, $a]; } return $a; } $x = d();"),
    ("php", "$x = str_repeat('a', 99999999);"),
    ("php", "$x = range(1, 999999999);"),
    ("java", 'String x = new String(Files.readAllBytes(Paths.get("a")));'),
)


@pytest.mark.parametrize(("language", "text"), IMPURE)
def test_what_touches_the_world_or_has_no_end_is_not_worked_out(language: str, text: str) -> None:
    assert _worked_out(language, text) is None


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.binary(max_size=20)),
    lambda inner: st.lists(inner, max_size=4).map(tuple),
    max_leaves=6,
)
NAMES = st.sampled_from(
    "chr asc replace strreverse split join mid left right len string space hex cint format substring substr slice frombase64string "
    "getstring unescape str_replace strtr implode explode str_split str_repeat gzinflate pack range sprintf padleft instr concat "
    "ubound charcodeat str_rot13 stripslashes hexdec bindec ucfirst trim tostring parseint repeat array_reverse urldecode".split()
)


@given(language=st.sampled_from(LANGUAGES), name=NAMES, owner=st.none() | VALUES.map(lambda one: (one,)), given=st.lists(VALUES, max_size=4))
def test_pure_functions_take_anything(language: str, name: str, owner: Folded, given: list[object]) -> None:
    folded = fold_call(language, name, owner, given)  # type: ignore[arg-type]  # drawn from all kinds of values
    assert folded is None or len(folded) == 1


@given(language=st.sampled_from(LANGUAGES), operands=st.lists(VALUES, min_size=1, max_size=4),
       sign=st.sampled_from("+ - * / % ^ & | . xor and or mod \\ << >> == <> < >= is like".split()))  # fmt: skip
def test_operators_take_anything(language: str, sign: str, operands: list[object]) -> None:
    folded = fold_operator(language, sign, operands)  # type: ignore[arg-type]  # drawn from all kinds of values
    assert folded is None or len(folded) == 1


@pytest.mark.parametrize("language", LANGUAGES)
@given(text=st.one_of(SOUP, TIGHT), data=st.data())
def test_every_attempt_ends_within_its_steps(language: str, text: str, data: st.DataObject) -> None:
    program = PROGRAMS[language]
    cut = data.draw(st.integers(0, len(program)))
    unit = parse(program[:cut] + text + program[cut:], language)
    functions = {node.name.lower(): node for node in walk(*unit.body) if isinstance(node, Function)}
    work = Evaluation(language, functions=functions, outer=lambda _: ("1",), steps=2_000)
    for node in walk(*unit.body):
        _attempt(work, node)
    assert work.left > -STEPS


def _attempt(work: Evaluation, node: Node) -> None:
    if isinstance(node, Function):
        work.call(node, ["a"] * len(node.parameters))
    else:
        work.expression(node)


def test_a_steps_bound_is_shared_by_attempts() -> None:
    unit = parse('x = Chr(1) & Chr(2)\ny = Chr(3)', "vbscript")
    work = Evaluation("vbscript", steps=6)
    values = [node.value for node in unit.body if isinstance(node, Assign)]
    assert work.expression(values[0]) == ("\x01\x02",)
    assert work.expression(values[1]) is None
