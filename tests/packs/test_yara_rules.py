"""YARA rules of packs."""

from __future__ import annotations

import pytest

from tocsin.errors import RuleError
from tocsin.packs.yara_rules import compiled_yara, yara_problems

META = 'author="A" description="D" means="compromised" content="live" rung="shell"'


def rule(meta: str = META) -> str:
    return f"\nrule one {{ meta: {meta} condition: true }}\n"


def told(text: str) -> list[tuple[str, str]]:
    return [(problem.what, problem.where) for problem in yara_problems(text, where="a.yar", rungs={"shell"})]


def test_a_sound_rule() -> None:
    assert told(rule()) == []


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('author="A"', "", "has no meta 'author'"),
        ('description="D"', 'description=""', "has no meta 'description'"),
        ('means="compromised"', 'means="benign"', "has an unknown meaning 'benign'"),
        ('content="live"', 'content="dead"', "has content 'dead': live or inert"),
        ('rung="shell"', 'rung="shells"', "names the rung 'shells', not on the ladder"),
    ],
)
def test_a_wrong_meta_is_told_at_the_rule(old: str, new: str, what: str) -> None:
    assert told(rule(META.replace(old, new))) == [(f"the rule one {what}.", "a.yar:2")]


def test_what_does_not_compile_is_told_at_its_line() -> None:
    ((what, where),) = told("rule one {\n  condition:\n    nothing\n}\n")
    assert what.startswith("no valid YARA: ")
    assert where == "a.yar:3"


def test_no_file_includes_another() -> None:
    with pytest.raises(RuleError):
        compiled_yara({"a.yar": 'include "b.yar"\n'})


def test_two_files_may_use_one_name() -> None:
    rules = compiled_yara({"a.yar": rule(), "b.yar": rule()})
    assert sorted(found.namespace for found in rules) == ["a.yar", "b.yar"]
