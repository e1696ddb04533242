"""What a walk over a page asks of ``folding``: pure calls, decoders of the page, loops that build texts.

One for a page: the steps of all attempts come out of one purse, and the same call is worked out once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeAlias

from tocsin.detections.webshells.code import Block, Function
from tocsin.detections.webshells.evaluation import STEPS, Evaluation
from tocsin.detections.webshells.folding import Folded, fold_call
from tocsin.detections.webshells.pure import Known, is_plain
from tocsin.detections.webshells.values import Value

MOST_ENTRIES = 60
"""Functions walked for one call each, in all walks over a page."""
SLICE = 1_500
"""Characters of a long text that are decoded when the whole of it would take too many steps."""
STEPS_OF_ONE = 60_000
"""Steps of one attempt, so that one endless loop leaves something for the others."""
_ATTEMPTS = 8
"""Attempts to work out one loop, in all walks over a page."""
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
        self.entries = MOST_ENTRIES
        self._made: dict[Hashable, Folded] = {}
        self._tried: dict[int, int] = {}
        self._single: tuple[int, dict[str, Function]] = (-1, {})

    def may_enter(self) -> bool:
        """Count a walk into a function for one call; say whether there was one left."""
        self.entries -= 1
        return self.entries >= 0

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
            self._made[key] = self._called(language, function, [one.known for one in given], look)
        return self._made[key]

    def _called(self, language: str, function: Function, given: list[Known], look: Look) -> Folded:
        """Work out a call; of a text that is too long, its beginning: decoders go character by character."""
        work = self._evaluation(language, look)
        result = work.call(function, given)
        self._paid(work)
        shorter = [one[:SLICE] if isinstance(one, str) else one for one in given]
        if result is not None or work.left > 0 or shorter == given or self.left <= 0:
            return result
        work = self._evaluation(language, look)
        result = work.call(function, shorter)
        self._paid(work)
        return result

    def loop(self, language: str, node: Block, look: Look) -> Mapping[str, Folded]:
        """Work out a loop over known values; give what its variables hold behind it, by name."""
        tried = self._tried.get(id(node), 0)
        if node.kind not in _LOOPS or self.left <= 0 or tried >= _ATTEMPTS:
            return {}
        self._tried[id(node)] = tried + 1
        work = self._evaluation(language, look)
        results = work.loop(node)
        self._paid(work)
        return results

    def _evaluation(self, language: str, look: Look) -> Evaluation:
        if self._single[0] != len(self.functions):
            single = {name: held[0] for name, held in self.functions.items() if len(held) == 1}
            self._single = (len(self.functions), single)
        single = self._single[1]
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
