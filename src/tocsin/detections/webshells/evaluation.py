"""Walk the page's own decoder functions and loops over known values; see ``folding``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tocsin.detections.webshells.code import Assign, Block, Declare, Function, Index, Jump, Name, Node, walk
from tocsin.detections.webshells.expressions import STEPS, Expressions
from tocsin.detections.webshells.folding import Folded, NotFoldable, settled
from tocsin.detections.webshells.operators import truth
from tocsin.detections.webshells.pure import NOT_FOLDABLE, Known, whole

__all__ = ["STEPS", "Evaluation"]

DEEPEST_CALLS = 5
"""The page's own functions within one another."""


class _Leave(Exception):
    """``return``, ``break``, ``continue`` on the way to where it ends."""

    def __init__(self, kind: str, value: Any = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.value = value


class Evaluation(Expressions):
    """Works out expressions and the page's own functions; one for a page, for its steps are counted."""

    # -- for callers

    def expression(self, node: Node) -> Folded:
        """Work out an expression, or give nothing."""
        try:
            return (settled(self.language, self.value(node)),)
        except (*NOT_FOLDABLE, _Leave):
            return None
        finally:
            self.depth = 0

    def call(self, function: Function, given: Sequence[Known]) -> Folded:
        """Work out what a function of the page returns for known arguments, or give nothing."""
        try:
            return (settled(self.language, self.run(function, list(given))),)
        except (*NOT_FOLDABLE, _Leave):
            return None
        finally:
            self.depth = self.calls = 0

    def loop(self, node: Block) -> dict[str, Folded]:
        """Work out a loop; give what its variables hold behind it, by name, or nothing at all."""
        try:
            self._block(node)
        except (*NOT_FOLDABLE, _Leave):
            return {}
        finally:
            self.depth = 0
        return {name: (settled(self.language, value),) for name, value in self.scope.items()}

    # -- functions of the page

    def run(self, function: Function, given: list[Any]) -> Any:
        """Work out what a function of the page returns."""
        if self.calls >= DEEPEST_CALLS:
            raise NotFoldable
        outer, result = self.scope, self.result
        self.scope, self.result = self._arguments(function, given), self.key(function.name)
        self.calls += 1
        try:
            self.statements(function.body)
            value = self.scope.get(self.result) if self.basic else None
        except _Leave as leave:
            if leave.kind != "return":
                raise NotFoldable from None
            value = leave.value
            if value is None and self.basic:
                value = self.scope.get(self.result)
        finally:
            self.calls -= 1
            self.scope, self.result = outer, result
        return value

    def _arguments(self, function: Function, given: list[Any]) -> dict[str, Any]:
        scope: dict[str, Any] = {}
        if self.basic:
            scope |= {self.key(target.name): None for target in _assigned(function)}
        for index, parameter in enumerate(function.parameters):
            if index < len(given):
                scope[self.key(parameter.name)] = given[index]
            elif parameter.default is not None:
                scope[self.key(parameter.name)] = self.value(parameter.default)
            else:
                raise NotFoldable
        return scope

    # -- statements

    def statements(self, body: Sequence[Node]) -> None:
        """Walk statements in order."""
        taken = False
        for node in body:
            if isinstance(node, Block) and node.kind in {"if", "elseif", "else"}:
                taken = (taken and node.kind != "if") or self._branch(node)
            elif isinstance(node, Block):
                self._block(node)
            elif isinstance(node, Jump):
                raise _Leave(node.kind, self.value(node.value) if node.value is not None else None)
            elif not isinstance(node, Function):
                self.value(node)

    def _branch(self, node: Block) -> bool:
        if node.head and not truth(self.value(node.head[0])):
            return False
        self.statements(node.body)
        return True

    def _block(self, node: Block) -> None:
        if node.kind == "for":
            self._for(node)
        elif node.kind == "foreach":
            self._foreach(node)
        elif node.kind in {"while", "do"}:
            self._while(node)
        elif node.kind in {"try", "block", "finally", "using", "lock", "unsafe", "checked", "unchecked"}:
            self.statements((*node.head, *node.body))
        elif node.kind != "catch":
            raise NotFoldable

    def _round(self, body: Sequence[Node]) -> bool:
        """Walk a loop's body once; say whether the loop goes on."""
        self.spend(1)
        try:
            self.statements(body)
        except _Leave as leave:
            if leave.kind == "continue":
                return True
            if leave.kind == "break":
                return False
            raise
        return True

    def _for(self, node: Block) -> None:
        if self.basic:
            self._counted(node)
            return
        first = 0
        while first < len(node.head) and isinstance(node.head[first], Assign | Declare):
            self.value(node.head[first])
            first += 1
        if first >= len(node.head):
            raise NotFoldable
        while truth(self.value(node.head[first])) and self._round(node.body):
            for step in node.head[first + 1 :]:
                self.value(step)

    def _counted(self, node: Block) -> None:
        start, *rest = node.head
        if not isinstance(start, Assign) or not rest:
            raise NotFoldable
        self.value(start)
        last, step = whole(self.value(rest[0])), whole(self.value(rest[1])) if len(rest) > 1 else 1
        if step == 0:
            raise NotFoldable
        sign = 1 if step > 0 else -1
        while sign * whole(self.value(start.target)) <= sign * last:
            if not self._round(node.body):
                return
            self.store(start.target, whole(self.value(start.target)) + step)

    def _foreach(self, node: Block) -> None:
        targets = [one for one in node.head if isinstance(one, Declare)]
        if len(targets) != len(node.head) or not targets or not isinstance(targets[-1].value, Index):
            raise NotFoldable
        holder = self.value(targets[-1].value.value)
        pairs = list(holder.items()) if isinstance(holder, dict) else list(enumerate(holder))
        for key, item in pairs:
            if len(targets) > 1:
                self.scope[self.key(targets[0].name)] = key
            self.scope[self.key(targets[-1].name)] = item
            if not self._round(node.body):
                return

    def _while(self, node: Block) -> None:
        if not node.head:
            raise NotFoldable
        first = node.kind == "do" and not self.basic
        while first or truth(self.value(node.head[0])):
            first = False
            if not self._round(node.body):
                return


def _assigned(function: Function) -> list[Name]:
    targets = (node.target for node in walk(*function.body) if isinstance(node, Assign))
    return [target for target in targets if isinstance(target, Name)]
