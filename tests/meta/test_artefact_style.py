"""Every artefact module keeps to the shape that `docs/architecture.md` promises a newcomer."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import typing
from fnmatch import fnmatchcase
from pathlib import Path
from types import ModuleType

import pytest

import tocsin.artefacts
from tocsin.evidence.source import Source
from tocsin.model.words import Confidence

ROOT = Path(__file__).parents[2]
FIELDS = (ROOT / "docs" / "reference" / "fields.md").read_text("utf-8")
GOLDEN = ROOT / "tests" / "artefacts" / "golden"
NAMES = sorted(
    info.name
    for info in pkgutil.iter_modules(tocsin.artefacts.__path__)
    if info.name != "registry" and not info.name.startswith("_")
)


@pytest.fixture(params=NAMES)
def artefact(request: pytest.FixtureRequest) -> ModuleType:
    return importlib.import_module(f"tocsin.artefacts.{request.param}")


def test_there_are_artefacts() -> None:
    assert NAMES


def test_it_declares_itself(artefact: ModuleType) -> None:
    assert isinstance(artefact.KIND, str)
    assert isinstance(artefact.LINES, bool)
    assert isinstance(artefact.FOUND_AT, tuple)


def test_its_places_are_lower_case_globs(artefact: ModuleType) -> None:
    """`Source.where` is lower case with forward slashes, so anything else could never match."""
    for glob in artefact.FOUND_AT:
        assert glob == glob.lower()
        assert "\\" not in glob
        assert not glob.startswith("/")


def test_it_recognises_and_parses_a_source(artefact: ModuleType) -> None:
    recognise = typing.get_type_hints(artefact.recognise)
    parse = typing.get_type_hints(artefact.parse)
    assert recognise["return"] is Confidence
    assert recognise[next(iter(inspect.signature(artefact.recognise).parameters))] is Source
    assert parse[next(iter(inspect.signature(artefact.parse).parameters))] is Source


def test_its_functions_say_what_the_caller_gets(artefact: ModuleType) -> None:
    assert inspect.getdoc(artefact.recognise)
    assert inspect.getdoc(artefact.parse)


def test_its_kind_is_documented(artefact: ModuleType) -> None:
    assert f"`{artefact.KIND}`" in FIELDS, f"docs/reference/fields.md has no {artefact.KIND}"


def test_it_has_a_golden_pair(artefact: ModuleType) -> None:
    """A directory or files named after the module, holding an input and what it must give."""
    name = artefact.__name__.rpartition(".")[2]
    files = {path.name for path in GOLDEN.rglob("*") if path.is_file() and name in path.as_posix()}
    assert any(fnmatchcase(file, "*.in.*") or fnmatchcase(file, "*.in") for file in files), (
        f"no input: {name}"
    )
    assert any(fnmatchcase(file, "*.out.*") for file in files), f"no expected output: {name}"
