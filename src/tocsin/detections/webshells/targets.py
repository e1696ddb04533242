"""Where values go: assignments to variables, members, elements and lists."""

from __future__ import annotations

from tocsin.detections.webshells.code import (
    Assign,
    Call,
    Cast,
    Collection,
    Declare,
    Function,
    Index,
    Member,
    Name,
    Node,
    Pair,
    Unary,
)
from tocsin.detections.webshells.store import keyed
from tocsin.detections.webshells.tables import short_type
from tocsin.detections.webshells.values import LONGEST_HINT, Value, known, origin_of
from tocsin.detections.webshells.walkbase import WalkBase

GAP = "\x1f"
"""Stands in a hint for what is not known."""
LONGEST_TEXT = 1 << 20
_PLAIN = frozenset({"=", ":=", "set", "let", "??=", "||="})
_LOOSE = frozenset({"", "object", "var", "dynamic", "auto", "let", "const", "string", "mixed", "dim"})


def concatenated(values: list[Value]) -> Value:
    """Give the text that the values make one behind the other."""
    origin = origin_of(*values)
    if all(value.sure and isinstance(value.known, str | int) for value in values):
        text = "".join(str(value.known) for value in values)
        if len(text) <= LONGEST_TEXT:
            return Value(origin, known=text, sure=True, made=any(value.made for value in values))
    hint = "".join(
        value.pieces or (str(value.known) if value.sure and value.known is not None else GAP)
        for value in values
    )
    dark = any(value.dark for value in values)
    return Value(origin, hint=hint[:LONGEST_HINT] if hint.strip(GAP) else "", made=dark)


class Targets(WalkBase):
    """The part of the walk that writes."""

    def assign(self, node: Assign) -> Value:
        """Walk ``target = value``."""
        given = self.value(node.value)
        if node.operator.lower() not in _PLAIN:
            before = self.value(node.target)
            joins = node.operator in {".=", "+=", "&="}
            given = (
                concatenated([before, given])
                if joins
                else Value(before.origin or given.origin, made=before.dark or given.dark)
            )
        self.put(node.target, given, node)
        return given

    def declare(self, node: Declare) -> Value:
        """Walk a declaration: its type counts where the value does not have a better one."""
        given = self.value(node.value) if node.value is not None else Value()
        declared = short_type(node.type)
        kind = self.api.source_types.get(declared)
        origin = self.source(kind[0], node) if kind and node.value is None else self.through(given, node)
        kept = Value(
            origin,
            type=given.type if declared in _LOOSE or given.type else declared,
            known=given.known,
            sure=given.sure and node.value is not None,
            hint=given.hint,
            made=given.made,
            root=given.root or (kind is not None and node.value is None),
        )
        if "field" in node.modifiers:
            self.store.write(self.field(node.name), kept, node.name.lower())
        self.store.write(self.slot(node.name), kept, node.name.lower())
        self.note_use(node, declared)
        return kept

    def put(self, target: Node, given: Value, node: Node) -> None:
        """Put a value where the target says."""
        self.alias(given, node)
        origin = self.through(given, node)
        kept = Value(origin, "", given.type, given.known, given.sure, given.hint, given.made, given.root)
        if isinstance(target, Name):
            self._put_name(target, kept)
        elif isinstance(target, Member):
            self._put_member(target, kept, node)
        elif isinstance(target, Index | Call):
            self._put_element(target, kept)
        elif isinstance(target, Collection):
            for item in target.items:
                self.put(item.value if isinstance(item, Pair) else item, Value(origin), node)
        elif isinstance(target, Cast):
            self.put(target.value, given, node)
        elif isinstance(target, Unary):
            self._put_unnamed(target, kept)

    def _put_name(self, target: Name, kept: Value) -> None:
        word = target.name.lower()
        function = self.scopes[-1][2] if self.scopes else None
        if function is not None and self.basic and function.name.lower() == word:
            self.returned(function, kept)
        self.store.write(self.slot(target.name), kept, word)

    def returned(self, function: Function, given: Value) -> None:
        """Note what a function gives back."""
        scope = self.store.scopes.get(id(function))
        if scope is not None:
            self.store.meet(f"{scope[0]}:·return", given)

    def _put_member(self, target: Member, kept: Value, node: Node) -> None:
        owner = self.value(target.value)
        low = target.name.lower()
        paths = [f"{owner.path or '?'}.{low}"] + ([f"{owner.type}.{low}"] if owner.type else [])
        for sink in self.api.sets.find(*paths):
            self.journal.sink(sink, [kept], self.span(node), depth=self.nested)
        if self.is_self(target.value):
            self.store.write(self.field(target.name), kept, low)
            self.store.write(f":{target.name if self.api.exact else low}", kept, low)
        elif owner.slot:
            self.store.write(f"{owner.slot}.{low}", kept, paths[0])

    def _put_element(self, target: Index | Call, kept: Value) -> None:
        holder = target.value if isinstance(target, Index) else target.function
        owner = self.value(holder)
        keys = [self.value(key) for key in target.arguments]
        if owner.path == "$globals" and len(keys) == 1 and keys[0].text:
            self.store.write(f":${keys[0].text}", kept, f"${keys[0].text.lower()}")
            return
        if not owner.slot:
            return
        key = keys[0] if len(keys) == 1 else None
        if key is not None and key.sure and not isinstance(key.known, tuple):
            self.store.write(keyed(owner.slot, key.known), kept, owner.path)
            if kept.origin:
                self.store.taint(f"{owner.slot}[·]", kept.origin)
        else:
            self.store.meet(f"{owner.slot}[]", kept, owner.path)
        self._put_list(owner, key, kept)

    def _put_list(self, owner: Value, key: Value | None, kept: Value) -> None:
        """Let a short list of constants grow, so that a text made from it can be worked out."""
        held = self.store.read(owner.slot)
        if (
            held is None
            or not kept.sure
            or not isinstance(held.known, tuple)
            or len(held.known) > LONGEST_HINT
        ):
            return
        if key is None:
            self.store.write(owner.slot, known((*held.known, kept.known)), held.path)

    def _put_unnamed(self, target: Unary, kept: Value) -> None:
        name = self.value(target.value)
        if name.text:
            self.store.write(self.slot("$" + name.text), kept, "$" + name.text.lower())
        elif kept.origin or name.origin:
            self.store.spilled = self.store.spilled or kept.origin or name.origin
