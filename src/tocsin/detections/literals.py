"""Texts without which a record cannot match a rule: the ground of the prefilter.

Derivation: a Sigma string needs each of its plain parts; AND needs what any child needs; OR
needs one of a union, or nothing if one child needs nothing; NOT, null, ranges and references need
nothing. The evaluator decodes and lowers values, so literals are compared with those same views.
"""

from __future__ import annotations

from tocsin.packs.conditions import Either, Every, FieldTest, Glob, Node, Number, Regex
from tocsin.packs.regexes import required_text

Literal = tuple[str | None, str]
"""A field (None: any value), and a text in lower case that its value must hold."""
Group = frozenset[Literal]
"""At least one of these must be there."""

_CROWDED = frozenset({"cs-method", "sc-status", "sc-substatus", "s-port", "Method", "HttpStatus"})
"""Fields whose values tell records apart so badly that any other literal is better."""
_EVENT_ID = "EventID"


def groups(node: Node) -> tuple[Group, ...]:
    """Give groups of literals, of each of which a matching record holds at least one."""
    if isinstance(node, FieldTest):
        return tuple(frozenset({literal}) for literal in _of_test(node))
    if isinstance(node, Every):
        return tuple(dict.fromkeys(group for item in node.items for group in groups(item)))
    if isinstance(node, Either):
        return _of_any(node)
    return ()


def _of_any(node: Either) -> tuple[Group, ...]:
    best = [best_group(groups(item)) for item in node.items]
    if not best or None in best:
        return ()
    return (frozenset(literal for group in best if group for literal in group),)


def _of_test(test: FieldTest) -> tuple[Literal, ...]:
    check = test.check
    if isinstance(check, Glob):
        return tuple((test.field, part.lower()) for part in check.parts if isinstance(part, str) and part)
    if isinstance(check, Number) and check.op == "eq" and isinstance(check.value, int):
        return ((test.field, str(abs(check.value))),)
    if isinstance(check, Regex):
        text = required_text(check.pattern)
        return ((test.field, text.lower()),) if text else ()
    return ()


def best_group(found: tuple[Group, ...]) -> Group | None:
    """Give the group that lets the fewest records through, as far as literals tell."""
    return max(found, key=_worth, default=None)


def _worth(group: Group) -> tuple[int, int, list[str]]:
    """The weakest literal decides; the rest only makes the choice the same everywhere."""
    weakest = min(_strength(literal) for literal in group)
    return weakest, -len(group), sorted(f"{field} {text}" for field, text in group)


def _strength(literal: Literal) -> int:
    field, text = literal
    if field in _CROWDED:
        return 0
    return 16 + len(text) if field == _EVENT_ID else len(text)


def is_telling(literal: Literal) -> bool:
    """Say whether the text means something outside its field, as a status or an event id does not."""
    return literal[0] not in _CROWDED and literal[0] != _EVENT_ID
