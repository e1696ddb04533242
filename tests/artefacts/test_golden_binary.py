"""Whole outputs of the modules for events, versions and web files; ``--accept`` writes them anew."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.artefacts.specimens import rendered, source_of

from tocsin.artefacts.registry import identify

GOLDEN = Path(__file__).parent / "golden"
MODULES = (
    "aspnet_compiled",
    "eomt",
    "event_json",
    "event_table",
    "event_xml",
    "file_version",
    "proxylogon_script",
    "safety_scanner",
    "vdir_dump",
    "version_clixml",
    "version_export",
    "web_file",
    "web_json",
    "windows_evtx",
)
INPUTS = sorted(path for name in MODULES for path in (GOLDEN / name).glob("*.in.*"))


def test_every_module_has_inputs() -> None:
    assert {path.parent.name for path in INPUTS} == set(MODULES)


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_output_is_the_golden_one(path: Path, golden: Callable[[Path, str], None]) -> None:
    module = importlib.import_module(f"tocsin.artefacts.{path.parent.name}")
    stem = path.name.partition(".in.")[0]
    golden(path.with_name(f"{stem}.out.json"), rendered(list(module.parse(source_of(path)))))


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_registry_gives_the_file_to_its_module(path: Path) -> None:
    chosen = identify(source_of(path))
    assert chosen is importlib.import_module(f"tocsin.artefacts.{path.parent.name}")
