"""Gates, which take long to choose, kept between runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import msgspec
from msgspec import Struct

from tocsin.detections.scanning.gates import Dialect, Gate, gates_of
from tocsin.packs.cache import Form, kept, packed
from tocsin.packs.conditions import Node
from tocsin.packs.loading import Pack

Gates = tuple[Gate, ...]


class _Kept(Struct, frozen=True, array_like=True):
    """A gate whose mask is text, since it is wider than the numbers of msgpack."""

    expression: str
    literals: tuple[str, ...]
    rules: str


def kept_gates(conditions: Sequence[Node], packs: Iterable[Pack], dialect: Dialect) -> Gates | None:
    """Give what ``gates_of`` gives."""
    known = tuple(packs)
    origin = (packed(part) for part in (tuple(conditions), [pack.indicators for pack in known], dialect))
    return kept("gates", origin, _FORM, partial(gates_of, conditions, known, dialect))


def _written(gates: Gates | None) -> bytes:
    each = gates and [_Kept(gate.expression, gate.literals, f"{gate.rules:x}") for gate in gates]
    return msgspec.msgpack.encode(each)


def _read(data: bytes) -> Gates | None:
    each = msgspec.msgpack.decode(data, type=tuple[_Kept, ...] | None)
    if each is None:
        return None
    return tuple(
        Gate(expression=one.expression, literals=one.literals, rules=int(one.rules, 16)) for one in each
    )


_FORM: Form[Gates | None] = Form(write=_written, read=_read)
