"""Gates and engines from the cache let the same lines through; nothing of the evidence is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.detections.rule_makers import pack, rule

from tocsin.artefacts.registry import RowModule, modules
from tocsin.detections.matching import Matcher
from tocsin.detections.scanning.engines import Engine, MakeEngine, engine_named, installed
from tocsin.detections.scanning.gates import Dialect, Gate, gates_of
from tocsin.detections.scanning.kept_gates import kept_gates
from tocsin.detections.scanning.scope import Scopes
from tocsin.packs.cache import VARIABLE
from tocsin.packs.conditions import FieldTest, Glob, Node, Not, Wild
from tocsin.packs.loading import load_packs

BETWEEN = Dialect(between=" ")
LINES = b"GET /shell.aspx 200\nGET /owa/ 200\nGET /SHELL%2easpx 404\nPOST /ecp/y.js 241\n"
GATES = (
    Gate(expression="shell", literals=("shell",), rules=1),
    Gate(expression=r"/[a-z]\.js", literals=(), rules=2),
)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the cache's folder, which is not there yet."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def _make(name: str) -> MakeEngine:
    made = engine_named(name)
    assert made is not None
    return made


def _met(engine: Engine) -> set[tuple[int, int]]:
    numbers, places = engine.scan(memoryview(LINES))
    return {(number, LINES.count(b"\n", 0, at - 1)) for number, at in zip(numbers, places, strict=True)}


def _condition(number: int) -> Node:
    return FieldTest("cs-uri-stem", Glob((Wild.MANY, f"page{number}.aspx")))


@pytest.mark.parametrize("name", installed())
def test_an_engine_from_the_cache_meets_the_same_lines(name: str, place: Path) -> None:
    made = _make(name)(GATES, keep=True)
    assert len(list(place.iterdir())) == 1
    assert _met(_make(name)(GATES, keep=True)) == _met(made) == {(0, 0), (0, 2), (1, 3)}


@pytest.mark.parametrize("name", installed())
def test_an_engine_for_what_evidence_names_is_not_kept(name: str, place: Path) -> None:
    assert _met(_make(name)(GATES, keep=False)) == {(0, 0), (0, 2), (1, 3)}
    scopes = Scopes(None, [], BETWEEN, _make(name))
    scopes.scope((), ("/secret-name",))
    assert not list(place.glob(f"{name}-*"))
    scopes.scope(())
    assert len(list(place.glob(f"{name}-*"))) == 1


@pytest.mark.parametrize("name", installed())
def test_a_damaged_engine_is_compiled_anew(name: str, place: Path) -> None:
    _make(name)(GATES, keep=True)
    (path,) = place.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert _met(_make(name)(GATES, keep=True)) == {(0, 0), (0, 2), (1, 3)}


def test_gates_of_more_rules_than_a_number_of_msgpack_has_bits(place: Path) -> None:
    conditions = tuple(_condition(number) for number in range(100))
    made = kept_gates(conditions, (), BETWEEN)
    assert len(list(place.iterdir())) == 1
    assert kept_gates(conditions, (), BETWEEN) == made == gates_of(conditions, (), BETWEEN)
    assert max(gate.rules for gate in made or ()) >= 1 << 64


def test_that_there_are_none_is_kept_too(place: Path) -> None:
    conditions = (Not(_condition(1)),)
    assert kept_gates(conditions, (), BETWEEN) is None
    assert len(list(place.iterdir())) == 1
    assert kept_gates(conditions, (), BETWEEN) is None


def test_gates_differ_by_everything_that_they_come_from(place: Path) -> None:
    ordinary = Dialect(between=" ", ordinary=(b"GET /page1.aspx 200",))
    for conditions, dialect in (
        ((_condition(1),), BETWEEN),
        ((_condition(2),), BETWEEN),
        ((_condition(1),), Dialect(between=",")),
        ((_condition(1),), ordinary),
    ):
        assert kept_gates(conditions, (), dialect) == gates_of(conditions, (), dialect)
    assert len(list(place.iterdir())) == 4


def test_the_gates_of_the_packs_are_the_same_from_the_cache() -> None:
    packs = load_packs()
    matcher = Matcher(packs)
    for module in modules():
        index = matcher.index(module.KIND)
        if isinstance(module, RowModule) and index is not None:
            dialect = Dialect(between=module.DELIMITER)
            made, found = (kept_gates(index.conditions, packs, dialect) for _ in range(2))
            assert found == made


def test_rules_of_a_kind_are_compiled_when_it_is_asked_for() -> None:
    matcher = Matcher([pack(rule(_condition(1)), rule(_condition(2), "B", kinds=["http.err"]))])
    assert matcher.index("iis.etw") is None
    index = matcher.index("http.err")
    assert index is not None
    assert index.conditions == (_condition(2),)
    assert matcher.index("http.err") is index
