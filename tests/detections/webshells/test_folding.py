"""What code builds, worked out; and that every attempt ends."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.detections.webshells.test_parsing_properties import LANGUAGES, PROGRAMS, SOUP, TIGHT

from tocsin.detections.webshells.code import Assign, Declare, Function, Node, walk
from tocsin.detections.webshells.evaluation import STEPS, Evaluation
from tocsin.detections.webshells.folding import Folded, fold_call, fold_operator
from tocsin.detections.webshells.languages import parse


def _worked_out(language: str, text: str) -> Folded:
    """The value of the last assignment or declaration, with the functions before it."""
    unit = parse(text, language)
    functions = {node.name.lower(): node for node in walk(*unit.body) if isinstance(node, Function)}
    last = [node for node in unit.body if isinstance(node, Assign | Declare)][-1]
    assert last.value is not None
    return Evaluation(language, functions=functions).expression(last.value)


KEPT = yaml.safe_load(Path(__file__).with_name("builds.yaml").read_text("utf-8"))
CASES = [(case["language"], case["code"], case["text"]) for case in KEPT["builds"]]
IMPURE = [(case["language"], case["code"]) for case in KEPT["not"]]


@pytest.mark.parametrize(("language", "text", "built"), CASES)
def test_what_code_builds_is_worked_out(language: str, text: str, built: str) -> None:
    assert _worked_out(language, text) == (built,)


@pytest.mark.parametrize(("language", "text"), IMPURE)
def test_what_touches_the_world_or_has_no_end_is_not_worked_out(language: str, text: str) -> None:
    assert _worked_out(language, text) is None


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.binary(max_size=20)
    ),
    lambda inner: st.lists(inner, max_size=4).map(tuple),
    max_leaves=6,
)
SIGNS = (
    "+", "-", "*", "/", "%", "^", "&", "|", ".", "xor", "and", "or", "mod", "\\", "<<", ">>", "==",
    "<>", "<", ">=", "is", "like",
)  # fmt: skip
NAMES = (
    "chr", "asc", "replace", "strreverse", "split", "join", "mid", "left", "right", "len", "string",
    "space", "hex", "cint", "format", "substring", "substr", "slice", "frombase64string", "getstring",
    "unescape", "str_replace", "strtr", "implode", "explode", "str_split", "str_repeat", "gzinflate",
    "pack", "range", "sprintf", "padleft", "instr", "concat", "ubound", "charcodeat", "str_rot13",
    "stripslashes", "hexdec", "bindec", "ucfirst", "trim", "tostring", "parseint", "repeat",
    "array_reverse", "urldecode",
)  # fmt: skip


@given(
    language=st.sampled_from(LANGUAGES),
    name=st.sampled_from(NAMES),
    owner=st.none() | VALUES.map(lambda one: (one,)),
    given=st.lists(VALUES, max_size=4),
)
def test_pure_functions_take_anything(language: str, name: str, owner: Folded, given: list[object]) -> None:
    folded = fold_call(language, name, owner, given)  # type: ignore[arg-type]  # drawn from all kinds of values
    assert folded is None or len(folded) == 1


@given(language=st.sampled_from(LANGUAGES), operands=st.lists(VALUES, min_size=1, max_size=4),
       sign=st.sampled_from(SIGNS))  # fmt: skip
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
    unit = parse("x = Chr(1) & Chr(2)\ny = Chr(3)", "vbscript")
    work = Evaluation("vbscript", steps=6)
    values = [node.value for node in unit.body if isinstance(node, Assign)]
    assert work.expression(values[0]) == ("\x01\x02",)
    assert work.expression(values[1]) is None
