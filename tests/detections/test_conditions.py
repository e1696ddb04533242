"""The reference evaluator."""

from __future__ import annotations

import pytest
from tests.detections.rule_makers import record, row_of

from tocsin.detections.conditions import address, predicate
from tocsin.packs.conditions import (
    Check,
    Cidr,
    Either,
    Every,
    Exists,
    FieldTest,
    Glob,
    Not,
    Null,
    Number,
    Regex,
    SameAs,
    Wild,
)
from tocsin.packs.regexes import LONGEST_VALUE

MANY = Wild.MANY
FIELDS: dict[str, str | None] = {
    "cs-uri-stem": "/OWA/%61uth/x.aspx",
    "cs-username": r"CONTOSO\Alice",
    "sc-status": "200",
    "time-taken": "15.5",
    "c-ip": "192.0.2.7",
    "six": "[2001:db8::7]",
    "mapped": "::ffff:192.0.2.7",
    "empty": None,
    "name": "alice",
    "blank": "",
    "odd": "nan",
}


def holds(field: str | None, check: Check) -> bool:
    return predicate(FieldTest(field, check))(row_of(record(**FIELDS)))


@pytest.mark.parametrize(
    ("field", "check", "expected"),
    [
        ("cs-uri-stem", Glob(("/owa/auth/", MANY)), True),
        ("cs-uri-stem", Glob(("/OWA/%61UTH/X.ASPX",)), True),
        ("cs-uri-stem", Glob(("/OWA/auth/", MANY), cased=True), True),
        ("cs-uri-stem", Glob(("/owa/auth/", MANY), cased=True), False),
        ("cs-uri-stem", Regex("^/OWA/auth/"), True),
        ("cs-uri-stem", Regex("^/owa/auth/"), False),
        ("cs-uri-stem", Regex("^/owa/auth/", "i"), True),
        ("cs-username", Glob((MANY, r"\alice")), True),
        ("empty", Glob(("a",)), False),
        ("absent", Glob((MANY,)), False),
        ("empty", Glob((MANY,)), False),
        ("name", Glob((MANY,)), True),
        ("empty", Glob(()), True),
        ("blank", Glob(()), True),
        ("absent", Glob(()), False),
        ("name", Glob(()), False),
        ("empty", Null(), True),
        ("absent", Null(), True),
        ("name", Null(), False),
        ("empty", Exists(wanted=True), True),
        ("absent", Exists(wanted=True), False),
        ("absent", Exists(wanted=False), True),
        ("name", Exists(wanted=False), False),
        ("sc-status", Number(200), True),
        ("sc-status", Number(200.0), True),
        ("sc-status", Number(20), False),
        ("name", Number(200), False),
        ("absent", Number(200), False),
        ("odd", Number(1, "gt"), False),
        ("sc-status", Number(200, "gte"), True),
        ("sc-status", Number(200, "gt"), False),
        ("sc-status", Number(199, "gt"), True),
        ("sc-status", Number(200, "lte"), True),
        ("sc-status", Number(200, "lt"), False),
        ("sc-status", Number(201, "lt"), True),
        ("time-taken", Number(15.5), True),
        ("time-taken", Number(15, "gt"), True),
        ("c-ip", Cidr("192.0.2.0/24"), True),
        ("c-ip", Cidr("192.0.3.0/24"), False),
        ("c-ip", Cidr("2001:db8::/32"), False),
        ("six", Cidr("2001:db8::/32"), True),
        ("mapped", Cidr("192.0.2.0/24"), True),
        ("name", Cidr("0.0.0.0/0"), False),
        ("cs-username", SameAs("name", ends=True), True),
        ("cs-username", SameAs("name", starts=True), False),
        ("cs-username", SameAs("name", starts=True, ends=True), True),
        ("cs-username", SameAs("name"), False),
        ("name", SameAs("name"), True),
        ("name", SameAs("cs-username", starts=True), False),
        ("name", SameAs("absent"), False),
        ("absent", SameAs("name"), False),
        (None, Glob((MANY, "contoso", MANY)), True),
        (None, Glob((MANY, "/owa/auth", MANY)), True),
        (None, Glob((MANY, "CONTOSO", MANY), cased=True), True),
        (None, Glob((MANY, "contoso", MANY), cased=True), False),
        (None, Regex("^Alice$"), False),
        (None, Regex("^alice$"), True),
    ],
)
def test_every_check(field: str | None, check: Check, expected: bool) -> None:
    assert holds(field, check) is expected


def test_and_or_not() -> None:
    yes, no = FieldTest("name", Glob(("alice",))), FieldTest("name", Glob(("bob",)))
    row = row_of(record(**FIELDS))
    assert predicate(Every((yes, yes)))(row)
    assert not predicate(Every((yes, no)))(row)
    assert predicate(Either((no, yes)))(row)
    assert not predicate(Either((no, no)))(row)
    assert predicate(Not(no))(row)
    assert not predicate(Not(yes))(row)


def test_a_regular_expression_looks_at_a_bounded_part_of_a_value() -> None:
    check = predicate(FieldTest("f", Regex("x$")))
    assert check(row_of(record(f="a" * (LONGEST_VALUE - 1) + "x")))
    assert not check(row_of(record(f="a" * LONGEST_VALUE + "x")))


def test_addresses() -> None:
    assert str(address("192.0.2.7")) == "192.0.2.7"
    assert address("192.0.2") is None
    assert str(address("::ffff:192.0.2.7")) == "192.0.2.7"
