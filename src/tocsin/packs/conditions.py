"""What a rule asks of a record: a small tree of frozen values, free of pySigma.

``packs.sigma_reading`` builds it; ``detections.conditions`` turns it into closures and
``detections.literals`` derives the texts without which a record cannot match.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from msgspec import Struct


class Wild(Enum):
    """The wildcards of a Sigma string: ``*`` and ``?``."""

    MANY = 0
    ONE = 1


class Glob(Struct, frozen=True, tag=True):
    """A Sigma string. ``parts``: plain texts and wildcards, in order; compared without case unless cased."""

    parts: tuple[str | Wild, ...]
    cased: bool = False


class Regex(Struct, frozen=True, tag=True):
    """A regular expression that may match anywhere in the value. ``flags``: of ``ims``."""

    pattern: str
    flags: str = ""


class Cidr(Struct, frozen=True, tag=True):
    """An IP network that holds the value."""

    network: str


class Number(Struct, frozen=True, tag=True):
    """A number; the text of the field is compared as a number. ``op``: eq, gt, gte, lt or lte."""

    value: int | float
    op: str = "eq"


class Null(Struct, frozen=True, tag=True):
    """The field is empty, or the log does not have it."""


class Exists(Struct, frozen=True, tag=True):
    """The log has the field (or has not)."""

    wanted: bool


class SameAs(Struct, frozen=True, tag=True):
    """The value equals, starts with, ends with or contains the value of another field."""

    field: str
    starts: bool = False
    ends: bool = False


Check = Glob | Regex | Cidr | Number | Null | Exists | SameAs


class FieldTest(Struct, frozen=True, tag=True):
    """A check of one field, or of every value (``field`` None: a Sigma keyword)."""

    field: str | None
    check: Check


class Every(Struct, frozen=True, tag=True):
    """Every item holds."""

    items: tuple[Node, ...]


class Either(Struct, frozen=True, tag=True):
    """At least one item holds."""

    items: tuple[Node, ...]


class Not(Struct, frozen=True, tag=True):
    """The item does not hold."""

    item: Node


Node = FieldTest | Every | Either | Not


def leaves(node: Node, *, negated: bool = False) -> Iterator[tuple[FieldTest, bool]]:
    """Yield every test of the tree, and whether it stands below a Not."""
    if isinstance(node, FieldTest):
        yield node, negated
    elif isinstance(node, Not):
        yield from leaves(node.item, negated=True)
    else:
        for item in node.items:
            yield from leaves(item, negated=negated)


def doubted_fields(node: Node) -> frozenset[str]:
    """Fields whose absence from a log makes a match weak: tested for null, or below a Not.

    ``exists`` asks about the very absence, so its answer is not in doubt.
    """
    return frozenset(
        test.field
        for test, negated in leaves(node)
        if test.field is not None
        and not isinstance(test.check, Exists)
        and (negated or isinstance(test.check, Null))
    )
