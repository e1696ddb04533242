"""What a walk over a page asks of ``folding``: pure calls, decoders of the page, loops that build texts.

One for a page: the steps of all attempts come out of one purse, and the same call is worked out once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeAlias

from tocsin.detections.webshells.code import Block, Function
from tocsin.detections.webshells.evaluation import STEPS, Evaluation
from tocsin.detections.webshells.folding import Folded, fold_call
from tocsin.detections.webshells.pure import is_plain
from tocsin.detections.webshells.values import Value

STEPS_OF_ONE = 20_000
"""Steps of one attempt, so that one endless loop leaves something for the others."""
_CONCRETE = frozenset({"csharp", "java", "vbnet"})
_LOOPS = frozenset({"for", "foreach", "while", "do"})

Look: TypeAlias = Callable[[str], Value | None]
"""Gives what is known of a variable, seen from where the walk is, or nothing if nobody wrote to it."""


class Foldings:
    """Works out values for the walks over one page."""

    def __init__(self, functions: Mapping[str, Sequence[Function]]) -> None:
        """Take the page's functions, by lower-case name; they may be learnt later."""
        self.functions = functions
        self.left = STEPS
        self._made: dict[Hashable, Folded] = {}

    def call(self, language: str, path: str, owner: Value | None, given: Sequence[Value]) -> Folded:
        """Work out a pure function of the language, if all its arguments are known."""
        if not all(one.sure and is_plain(one.known) for one in given):
            return None
        if owner is not None and not owner.sure:
            if owner.declared or owner.origin is not None:
                return None
            return fold_call(language, path, None, [one.known for one in given])
        held = None if owner is None else (owner.known,)
        return fold_call(language, path, held, [one.known for one in given])

    def function(self, language: str, function: Function, given: Sequence[Value], look: Look) -> Folded:
        """Work out what a function of the page returns, if its arguments are known."""
        if self.left <= 0 or not all(one.sure and is_plain(one.known) for one in given):
            return None
        key = (id(function), tuple((type(one.known), one.known) for one in given))
        if key not in self._made:
            work = self._evaluation(language, look)
            self._made[key] = work.call(function, [one.known for one in given])
            self._paid(work)
        return self._made[key]

    def loop(self, language: str, node: Block, look: Look) -> Mapping[str, Folded]:
        """Work out a loop over known values; give what its variables hold behind it, by name."""
        if node.kind not in _LOOPS or self.left <= 0:
            return {}
        work = self._evaluation(language, look)
        results = work.loop(node)
        self._paid(work)
        return results

    def _evaluation(self, language: str, look: Look) -> Evaluation:
        single = {name: held[0] for name, held in self.functions.items() if len(held) == 1}
        outer = _outer(look, single, concrete=language in _CONCRETE)
        return Evaluation(language, functions=single, outer=outer, steps=min(STEPS_OF_ONE, self.left))

    def _paid(self, work: Evaluation) -> None:
        self.left -= work.steps - max(work.left, 0)


def _outer(look: Look, functions: Mapping[str, Function], *, concrete: bool) -> Callable[[str], Folded]:
    def outer(name: str) -> Folded:
        held = look(name)
        if held is None:
            return None if concrete or name.lower() in functions else (None,)
        return (held.known,) if held.sure and held.origin is None and is_plain(held.known) else None

    return outer
