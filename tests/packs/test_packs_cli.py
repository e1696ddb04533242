"""``tocsin packs``, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.packs.pack_folders import changed, sound_pack
from typer.testing import CliRunner, Result

from tocsin.cli.packs import packs_app
from tocsin.detections.proofs import examine
from tocsin.errors import UsageFault
from tocsin.packs.loading import load_packs

STATUS_REMEDY = "Use one of stable, test, experimental; remove a withdrawn rule."


def run(*arguments: object) -> Result:
    return CliRunner().invoke(packs_app, [str(argument) for argument in arguments])


def test_lint_of_sound_packs(tmp_path: Path) -> None:
    sound_pack(tmp_path)
    result = run("lint", tmp_path)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "1 pack, no problems.\n")


def test_lint_prints_all_problems_and_exits_with_2(tmp_path: Path) -> None:
    root = sound_pack(tmp_path)
    rule = root / "rules" / "proxied-request.yaml"
    changed(rule, "rung: probe", "rung: prob")
    changed(rule, "status: stable", "status: deprecated")
    result = run("lint", tmp_path)
    assert result.exit_code == 2
    assert result.stdout.splitlines() == [
        f"{rule}:4: the status 'deprecated' is none of a pack's rule. {STATUS_REMEDY}",
        f"{rule}:15: the rung 'prob' is not on the ladder. Rungs: probe, shell.",
    ]
    assert result.stderr == "1 pack, 2 problems.\n"


def test_lint_warns_of_a_rule_for_which_every_line_must_be_parsed(tmp_path: Path) -> None:
    root = sound_pack(tmp_path)
    rule = root / "rules" / "proxied-request.yaml"
    changed(rule, "    AnchorMailbox|startswith: 'ServerInfo~'\n    AnchorMailbox|contains: '/'\n", "")
    changed(
        rule,
        "    - {AuthenticatedUser: null, AnchorMailbox: 'Smtp~alice",
        "    - {AuthenticatedUser: 'a~alice",
    )
    result = run("lint", tmp_path)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == (
        f"{rule}:8: warning: for this rule every line of exchange.httpproxy must be parsed, so such logs take"
        " ten times as long. Give it a piece of text that the line must hold.\n1 pack, no problems.\n"
    )


def test_the_packs_that_come_with_the_program_are_sound_and_leave_logs_to_the_fast_lane() -> None:
    result = run("lint")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "warning" not in result.stderr


def test_list_and_its_json(tmp_path: Path) -> None:
    root = sound_pack(tmp_path, "zulu")
    result = run("list", "--packs", tmp_path)
    assert "zulu 1  Sample campaign\n    1 rules, 0 correlations, 0 behavioural" in result.stdout
    listed = json.loads(run("list", "--json", "--packs", tmp_path).stdout)
    assert [row["id"] for row in listed] == sorted(row["id"] for row in listed)
    assert listed[-1] == {
        "id": "zulu",
        "version": "1",
        "title": "Sample campaign",
        "product": None,
        "rules": 1,
        "correlations": 0,
        "behaviours": 0,
        "benign": 0,
        "indicators": 0,
        "webshell_files": 0,
        "sha256": load_packs([root])[0].sha256,
        "root": str(root),
    }


def test_show_and_its_json(tmp_path: Path) -> None:
    sound_pack(tmp_path, "zulu")
    result = run("show", "zulu", "--packs", tmp_path)
    assert result.stdout.splitlines()[1:] == [
        "A campaign that never was.",
        "",
        "Ladder:",
        "  probe: Probed",
        "  shell: Shell reached (mandatory)",
        "",
        "Rules:",
        "  Proxied request",
        "    targeted (stable), shows probe; Tocsin",
    ]
    shown = json.loads(run("show", "zulu", "--json", "--packs", tmp_path).stdout)
    assert shown["pack"]["id"] == "zulu"
    assert [rule["title"] for rule in shown["rules"]] == ["Proxied request"]
    assert shown["advice"] == {"preserve": "Copy first.\n"}


def test_show_of_an_unknown_pack(tmp_path: Path) -> None:
    sound_pack(tmp_path)
    result = run("show", "omega", "--packs", tmp_path)
    assert isinstance(result.exception, UsageFault)


def test_a_new_pack_lints_clean_once_it_is_filled_in(tmp_path: Path) -> None:
    result = run("new", "my-pack", "--into", tmp_path)
    root = tmp_path / "my-pack"
    files = sorted(path for path in root.rglob("*") if path.is_file())
    assert sorted(result.stdout.split()) == [str(path) for path in files]
    assert {problem.what for problem in examine(root)} == {"'FILL IN' is left."}
    for path in files:
        path.write_text(path.read_text("utf-8").replace("FILL IN", "Known"), "utf-8")
    assert examine(root) == []
    assert [rule.title for rule in load_packs([root])[0].rules] == ["Sample web shell asked for by name"]


@pytest.mark.parametrize("name", ["My Pack", "../x", "a--b", "-a", ""])
def test_a_new_pack_needs_a_plain_name(tmp_path: Path, name: str) -> None:
    result = run("new", "--into", tmp_path, "--", name)
    assert isinstance(result.exception, UsageFault)
    assert list(tmp_path.iterdir()) == []


def test_a_new_pack_never_overwrites(tmp_path: Path) -> None:
    sound_pack(tmp_path)
    result = run("new", "sample", "--into", tmp_path)
    assert isinstance(result.exception, UsageFault)
    assert examine(tmp_path / "sample") == []
