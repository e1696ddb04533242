"""What every variable of a page holds, kept over the passes of the tracing."""

from __future__ import annotations

from msgspec.structs import replace

from tocsin.detections.webshells.code import Assign, Class, Declare, Function, Node, dotted, walk
from tocsin.detections.webshells.foldings import Foldings
from tocsin.detections.webshells.values import LONGEST_HINT, NOTHING, Known, Step, Value, joined

_MOST_SLOTS = 20_000
"""A page with more variables than that is a table of data."""


class Store:
    """Variables by slot: ``function:name`` for locals, ``:name`` otherwise, ``slot[key]`` for elements.

    Taint only ever grows; what a variable is known to hold is overwritten as the text goes on.
    """

    def __init__(self) -> None:
        """Begin with nothing known."""
        self.slots: dict[str, Value] = {}
        self.functions: dict[str, list[Function]] = {}
        self.classes: dict[str, Class] = {}
        self.scopes: dict[int, tuple[int, frozenset[str]]] = {}
        self.spilled: Step | None = None
        self.renamed: dict[str, str] = {}
        self.changed = False
        self.foldings = Foldings(self.functions)

    def read(self, slot: str) -> Value | None:
        """Give what the slot holds, or nothing if nobody wrote to it."""
        return self.slots.get(slot)

    def write(self, slot: str, value: Value, path: str = "") -> None:
        """Put a value into a slot; an origin that was there stays."""
        before = self.slots.get(slot)
        if before is None and len(self.slots) >= _MOST_SLOTS:
            return
        self._keep(slot, before, value, path or (before.path if before else ""), declared=True)

    def _keep(self, slot: str, before: Value | None, value: Value, path: str, *, declared: bool) -> None:
        origin = (before.origin if before else None) or value.origin
        after = Value(
            origin,
            path,
            value.type or (before.type if before else ""),
            value.known,
            value.sure,
            value.hint,
            value.made,
            value.root,
            slot,
            declared=declared,
        )
        if before is None or (before.origin is None) != (origin is None) or before.type != after.type:
            self.changed = True
        self.slots[slot] = after

    def meet(self, slot: str, value: Value, path: str = "") -> None:
        """Put into a slot what it may hold besides what it holds: a parameter, an element of a list."""
        before = self.slots.get(slot)
        self.write(slot, joined(value, before) if before else value, path)

    def taint(self, slot: str, origin: Step, path: str = "") -> None:
        """Let a slot come from a source, whatever else it holds."""
        before = self.slots.get(slot, NOTHING)
        if before.origin is None:
            self._keep(
                slot,
                before,
                Value(origin, "", before.type, hint=before.pieces),
                path,
                declared=before.declared,
            )

    def describe(self, slot: str, hint: str) -> None:
        """Note a constant text that was put into what a slot holds, if nothing is known of it yet."""
        before = self.slots.get(slot)
        if hint and before is not None and not before.pieces:
            self.slots[slot] = replace(before, hint=hint[:LONGEST_HINT])

    def learn(self, body: tuple[Node, ...], *, exact: bool) -> None:
        """Note the functions and classes of a page, and the names that are local to each function."""
        for node in walk(*body):
            if isinstance(node, Function):
                self._learn_function(node, node.name, exact=exact)
            elif isinstance(node, Class) and node.name:
                self.classes[node.name.lower()] = node
            elif isinstance(node, Assign | Declare) and isinstance(node.value, Function):
                self._named(node.value, dotted(node.target) if isinstance(node, Assign) else node.name)

    def _learn_function(self, node: Function, name: str, *, exact: bool) -> None:
        self._named(node, name)
        names = [part.name for part in node.parameters]
        names += [
            part.name
            for part in walk(*node.body)
            if isinstance(part, Declare) and "global" not in part.modifiers
        ]
        local = frozenset(names if exact else (name.lower() for name in names))
        self.scopes[id(node)] = (len(self.scopes) + 1, local)

    def _named(self, node: Function, name: str) -> None:
        last = name.rsplit(".", 1)[-1].lower()
        held = self.functions.setdefault(last, []) if last else []
        if last and not any(node is one for one in held):
            held.append(node)


def keyed(slot: str, key: Known) -> str:
    """Give the slot of an element."""
    return f"{slot}[{str(key).lower()[:80]}]"
