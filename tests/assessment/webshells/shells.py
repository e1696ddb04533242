"""Pages for the tests of what a page's content means; encoded at rest, read by scanners only."""

from __future__ import annotations

import base64
import functools
from datetime import UTC, datetime
from pathlib import Path

import yaml

from tocsin.assessment.assess import Knowledge
from tocsin.assessment.server import Request, assess_evidence, load_knowledge
from tocsin.detections.webshells.examine import Examination, examine
from tocsin.model.findings import Finding
from tocsin.model.verdicts import Assessment, Verdict, WebShell

NOW = datetime(2026, 1, 1, tzinfo=UTC)
AUTH = "C/Program Files/Microsoft/Exchange Server/V15/FrontEnd/HttpProxy/owa/auth"
CLIENT = "C/inetpub/wwwroot/aspnet_client"
BY_CONTENT = "web shell by its content"


@functools.cache
def samples() -> dict[str, bytes]:
    coded = yaml.safe_load((Path(__file__).parent / "samples.yaml").read_text("utf-8"))
    return {name: base64.b64decode(text) for name, text in coded.items()}


def sample(name: str) -> bytes:
    return samples()[name]


def examined(name: str, data: bytes | None = None) -> Examination:
    return examine(sample(name) if data is None else data, path=name)


@functools.cache
def knowledge() -> Knowledge:
    return load_knowledge()


def placed(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files by their place; give the folder."""
    for path, data in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return folder


def assessed(folder: Path, files: dict[str, bytes], *, workers: int = 1) -> Assessment:
    evidence = placed(folder, files)
    return assess_evidence(Request(evidence=evidence, at=NOW, workers=workers), knowledge())


def verdict(found: Assessment, campaign: str = "web-shell-activity") -> Verdict:
    return next(one for one in found.verdicts if one.campaign == campaign)


def by_content(found: Assessment, campaign: str = "web-shell-activity") -> list[Finding]:
    return [one for one in verdict(found, campaign).findings if one.rule == BY_CONTENT]


def shell(found: Assessment, name: str) -> WebShell:
    """Give the one shell of any verdict whose URL or path ends in a name."""
    shells = [one for each in found.verdicts for one in each.webshells]
    return next(one for one in shells if f"{one.url}{one.path}".lower().endswith(name.lower()))
