"""``tocsin verify``, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from tests.assessment.test_verify import BESIDE, CASES, EARLIER, EXIT
from tests.assessment.webshells.shells import placed
from typer.testing import CliRunner, Result

from tocsin.cli import app
from tocsin.errors import TocsinError, UsageFault
from tocsin.report import json_document


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("earlier")
    found = run("assess", placed(folder / "before", EARLIER), "--json", "--quiet", "--workers", 1)
    path = folder / "before.json"
    path.write_bytes(found.stdout_bytes)
    return path


def verified(before: Path, folder: Path, case: str, *options: object) -> Result:
    later = placed(folder / "later", CASES[case][0])
    return run("verify", before, later, "--quiet", "--workers", 1, *options)


@pytest.mark.parametrize("case", ["both-gone", "nothing-changed", "logs-alone"])
def test_the_exit_status_is_the_answer(case: str, before: Path, tmp_path: Path) -> None:
    found = verified(before, tmp_path, case)
    assert found.exit_code == EXIT[CASES[case][3]]
    for answer in CASES[case][1:3]:
        assert answer.value.replace("-", " ").upper() in found.stdout


def test_json_is_as_its_published_schema_says(before: Path, tmp_path: Path) -> None:
    found = verified(before, tmp_path, "emptied", "--format", "json")
    published = run("schema", "verification")
    jsonschema.Draft202012Validator(json.loads(published.stdout)).validate(json.loads(found.stdout))
    assert found.exit_code == 20


def test_html_shows_what_stands_there_and_runs_nothing(before: Path, tmp_path: Path) -> None:
    found = verified(before, tmp_path, "nothing-changed", "--format", "html")
    assert found.stdout.startswith("<!doctype html>")
    assert "<mark>" in found.stdout
    assert "Still present" in found.stdout
    assert "ev" + "al(" not in found.stdout
    assert "<" + "script" not in found.stdout


def test_the_server_can_be_attested(before: Path, tmp_path: Path) -> None:
    assert verified(before, tmp_path, "server-not-named").exit_code == 4
    assert verified(before, tmp_path, "server-not-named", "--same-server").exit_code == 0


@pytest.mark.parametrize("document", [b"{}", b"[", b'{"schema": "tocsin/verification/1"}'])
def test_what_is_no_assessment_is_refused(document: bytes, tmp_path: Path) -> None:
    wrong = tmp_path / "before.json"
    wrong.write_bytes(document)
    found = run("verify", wrong, placed(tmp_path / "later", BESIDE), "--quiet")
    assert isinstance(found.exception, UsageFault)
    assert "before.json" in str(found.exception)
    assert found.exception.exit_status == 2


def test_a_document_longer_than_any_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_document, "LARGEST", 10)
    wrong = tmp_path / "before.json"
    wrong.write_bytes(b" " * 11)
    found = run("verify", wrong, placed(tmp_path / "later", BESIDE), "--quiet")
    assert isinstance(found.exception, TocsinError)
    assert "longer than" in str(found.exception)
