"""``tocsin webshells``, as it is typed."""

from __future__ import annotations

import base64
import json
import os
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tocsin.cli import app
from tocsin.detections.webshells import examining
from tocsin.detections.webshells.content import Content
from tocsin.detections.webshells.examine import Examination, examine

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


def test_what_cannot_be_read_has_a_line_and_is_not_called_clean(tmp_path: Path) -> None:
    packed = tmp_path / "pages.zip"
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr("a.aspx", SHELL)
        out.writestr("torn.aspx", "<p>" + "quiet " * 4000)
        out.writestr("whole.aspx", "<p>quiet</p>")
    data = packed.read_bytes()
    packed.write_bytes(data.replace(b"quiet quiet", b"quiet QUIET", 1))
    found = _objects(run(packed, "--jsonl"))
    assert {name: one["verdict"] for name, one in found.items()} == {
        "a.aspx": "shell", "torn.aspx": "undetermined", "whole.aspx": "clean",
    }  # fmt: skip
    assert "checksum" in str(found["torn.aspx"]["reason"])


def test_a_shell_in_a_page_that_ends_in_damage_is_found(tmp_path: Path) -> None:
    packed = tmp_path / "pages.zip"
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr("a.aspx", SHELL + " " * 3_000_000)
    packed.write_bytes(packed.read_bytes().replace(b"  PK\x01", b" xPK\x01"))
    (found,) = _objects(run(packed, "--jsonl")).values()
    assert (found["verdict"], found["sha256"]) == ("shell", "")
    assert found["limits"]


def test_a_link_and_a_fault_of_the_examination_cost_only_that_file(
    pages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pages / "link.aspx").symlink_to("a.aspx")

    def broken(content: Content, *, path: str) -> Examination:
        if path.endswith("b.aspx"):
            raise RecursionError
        return examine(content, path=path)

    monkeypatch.setattr(examining, "examine", broken)
    result = run(pages, "--jsonl")
    told = {name: one["verdict"] for name, one in _objects(result).items()}
    assert told["a.aspx"] == "shell"
    assert (told["b.aspx"], told["link.aspx"]) == ("undetermined", "undetermined")
    assert run(pages / "c.aspx").exit_code == 0


def test_a_page_that_begins_like_an_archive_is_read_as_a_page(tmp_path: Path) -> None:
    page = tmp_path / "a.php"
    page.write_bytes(b"PK\x03\x04" + f"<?php {RUN}($_POST[1]);".encode())
    assert _objects(run(page, "--jsonl"))["a.php"]["verdict"] == "shell"


def test_a_name_that_is_no_text_is_printed(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"pages\xff")
    folder.mkdir()
    (folder / "a.aspx").write_text(SHELL, "utf-8")
    (found,) = _objects(run(folder, "--jsonl")).values()
    assert str(found["path"]).endswith("pages\\xff/a.aspx")


def test_pages_that_are_read_through_others_have_a_line(tmp_path: Path) -> None:
    (tmp_path / "site.master").write_text("<p>quiet</p>", "utf-8")
    (tmp_path / "readme.txt").write_text("quiet", "utf-8")
    assert set(_objects(run(tmp_path, "--jsonl"))) == {"site.master"}


def test_rules_beside_broken_ones_speak(pages: Path, tmp_path: Path) -> None:
    (tmp_path / "mixed.yar").write_text(f"rule broken {{ condition: nobody_knows }}\n{RULE}", "utf-8")
    result = run(pages / "a.aspx", "--rules", tmp_path / "mixed.yar")
    assert "added_words" in result.stdout
    assert "nobody_knows" in result.stderr
