"""Which statements of a page can never run: behind an end, or under a condition that is false.

Only what a reader would call dead at first sight counts. Functions behind an end are alive (they are called
from elsewhere), and so is everything in a unit with labels to jump to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tocsin.detections.webshells.code import (
    Block,
    Call,
    Class,
    Function,
    Jump,
    Literal,
    Node,
    Unary,
    Unit,
    dotted,
    walk,
)

_ENDS = frozenset({"return", "exit", "throw", "break", "continue"})
_ENDING_CALLS = frozenset(
    {"response.end", "exit", "die", "httpcontext.current.response.end", "context.response.end", "system.exit"}
)
_ARMS = frozenset({"case", "default"})


def dead_spans(units: Iterable[Unit]) -> tuple[tuple[int, int], ...]:
    """Give the spans of statements that can never run, in the order of the text."""
    found: list[tuple[int, int]] = []
    for unit in units:
        if any(isinstance(node, Jump) and node.kind == "goto" for node in walk(*unit.body)):
            continue
        found += _dead(unit.body)
    return tuple(sorted(found))


def _dead(body: Sequence[Node]) -> Iterator[tuple[int, int]]:
    """Walk bodies; a statement behind an ending one is dead up to the next arm of a switch."""
    waiting: list[Sequence[Node]] = [body]
    while waiting:
        ended = False
        for node in waiting.pop():
            ended = ended and not (isinstance(node, Block) and node.kind in _ARMS)
            if isinstance(node, Function | Class):
                waiting.append(node.body)
            elif ended or _never(node):
                yield (node.start, node.end)
            else:
                waiting += _bodies(node)
                ended = _ends(node)


def _bodies(node: Node) -> Iterator[Sequence[Node]]:
    """Give the bodies below a statement: its own, and those of functions inside expressions."""
    if isinstance(node, Block):
        yield node.body
        yield from (inner.body for inner in walk(*node.head) if isinstance(inner, Function))
    else:
        yield from (inner.body for inner in walk(node) if isinstance(inner, Function))


def _never(node: Node) -> bool:
    if not isinstance(node, Block) or node.kind not in {"if", "elseif", "while"} or len(node.head) != 1:
        return False
    test = node.head[0]
    denied = isinstance(test, Unary) and test.operator in {"!", "not"}
    if isinstance(test, Unary) and denied:
        return isinstance(test.value, Literal) and test.value.value is True
    return isinstance(test, Literal) and not isinstance(test.value, str) and not test.value


def _ends(node: Node) -> bool:
    if isinstance(node, Jump):
        return node.kind in _ENDS
    return isinstance(node, Call) and dotted(node).lower() in _ENDING_CALLS
