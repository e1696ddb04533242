"""The registry finds every module by itself and gives a file to the surest."""

from __future__ import annotations

import pkgutil
from types import ModuleType, SimpleNamespace

import pytest
from tests.artefacts.makers import source_of

import tocsin.artefacts
from tocsin.artefacts import registry
from tocsin.errors import EnvironmentFault
from tocsin.model.words import Confidence


def _module(kind: str, confidence: Confidence, *found_at: str) -> SimpleNamespace:
    return SimpleNamespace(
        KIND=kind, LINES=True, FOUND_AT=found_at, recognise=lambda _: confidence, parse=lambda _: iter(())
    )


def _chosen(monkeypatch: pytest.MonkeyPatch, *modules: SimpleNamespace) -> str | None:
    monkeypatch.setattr(registry, "modules", lambda: modules)
    chosen = registry.identify(source_of(b"x", where="a/b.log"))
    return chosen.KIND if chosen else None


def test_every_module_is_found() -> None:
    names = {info.name for info in pkgutil.iter_modules(tocsin.artefacts.__path__)}
    expected = {name for name in names if name != "registry" and not name.startswith("_")}
    assert len(registry.modules()) == len(expected)
    kinds = [module.KIND for module in registry.modules()]
    assert kinds == sorted(kinds)


def test_the_surest_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _module("a", Confidence.SHAPE, "**/*.log"), _module("b", Confidence.SIGNATURE)
    assert _chosen(monkeypatch, *found) == "b"


def test_the_place_decides_between_equals(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _module("a", Confidence.SHAPE), _module("b", Confidence.SHAPE, "**/*.log")
    assert _chosen(monkeypatch, *found) == "b"


def test_then_the_name_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _module("a", Confidence.SHAPE), _module("b", Confidence.SHAPE)
    assert _chosen(monkeypatch, *found) == "a"


def test_none_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _chosen(monkeypatch, _module("a", Confidence.NO, "**/*.log")) is None


@pytest.mark.parametrize("data", [b"\x7fELF" + bytes(range(256)) * 8, b"\x00\x01\x02\x03" * 64])
def test_a_binary_of_no_known_kind_is_nobodys(data: bytes) -> None:
    assert registry.identify(source_of(data)) is None


@pytest.mark.parametrize(
    "data", [b"", b"notes\n", "håp".encode("cp1252"), "notes".encode("utf-16"), b"log\n" + b"\0" * 99]
)
def test_text_is_always_somebodys(data: bytes) -> None:
    module = registry.identify(source_of(data))
    assert module
    assert module.KIND == "text.unknown"


def test_an_incomplete_module_is_an_error() -> None:
    with pytest.raises(EnvironmentFault, match="lacks KIND"):
        registry._checked(ModuleType("tocsin.artefacts.broken"))


def test_a_signature_at_its_place_settles_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is surer, so nobody else is asked; of two such the first by KIND has it."""
    found = (
        _module("a", Confidence.SIGNATURE),
        _module("b", Confidence.SIGNATURE, "**/*.log"),
        _module("c", Confidence.SIGNATURE, "**/*.log"),
    )
    asked = []
    for each in found:
        each.recognise = lambda _, kind=each.KIND: asked.append(kind) or Confidence.SIGNATURE
    assert _chosen(monkeypatch, *found) == "b"
    assert asked == ["b"]
