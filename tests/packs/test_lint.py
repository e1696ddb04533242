"""The linter: a sound pack passes, and every single fault is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.packs.pack_folders import INDICATOR_HEADER, RULE, changed, sound_pack, write

from tocsin.detections.proofs import examine
from tocsin.errors import RuleError

PACK = "pack.yaml"
ONE = "rules/proxied-request.yaml"


def test_a_sound_pack_has_no_problems(tmp_path: Path) -> None:
    assert examine(sound_pack(tmp_path)) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "what"),
    [
        (PACK, "id: sample", "id: other", "the id 'other' is not the folder's name 'sample'"),
        (PACK, "kind: iis.w3c", "kind: iis.w4c", "the record kind 'iis.w4c' is unknown"),
        (PACK, "[iis.w3c]", "[iis.w4c]", "the record kind 'iis.w4c' is unknown"),
        (PACK, "id: shell", "id: probe", "the id 'probe' stands twice under ladder"),
        (PACK, "id: preserve,", "id: keep,", "advice/keep.md is missing"),
        (PACK, "[always, compromised]", "[sometimes]", "'sometimes' is no condition of a step"),
        (PACK, "kind: preserve,", "kind: preserve, audience: all,", "'all' is no audience"),
        (PACK, "date: 2021-01-03, source: advisory", "date: 2021-01-03, source: gossip", "'gossip'"),
        (PACK, "    source: advisory", "    source: gossip", "'gossip' is not among the sources"),
        (PACK, "behaviours: [Proxied", "behaviours: [Unproxied", "no rule is titled 'Unproxied request'"),
        (PACK, "description: A", "description: FILL IN A", "'FILL IN' is left"),
        (PACK, "kind: preserve,", "kind: conserve,", "Invalid enum value 'conserve'"),
        (ONE, "title: Proxied request", "title: Proxied requests", "the file's name is not the title's"),
        (ONE, "status: stable", "status: deprecated", "the status 'deprecated'"),
        (ONE, "author: Tocsin", "author: ''", "no author"),
        (ONE, "description: A request without a user reached a chosen backend.", "", "no description"),
        (ONE, "rung: probe", "rung: prob", "the rung 'prob' is not on the ladder"),
        (ONE, "rung: probe", "explains: [Nothing]", "it explains 'Nothing', which no rule is"),
        (ONE, "rung: probe", "explains: [Proxied request]", "means: benign and explains belong together"),
        (ONE, "rung: probe", "report: false", "report: false, and no correlation uses it"),
        (ONE, "'Smtp~alice", "'ServerInfo~/alice", "the example matches"),
        (
            ONE,
            "    - {AuthenticatedUser: null, AnchorMailbox: 'Smtp~alice@contoso.example'}",
            "",
            "1 examples",
        ),
        (
            ONE,
            "- {AuthenticatedUser: null, AnchorMailbox: 'ServerInfo",
            "- {kind: iis.w3c, a: 'S",
            "not reach",
        ),
        (
            ONE,
            "- {AuthenticatedUser: null, AnchorMailbox: 'ServerInfo",
            "- {time: soon, b: 'S",
            "time is none",
        ),
        (
            ONE,
            "AnchorMailbox: 'ServerInfo~mail01.contoso.example/ecp/'}\n  ign",
            "b: x}\n  ign",
            "does not match",
        ),
    ],
)
def test_one_fault_is_named_with_its_line(tmp_path: Path, file: str, old: str, new: str, what: str) -> None:
    root = sound_pack(tmp_path)
    line = changed(root / file, old, new)
    problems = examine(root)
    told = [problem for problem in problems if what in problem.what]
    assert told, [str(problem) for problem in problems]
    assert told[0].where.startswith(f"{root / file}:")
    assert abs(int(told[0].where.rpartition(":")[2]) - line) <= _DISTANCE.get(what, 1)
    assert told[0].remedy


# An empty list of ignores is told where the examples begin; a missing key, where the rule begins.
_DISTANCE = {"1 examples": 5, "no description": 5}


def test_all_problems_are_told_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    root = sound_pack(tmp_path)
    changed(root / ONE, "rung: probe", "rung: prob")
    changed(root / ONE, "status: stable", "status: deprecated")
    changed(root / PACK, "kind: iis.w3c", "kind: iis.w4c")
    write(root / "rules" / "broken.yaml", "title: [\n")
    assert [problem.where for problem in examine(root)] == [
        f"{root / PACK}:12",
        f"{root / 'rules/broken.yaml'}:2",
        f"{root / ONE}:4",
        f"{root / ONE}:15",
    ]


def test_a_rule_without_examples_is_refused(tmp_path: Path) -> None:
    root = sound_pack(tmp_path)
    write(root / ONE, RULE.partition("examples:")[0])
    (problem,) = examine(root)
    assert isinstance(problem, RuleError)
    assert problem.what == "0 examples that match and 0 that do not."


def test_titles_ids_and_names_are_each_used_once(tmp_path: Path) -> None:
    root = sound_pack(tmp_path)
    write(root / "rules" / "second.yaml", RULE)
    told = {problem.what for problem in examine(root) if "another rule" in problem.what}
    assert told == {
        "the title 'Proxied request' is that of another rule.",
        "the id '6f0b1c0e-5d5b-4a53-9f0d-3a3c3d6f0a11' is that of another rule.",
        "the name 'proxied_request' is that of another rule.",
    }


def test_indicators_name_known_actors_and_rungs(tmp_path: Path) -> None:
    root = sound_pack(tmp_path)
    row = "ipv4,192.0.2.7,weak,,,false,context,{},{},A list,,\n"
    text = INDICATOR_HEADER + row.format("probe", "setone") + row.format("prob", "settwo")
    write(root / "indicators" / "a.csv", text)
    assert {problem.what for problem in examine(root)} == {
        "the indicator 192.0.2.7 names the unknown actor 'settwo'.",
        "the indicator 192.0.2.7 names the unknown rung 'prob'.",
    }


def test_advice_without_a_step_is_told(tmp_path: Path) -> None:
    root = sound_pack(tmp_path)
    write(root / "advice" / "orphan.md", "Text.\n")
    assert [problem.what for problem in examine(root)] == ["advice/orphan.md belongs to no step."]


def test_yara_problems_are_told_with_their_line(tmp_path: Path) -> None:
    root = sound_pack(tmp_path)
    good = 'rule one { meta: author="A" description="D" means="context" content="live" condition: false }\n'
    write(root / "webshells" / "a.yar", good)
    assert examine(root) == []
    write(root / "webshells" / "a.yar", good + 'rule two { meta: author="A" condition: true }\n')
    told = [(problem.what, problem.where) for problem in examine(root)]
    place = f"{root / 'webshells/a.yar'}:2"
    assert told == [
        (f"the rule two has no meta '{key}'.", place) for key in ("description", "means", "content")
    ]
