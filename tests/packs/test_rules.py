"""Rules: from Sigma to Tocsin's own condition tree."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.packs.pack_folders import RULE, changed, write

from tocsin.errors import RuleError
from tocsin.model.words import Means
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
    doubted_fields,
)
from tocsin.packs.rules import Rule, read_head, rule_of, slug

ANY = Wild.MANY


def rule_from(tmp_path: Path, detection: str, extra: str = "") -> Rule:
    head = "title: T\nauthor: A\nmeans: context\nlogsource: {category: webserver}\n"
    body = f"{head}detection:\n{detection}{extra}"
    path = tmp_path / "t.yaml"
    path.write_text(body, encoding="utf-8")
    return rule_of(*read_head(path))


def node_of(tmp_path: Path, item: str) -> Node:
    return rule_from(tmp_path, f"  s:\n    {item}\n  condition: s\n").condition


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("f: Value", FieldTest("f", Glob(("Value",)))),
        ("f: 'a*b?c'", FieldTest("f", Glob(("a", ANY, "b", Wild.ONE, "c")))),
        (r"f: 'a\*b\\c\d'", FieldTest("f", Glob((r"a*b\c\d",)))),
        ("f|contains: x", FieldTest("f", Glob((ANY, "x", ANY)))),
        ("f|startswith: x", FieldTest("f", Glob(("x", ANY)))),
        ("f|endswith: x", FieldTest("f", Glob((ANY, "x")))),
        ("f|contains|cased: x", FieldTest("f", Glob((ANY, "x", ANY), cased=True))),
        ("f: ''", FieldTest("f", Glob(()))),
        ("f: null", FieldTest("f", Null())),
        ("f: 200", FieldTest("f", Number(200))),
        ("f: 1.5", FieldTest("f", Number(1.5))),
        ("f|gt: 5", FieldTest("f", Number(5, "gt"))),
        ("f|gte: 5", FieldTest("f", Number(5, "gte"))),
        ("f|lt: 5", FieldTest("f", Number(5, "lt"))),
        ("f|lte: 5", FieldTest("f", Number(5, "lte"))),
        ("f: true", FieldTest("f", Glob(("true",)))),
        ("f|exists: false", FieldTest("f", Exists(wanted=False))),
        ("f|cidr: 192.0.2.0/24", FieldTest("f", Cidr("192.0.2.0/24"))),
        (r"f|re: 'a+\.aspx$'", FieldTest("f", Regex(r"a+\.aspx$"))),
        ("f|re|i|m|s: 'ab'", FieldTest("f", Regex("ab", "ims"))),
        ("f|fieldref: g", FieldTest("f", SameAs("g"))),
        ("f|fieldref|startswith: g", FieldTest("f", SameAs("g", starts=True))),
        ("f|neq: x", Not(FieldTest("f", Glob(("x",))))),
        ("f: [a, 2]", Either((FieldTest("f", Glob(("a",))), FieldTest("f", Number(2))))),
        (
            "f|contains|all: [a, b]",
            Every((FieldTest("f", Glob((ANY, "a", ANY))), FieldTest("f", Glob((ANY, "b", ANY))))),
        ),
        ("f|base64: abc", FieldTest("f", Glob(("YWJj",)))),
        (
            "f|base64offset|contains: abc",
            Either(tuple(FieldTest("f", Glob((ANY, text, ANY))) for text in ("YWJj", "FiY", "hYm"))),
        ),
        (
            "f|windash: '-a'",
            Either(tuple(FieldTest("f", Glob((f"{dash}a",))) for dash in "-/\u2013\u2014\u2015")),
        ),
    ],
)
def test_every_construct_has_one_meaning(tmp_path: Path, item: str, expected: Node) -> None:
    assert node_of(tmp_path, item) == expected


def test_a_keyword_may_stand_anywhere_in_any_value(tmp_path: Path) -> None:
    rule = rule_from(tmp_path, "  k: [one, 'two*']\n  condition: k\n")
    assert rule.condition == Either(
        (FieldTest(None, Glob((ANY, "one", ANY))), FieldTest(None, Glob((ANY, "two", ANY))))
    )


def test_selectors_and_not(tmp_path: Path) -> None:
    rule = rule_from(
        tmp_path, "  s1: {a: x}\n  s2: {b: y}\n  f1: {c: z}\n  condition: all of s* and not 1 of f*\n"
    )
    assert rule.condition == Every(
        (
            Every((FieldTest("a", Glob(("x",))), FieldTest("b", Glob(("y",))))),
            Not(FieldTest("c", Glob(("z",)))),
        )
    )


def test_several_conditions_are_alternatives(tmp_path: Path) -> None:
    rule = rule_from(tmp_path, "  s: {a: x}\n  t: {b: y}\n  condition: [s, t]\n")
    assert rule.condition == Either((FieldTest("a", Glob(("x",))), FieldTest("b", Glob(("y",)))))


def test_absence_of_a_field_is_in_doubt_below_not_and_for_null(tmp_path: Path) -> None:
    rule = rule_from(
        tmp_path,
        "  s: {a: x, b: null, e|exists: false}\n  f: {c: z, d|exists: true}\n  condition: s and not f\n",
    )
    assert doubted_fields(rule.condition) == {"b", "c"}


@pytest.mark.parametrize(
    ("item", "what"),
    [
        ("f|expand: '%x%'", "a placeholder"),
        ("f|hour: 3", "a part of a time"),
        ("f|re: '(a+)+'", "repeats a repeat or alternatives without bound"),
        ("f|re: 'a(?=b)'", "pySigma"),
        ("f|re: 'a('", "pySigma"),
        ("f|nonsense: 3", "Unknown modifier"),
        ("'|gt': 3", "the keyword"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_loudly(tmp_path: Path, item: str, what: str) -> None:
    with pytest.raises(RuleError) as caught:
        node_of(tmp_path, item)
    assert what in caught.value.what
    assert caught.value.where.startswith(f"{tmp_path / 't.yaml'}:")
    assert caught.value.remedy


def test_an_undefined_detection_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="not defined"):
        rule_from(tmp_path, "  s: {a: x}\n  condition: t\n")


def test_the_rest_of_a_rule(tmp_path: Path) -> None:
    path = write(tmp_path / "r.yaml", RULE)
    rule = rule_of(*read_head(path))
    assert rule.title == "Proxied request"
    assert rule.means is Means.TARGETED
    assert not rule.benign
    assert [reach.kind for reach in rule.reaches] == ["exchange.httpproxy"]
    assert rule.document.where("title") == f"{path}:1"


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("means: targeted", "means: targetted", "means 'targetted' is no word"),  # codespell:ignore targetted
        ("means: targeted", "meens: targeted", "unknown field `meens`"),
        ("rung: probe", "rang: probe", "unknown field `rang`"),
        ("rung: probe", "rung: [probe]", "(at rung)"),
        ("service: httpproxy", "service: httpproxi", "reaches no records"),
        ("summary: ", "report: maybe\nsummary: ", "Expected `bool`"),
    ],
)
def test_wrong_keys_are_named_with_their_line(tmp_path: Path, old: str, new: str, what: str) -> None:
    path = write(tmp_path / "r.yaml", RULE)
    line = changed(path, old, new)
    with pytest.raises(RuleError) as caught:
        rule_of(*read_head(path))
    assert what in caught.value.what
    assert caught.value.where == f"{path}:{line}"


def test_an_experimental_rule_says_no_more_than_context(tmp_path: Path) -> None:
    path = write(tmp_path / "r.yaml", RULE)
    changed(path, "status: stable", "status: experimental")
    assert rule_of(*read_head(path)).means is Means.CONTEXT


def test_a_benign_rule_is_context(tmp_path: Path) -> None:
    path = write(tmp_path / "r.yaml", RULE)
    changed(path, "means: targeted", "means: benign")
    rule = rule_of(*read_head(path))
    assert rule.benign
    assert rule.means is Means.CONTEXT


def test_slug() -> None:
    assert slug("URL of a  Virtual directory (OAB) emptied.") == "url-of-a-virtual-directory-oab-emptied"
