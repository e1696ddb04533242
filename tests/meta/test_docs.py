"""Nothing is undocumented, nothing documented is gone, and no link leads nowhere."""

from __future__ import annotations

import importlib.util
import re
import sys
from enum import Enum
from pathlib import Path
from types import ModuleType

import pytest
import typer.main
from msgspec.structs import replace

from tocsin.cli import app
from tocsin.exercise.scoring.totals import Asked, total
from tocsin.exercise.scoring.writing import encode
from tocsin.model import words
from tocsin.model.verdicts import ToolInfo
from tocsin.model.words import Means
from tocsin.packs import logsources

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
GLOSSARY = (DOCS / "glossary.md").read_text("utf-8")
VOCABULARIES = [
    kind
    for kind in vars(words).values()
    if isinstance(kind, type) and issubclass(kind, str) and issubclass(kind, Enum) and list(kind)
]


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


GENERATE = generator()


@pytest.mark.parametrize("page", GENERATE.PAGES, ids=lambda page: f"{page.parent.name}-{page.name}")
def test_generated_pages_are_fresh(page: Path) -> None:
    assert page.exists(), "run make docs"
    assert page.read_text("utf-8") == GENERATE.text_of(page), f"{page.name} is stale: run make docs"


def test_the_published_error_rate_follows_from_the_stored_score(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "validation.json"
    assert GENERATE.published(document) == {}
    score = total([], Asked(tool=ToolInfo(name="tocsin", version="1"), packs=(), rungs=(), kinds=()))
    document.write_bytes(encode(score))
    monkeypatch.setattr(GENERATE, "ROOT", tmp_path)
    monkeypatch.setattr(GENERATE, "PAGES", GENERATE.published(document))
    assert GENERATE.main(["--check"]) == 1, "not written yet"
    assert GENERATE.main([]) == 0
    assert GENERATE.main(["--check"]) == 0
    assert "0 simulated servers of 0 scenarios" in (tmp_path / "validation.md").read_text("utf-8")
    document.write_bytes(encode(replace(score, servers=2)))
    assert GENERATE.main(["--check"]) == 1, "another score was stored"
    assert capsys.readouterr().out.count("stale: validation.md") == 2


def test_no_error_rate_is_published_without_its_score() -> None:
    assert (DOCS / "validation.md").exists() == (DOCS / "validation.json").exists()


def test_every_field_of_a_pack_says_what_it_is() -> None:
    structs = {kind for _, top in GENERATE.FILES for kind in (top, *GENERATE._structs_below(top))}
    silent = [
        f"{struct.__name__}.{field}"
        for struct in sorted(structs, key=lambda struct: struct.__name__)
        for field in struct.__struct_fields__
        if not GENERATE.descriptions(struct).get(field)
    ]
    assert not silent, "add them to the docstring's Attributes"


def test_every_command_and_option_says_what_it_is() -> None:
    silent = []
    waiting = [("tocsin", typer.main.get_command(app))]
    while waiting:
        name, command = waiting.pop()
        if not command.help:
            silent.append(name)
        silent += [f"{name} {item.name}" for item in command.params if not getattr(item, "help", None)]
        waiting += [(f"{name} {word}", below) for word, below in getattr(command, "commands", {}).items()]
    assert not silent


@pytest.mark.parametrize("vocabulary", VOCABULARIES, ids=lambda kind: kind.__name__)
def test_every_verdict_word_is_in_the_glossary(vocabulary: type[Enum]) -> None:
    missing = [word.value for word in vocabulary if f"`{word.value}`" not in GLOSSARY]
    assert not missing


def test_there_are_vocabularies() -> None:
    assert Means in VOCABULARIES


def test_every_page_is_reachable_from_the_index() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md", DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        if page not in seen and page.suffix == ".md" and page.exists():
            seen.add(page)
            waiting += [target for target, _ in links(page)]
    assert not set(PAGES) - seen


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in links(page):
        assert target.exists(), f"{page.name} links to {target}"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{page.name} links to #{anchor} of {target.name}"


def links(page: Path) -> list[tuple[Path, str]]:
    """Every relative link of a page, resolved, with its anchor."""
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    found = re.findall(r"\]\(([^)\s]+)\)", text)
    local = [link.partition("#") for link in found if "://" not in link and not link.startswith("mailto:")]
    return [((page.parent / path).resolve() if path else page, anchor) for path, _, anchor in local]


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    plain = [re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", title) for title in titles]
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in plain}


def test_every_kind_and_logsource_is_in_the_table_of_fields() -> None:
    table = (DOCS / "reference" / "fields.md").read_text("utf-8")
    assert not [kind for kind in logsources.KINDS if f"`{kind}`" not in table]
    named = {word for key in logsources.TABLE for word in key if word}
    assert not [word for word in sorted(named) if not re.search(rf"\b{re.escape(word)}\b", table)]
