"""Engines that tell which gates the lines of a block meet: one pass over the bytes for all of them.

Hyperscan is the fastest and is not to be had on every machine; yara-x runs wherever Tocsin does. Both give
the same answer, because a gate only lets lines through: what comes after it evaluates the line itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol, TypeVar

import yara_x

from tocsin.detections.scanning.gates import Gate
from tocsin.errors import UsageFault
from tocsin.packs.cache import Form, kept
from tocsin.packs.yara_rules import FORM

T = TypeVar("T")

NONE = "none"
"""No engine at all: every line is parsed and every rule asked, which is what the others are measured by."""
AUTOMATIC = "auto"

Hits = tuple[list[int], list[int]]
"""Numbers of gates, and for each the place after what met it, which may be the LF of the line."""


class Engine(Protocol):
    """Looks for gates in blocks of whole lines."""

    def scan(self, block: memoryview) -> Hits:
        """Give every line that meets a gate, once at least for each."""
        ...


class MakeEngine(Protocol):
    """Makes an engine; ``keep``: the gates come from packs alone, so what is compiled of them may be kept."""

    def __call__(self, gates: Sequence[Gate], *, keep: bool) -> Engine:
        """Compile the gates."""
        ...


class Hyperscan:
    """Intel's Hyperscan: all expressions as one automaton."""

    def __init__(self, gates: Sequence[Gate], *, keep: bool) -> None:
        """Compile the expressions, or take what was kept of them."""
        self._hyperscan: Any = import_module("hyperscan")
        hyperscan = self._hyperscan
        form = Form(write=hyperscan.dumpb, read=self._loaded, faults=(hyperscan.error,))
        self._database: Any = _made("hyperscan", gates, form, self._compiled, keep=keep)

    def _compiled(self, gates: Sequence[Gate]) -> Any:
        hyperscan = self._hyperscan
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        flags = hyperscan.HS_FLAG_CASELESS
        database.compile(
            expressions=[gate.expression.encode("ascii") for gate in gates],
            ids=list(range(len(gates))),
            elements=len(gates),
            flags=[flags] * len(gates),
        )
        return database

    def _loaded(self, data: bytes) -> Any:
        hyperscan = self._hyperscan
        database = hyperscan.loadb(data, hyperscan.HS_MODE_BLOCK)
        database.scratch = hyperscan.Scratch(database)
        return database

    def scan(self, block: memoryview) -> Hits:
        """Give every line that meets a gate."""
        numbers, places = list[int](), list[int]()
        add_number, add_place = numbers.append, places.append

        def take(number: int, _begin: int, end: int, _flags: int, _context: object) -> None:
            add_number(number)
            add_place(end)

        self._database.scan(block, match_event_handler=take)
        return numbers, places


class YaraX:
    """yara-x: every expression is the string of a rule."""

    def __init__(self, gates: Sequence[Gate], *, keep: bool) -> None:
        """Compile the expressions, or take what was kept of them."""
        rules = _made("yara-x", gates, FORM, _yara_rules, keep=keep)
        self._scanner: Any = yara_x.Scanner(rules)

    def scan(self, block: memoryview) -> Hits:
        """Give every line that meets a gate."""
        numbers, places = list[int](), list[int]()
        whole = bytes(block)
        for rule in self._scanner.scan(whole).matching_rules:
            number = int(rule.identifier[1:])
            found = [match.offset + match.length for each in rule.patterns for match in each.matches]
            numbers += [number] * len(found)
            places += found
        return numbers, places


def _made(
    what: str, gates: Sequence[Gate], form: Form[T], make: Callable[[Sequence[Gate]], T], *, keep: bool
) -> T:
    """Compile the gates, and keep that for further runs if there is nothing of the evidence in them."""
    if not keep:
        return make(gates)
    return kept(what, [gate.expression.encode("ascii") for gate in gates], form, partial(make, gates))


def _yara_rules(gates: Sequence[Gate]) -> yara_x.Rules:
    return yara_x.compile("\n".join(_rule(number, gate) for number, gate in enumerate(gates)))


def _rule(number: int, gate: Gate) -> str:
    expression = gate.expression.replace("/", r"\/")
    return f"rule g{number} {{ strings: $a = /{expression}/ nocase condition: #a > 0 }}"


_ENGINES: Mapping[str, tuple[str, MakeEngine]] = {
    "hyperscan": ("hyperscan", Hyperscan),
    "yara-x": ("yara_x", YaraX),
}
"""By name, the fastest first: the module that it needs, and how it is made."""
NAMES = (AUTOMATIC, *_ENGINES, NONE)


def installed() -> tuple[str, ...]:
    """Give the names of the engines that this machine has, the fastest first."""
    return tuple(name for name, (module, _) in _ENGINES.items() if find_spec(module))


def engine_named(name: str) -> MakeEngine | None:
    """Give what makes an engine; None for ``NONE``.

    Raises:
        UsageFault: there is no such engine, or not on this machine.
    """
    there = installed()
    if name == AUTOMATIC:
        name = there[0] if there else NONE
    if name == NONE:
        return None
    if name not in there:
        raise UsageFault(f"no engine {name} here.", remedy=f"There are: {', '.join((*there, NONE))}.")
    return _ENGINES[name][1]
