"""Possessive repeats and atomic groups reach no engine but by ``tocsin.model.expressions`` (ADR 0044)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from re import _constants, _parser  # type: ignore[attr-defined] # typeshed knows the old names only
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "tocsin"
ALLOWED = SOURCE / "model" / "expressions.py"
MODULES = sorted(
    path for path in SOURCE.rglob("*.py") if path.parent.name != "migrations" and path != ALLOWED
)
CALLS = {"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"}
FLAGS = {"VERBOSE", "X"}
_HINT = re.compile(r"(?<!\\)(?:\\\\)*(?:\(\?>|(?:[*?}]|(?<![\"'+ ])\+)\+)")
"""What a piece that cannot be read whole looks like if it holds one."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


class Scope(NamedTuple):
    """What names mean at a module's own level: the text that they are given, or where they come from."""

    given: Mapping[str, ast.expr]
    imported: Mapping[str, tuple[Path, str]]


@cache
def scope_in(path: Path) -> Scope:
    return scope_of(ast.parse(path.read_text("utf-8"))) if path.exists() else Scope({}, {})


def scope_of(tree: ast.Module) -> Scope:
    given: dict[str, ast.expr] = {}
    imported: dict[str, tuple[Path, str]] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            given[node.targets[0].id] = node.value
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tocsin."):
            path = SOURCE.parent / Path(*(node.module or "").split("."))
            path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            imported |= {one.asname or one.name: (path, one.name) for one in node.names}
    return Scope(given, imported)


def named(name: str, scope: Scope) -> str | bytes | None:
    """Give the text that a name stands for, or None."""
    if name in scope.imported:
        path, there = scope.imported[name]
        return named(there, scope_in(path))
    if name not in scope.given:
        return None
    others = {one: value for one, value in scope.given.items() if one != name}
    return text_of(scope.given[name], Scope(others, scope.imported))


def text_of(node: ast.expr, scope: Scope) -> str | bytes | None:
    """Work out a text that is written in pieces; None where that takes more than reading."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str | bytes) else None
    if isinstance(node, ast.Name):
        return named(node.id, scope)
    if isinstance(node, ast.FormattedValue):
        return text_of(node.value, scope)
    if isinstance(node, ast.JoinedStr):
        return _joined([text_of(part, scope) for part in node.values])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _joined([text_of(node.left, scope), text_of(node.right, scope)])
    return None


def _joined(parts: list[str | bytes | None]) -> str | None:
    texts = [part for part in parts if isinstance(part, str)]
    return "".join(texts) if len(texts) == len(parts) else None


def gives_nothing_back(pattern: str | bytes, flags: int) -> bool:
    """Ask Python's own parser."""
    return any(code in _POSSESSIVE for code, _ in _operations(_parser.parse(pattern, flags)))


_POSSESSIVE = {_constants.POSSESSIVE_REPEAT, _constants.ATOMIC_GROUP}


def _operations(tree: object) -> Iterator[tuple[object, object]]:
    """Yield every operation of a parsed pattern with its arguments."""
    if isinstance(tree, _parser.SubPattern):
        for code, arguments in tree:
            yield code, arguments
            yield from _operations(arguments)
    elif isinstance(tree, tuple | list):
        for part in tree:
            yield from _operations(part)


def captures_in_a_repeat(pattern: str | bytes, flags: int) -> bool:
    """Tell of what stays wrong up to 3.12.7 and in 3.13.0: a group in such a repeat."""
    return any(
        code is _constants.POSSESSIVE_REPEAT
        and arguments[1] != 1  # type: ignore[index] # least, most, what
        and any(inner is _constants.SUBPATTERN and within[0] for inner, within in _operations(arguments))  # type: ignore[index] # the group's number
        for code, arguments in _operations(_parser.parse(pattern, flags))
    )


def patterns(tree: ast.Module, *, routed: bool) -> Iterator[tuple[ast.Call, ast.expr]]:
    """Yield calls that take a pattern, with it: those of ``re``, or those of ``compiled``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (_is_routed(node.func) if routed else _is_of_re(node.func)):
            given = [one.value for one in node.keywords if one.arg == "pattern"]
            yield node, (node.args or given)[0]


def _is_of_re(called: ast.expr) -> bool:
    return (
        isinstance(called, ast.Attribute)
        and called.attr in CALLS
        and isinstance(called.value, ast.Name)
        and called.value.id == "re"
    )


def _is_routed(called: ast.expr) -> bool:
    return isinstance(called, ast.Name) and called.id == "compiled"


def flags_of(call: ast.Call) -> int:
    """Only ``VERBOSE`` changes how a pattern is read."""
    verbose = any(isinstance(node, ast.Attribute) and node.attr in FLAGS for node in ast.walk(call))
    return int(re.VERBOSE) if verbose else 0


def handed_to_re(tree: ast.Module) -> list[int]:
    """Give the lines where a possessive repeat or an atomic group goes to ``re``."""
    scope = scope_of(tree)
    return [call.lineno for call, given in patterns(tree, routed=False) if _holds(call, given, scope)]


def _holds(call: ast.Call, given: ast.expr, scope: Scope) -> bool:
    whole = text_of(given, scope)
    if whole is not None:
        return gives_nothing_back(whole, flags_of(call))
    near = {node for start in _near(given, scope) for node in ast.walk(start)}
    texts = [text_of(part, scope) for part in near if isinstance(part, ast.expr)]
    return any(_HINT.search(text) for text in texts if isinstance(text, str))


def _near(given: ast.expr, scope: Scope) -> Iterator[ast.expr]:
    """Yield an expression, and what the names in it are given."""
    yield given
    for node in ast.walk(given):
        if isinstance(node, ast.Name) and node.id in scope.given:
            yield scope.given[node.id]


def renames_re(tree: ast.Module) -> list[int]:
    """Give the lines that take from ``re`` what could not be found by the name of ``re``."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if (
            isinstance(node, ast.ImportFrom)
            and node.module == "re"
            and CALLS & {one.name for one in node.names}
        )
        or (isinstance(node, ast.Import) and any(one.name == "re" and one.asname for one in node.names))
    ]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_what_gives_nothing_back_goes_by_the_one_way(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert not handed_to_re(tree), f"{name_of(path)}: compile these with tocsin.model.expressions.compiled"
    assert not renames_re(tree), f"{name_of(path)}: import re by its own name"


def test_no_group_captures_within_a_possessive_repeat() -> None:
    seen = 0
    for path in MODULES:
        tree = ast.parse(path.read_text("utf-8"))
        scope = scope_of(tree)
        for call, given in patterns(tree, routed=True):
            whole = text_of(given, scope)
            if whole is not None:
                seen += 1
                where = f"{name_of(path)}:{call.lineno}"
                assert not captures_in_a_repeat(whole, flags_of(call)), where
    assert seen >= 20, "the way is no longer found"


@pytest.mark.parametrize(
    "code",
    [
        're.compile(r"a++")',
        'X = re.compile(pattern=r"(?:ab?c){1,3}+")',
        're.sub(rb"(?>a|b)", b"", x)',
        'A = r"[a-z]*+"\nB = rf"({A}|b)"\nX = re.compile(B + "c", re.DOTALL)',
        "from tocsin.detections.webshells.languages.java import GAP\nre.findall(GAP, x)",
        'def f(x):\n    return re.search(rf"{x}a?+", x)',
        're.compile("|".join(["a", r"\\s++b"]))',
        'A = r"\\d++"\nre.compile("|".join((A, "b")))',
        're.compile("a ++  # remark", re.VERBOSE)',
    ],
)
def test_one_in_the_hands_of_re_is_found(code: str) -> None:
    assert handed_to_re(ast.parse(code))


@pytest.mark.parametrize(
    "code", ['re.compile(r"\\++[+*]+")', 'compiled("a++")', 're.escape("a++")', 're.sub("a+", "b++", x)']
)
def test_others_are_left_alone(code: str) -> None:
    assert not handed_to_re(ast.parse(code))


def test_other_names_of_re_are_found() -> None:
    assert renames_re(ast.parse("import re as r\nfrom re import compile\nfrom re import Pattern\n")) == [1, 2]


@pytest.mark.parametrize(
    ("pattern", "bad"),
    [("((x)|y)*+", True), ("(?:(x)|y){3}+", True), ("((?:x|y)++)", False), ("(x)?+", False)],
)
def test_groups_in_repeats_are_found(pattern: str, *, bad: bool) -> None:
    assert captures_in_a_repeat(pattern, 0) is bad
