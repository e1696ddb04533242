"""Literals: what a record must hold to match."""

from __future__ import annotations

import pytest

from tocsin.detections.literals import Group, best_group, groups, is_telling
from tocsin.packs.conditions import (
    Cidr,
    Either,
    Every,
    Exists,
    FieldTest,
    Glob,
    Node,
    Not,
    Null,
    Number,
    Regex,
    SameAs,
    Wild,
)

MANY = Wild.MANY


def holding(text: str, field: str | None = "f") -> FieldTest:
    return FieldTest(field, Glob((MANY, text, MANY)))


def group(*literals: str, field: str | None = "f") -> Group:
    return frozenset((field, text) for text in literals)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (holding("AbC"), (group("abc"),)),
        (FieldTest("f", Glob(("ab", MANY, "cd", Wild.ONE))), (group("ab"), group("cd"))),
        (FieldTest("f", Glob((MANY,))), ()),
        (FieldTest("f", Glob(())), ()),
        (FieldTest("f", Number(200)), (group("200"),)),
        (FieldTest("f", Number(-200)), (group("200"),)),
        (FieldTest("f", Number(200, "gt")), ()),
        (FieldTest("f", Number(1.5)), ()),
        (FieldTest("f", Regex("Abc.*d", "i")), (group("abc"),)),
        (FieldTest("f", Regex("a|b")), ()),
        (FieldTest("f", Null()), ()),
        (FieldTest("f", Exists(wanted=True)), ()),
        (FieldTest("f", Cidr("192.0.2.0/24")), ()),
        (FieldTest("f", SameAs("g")), ()),
        (holding("key", None), (group("key", field=None),)),
        (Not(holding("abc")), ()),
        (Every((holding("abc"), Not(holding("x")), holding("de"))), (group("abc"), group("de"))),
        (Every((holding("abc"), holding("abc"))), (group("abc"),)),
        (Either((holding("abc"), holding("de"))), (group("abc", "de"),)),
        (Either((holding("abc"), FieldTest("f", Null()))), ()),
        (Either((Every((holding("a"), holding("long"))), holding("de"))), (group("long", "de"),)),
    ],
)
def test_derivation(node: Node, expected: tuple[Group, ...]) -> None:
    assert groups(node) == expected


@pytest.mark.parametrize(
    ("found", "best"),
    [
        ((group("ab"), group("abc")), group("abc")),
        ((group("abc", "a"), group("bc")), group("bc")),
        ((group("abc", "abd"), group("abe")), group("abe")),
        ((group("get", field="cs-method"), group("a")), group("a")),
        ((group("4688", field="EventID"), group("powershell")), group("4688", field="EventID")),
        ((), None),
    ],
)
def test_the_group_that_lets_the_fewest_through(found: tuple[Group, ...], best: Group | None) -> None:
    assert best_group(found) == best


def test_what_tells_something_outside_its_field() -> None:
    assert is_telling(("cs-uri-stem", "abc"))
    assert not is_telling(("sc-status", "200"))
    assert not is_telling(("EventID", "4688"))
