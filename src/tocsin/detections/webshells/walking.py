"""The walk itself: every node of a page's code gives a ``Value``; see ``flow`` for what it is for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tocsin.detections.webshells.calling import Calls
from tocsin.detections.webshells.code import (
    Assign,
    Binary,
    Block,
    Call,
    Cast,
    Class,
    Collection,
    Conditional,
    Declare,
    Function,
    Index,
    Interpolated,
    Jump,
    Literal,
    Member,
    Name,
    New,
    Node,
    Pair,
    Unary,
)
from tocsin.detections.webshells.folding import fold_operator
from tocsin.detections.webshells.tables import short_type
from tocsin.detections.webshells.targets import GAP, concatenated
from tocsin.detections.webshells.values import NOTHING, Value, joined, known, origin_of
from tocsin.detections.webshells.walkbase import DEEPEST

_JOINING = frozenset({"+", "&", ".", "concat"})
_EITHER = frozenset({"??", "||", "?:", "or", "orelse"})
_ARITHMETIC = frozenset({"-", "*", "/", "%", "mod", "^", "xor", "|", "<<", ">>", "\\"})
_LONGEST_LIST = 20_000
ENOUGH = 20_000
"""Nodes that are walked whatever they show; functions behind them are left out where all is said."""


class Walker(Calls):
    """Gives the value of every node, statement after statement."""

    def statements(self, body: Iterable[Node]) -> None:
        """Walk statements."""
        for node in body:
            if self.basic and isinstance(node, Member):
                self.call(Call(node.start, node.end, node, ()))
            elif self.basic and isinstance(node, Name):
                self.call_function(node.name.lower(), [], node)
            else:
                self.value(node)

    def value(self, node: Node) -> Value:
        """Give what is known of a node; statements give nothing."""
        handler = _HANDLERS.get(type(node))
        if handler is None or self.depth >= DEEPEST or self.budget <= 0:
            return NOTHING
        self.depth += 1
        self.budget -= 1
        try:
            return handler(self, node)
        finally:
            self.depth -= 1

    def literal(self, node: Literal) -> Value:
        """Walk a constant."""
        return known(node.value)

    def name(self, node: Name, *, outside: bool = False) -> Value:
        """Walk a variable, type or function; ``outside``: as seen from no function."""
        word = node.name.lower()
        held = self.store.read(f":{node.name}" if outside else self.slot(node.name))
        if held is not None and (held.declared or held.origin is not None):
            return held
        return self._unset(node, word)

    def _unset(self, node: Name, word: str) -> Value:
        source = self.source_name(node.name, word)
        if source is not None:
            return Value(self.source(source[0], node), word, root=True, slot=self.slot(node.name))
        self.note_use(node, word)
        if self.basic and word in self.store.functions and not self._inside(word):
            back = self.call_function(word, [], node)
            if back is not None:
                return Value(back.origin, word, back.type, back.known, back.sure, back.hint, back.made)
        spilled = self.store.spilled if self.php and word.startswith("$") else None
        return Value(spilled, word, slot=self.slot(node.name))

    def _inside(self, word: str) -> bool:
        return any(function.name.lower() == word for _, _, function in self.scopes)

    def member(self, node: Member) -> Value:
        """Walk ``owner.name``."""
        return self.owned(node, self.value(node.value))

    def owned(self, node: Node, owner: Value) -> Value:
        """Give what is known of a member whose owner was walked already."""
        if not isinstance(node, Member):
            return NOTHING
        low = node.name.lower()
        path = f"{owner.path or '?'}.{low}"
        typed = f"{owner.type}.{low}" if owner.type and owner.type != owner.path else ""
        if owner.root:
            return self._of_request(node, owner, low, path)
        slot = (
            self.field(node.name) if self.is_self(node.value) else f"{owner.slot}.{low}" if owner.slot else ""
        )
        held = self.store.read(slot) if slot else None
        plain = (
            self.store.read(f":{node.name if self.api.exact else low}") if self.is_self(node.value) else None
        )
        held = plain if plain is not None and (held is None or held.origin is None) else held
        if held is not None:
            origin = held.origin or owner.origin
            return Value(
                origin,
                path,
                held.type,
                held.known,
                held.sure,
                held.hint,
                held.made,
                held.root,
                slot,
                typed,
                declared=True,
            )
        source = self._member_source(node, owner, path)
        if source is not None:
            return source
        self.note_use(node, path, typed)
        kind = self.api.types.first(path, typed) if typed else self.api.types.first(path)
        origin = None if low in self.api.stops else owner.origin
        self._getter(low, owner, node)
        return Value(origin, path, kind or "", made=owner.made, slot=slot, typed=typed)

    def _getter(self, low: str, owner: Value, node: Node) -> None:
        for function in self.store.functions.get(low, ()):
            if function.kind == "getter" and (not owner.type or owner.type in self.store.classes):
                self.bind(function, [], node)

    def _of_request(self, node: Member, owner: Value, low: str, path: str) -> Value:
        if low in self.api.stops:
            return Value(path=path)
        kind = owner.origin.kind if owner.origin else "request"
        if any(
            low == name.lower() for held, entry in self.api.sources if held == kind for name in entry.except_
        ):
            other = self.source_name(node.name, path)
            if other is None or other[0] == kind:
                return Value(path=path, slot="")
            return Value(self.source(other[0], node), path, root=True)
        return Value(self.source(kind, node), path, root=True)

    def _member_source(self, node: Member, owner: Value, path: str) -> Value | None:
        source = self.source_name(node.name, path)
        if source is not None:
            return Value(self.source(source[0], node), path, root=True)
        control = self.api.controls.get(node.name.lower())
        if control is not None and self._is_control(node.value, owner):
            return Value(self.source(control[0], node), path)
        return None

    def _is_control(self, node: Node, owner: Value) -> bool:
        """Tell whether a value is a control of the page: its markup names it, or nobody declares it."""
        if owner.path.endswith("findcontrol"):
            return True
        word = owner.path.removeprefix("this.").removeprefix("me.")
        if word in self.controls:
            return True
        plain = isinstance(node, Name) and not owner.declared and not owner.type
        return plain and not self.controls and word not in _NO_CONTROLS and word not in self.store.functions

    def index(self, node: Index) -> Value:
        """Walk ``holder[keys]``."""
        holder = self.value(node.value)
        keys = [self.value(key) for key in node.arguments]
        if holder.path == "$globals" and self.php and len(keys) == 1 and keys[0].text:
            return self.name(Name(node.start, node.end, "$" + keys[0].text), outside=True)
        if holder.root:
            return self.element(holder, keys, node)
        if not self.php and len(keys) == 1 and keys[0].text and holder.path and not holder.sure:
            dotted = Member(node.start, node.end, node.value, keys[0].text)
            if (
                self.api.language == "jscript"
                and keys[0].text.isidentifier()
                and not self._held(holder, keys[0])
            ):
                return self.member(dotted)
        return self.indexed(holder, keys)

    def _held(self, holder: Value, key: Value) -> bool:
        return (
            bool(holder.slot) and self.store.read(f"{holder.slot}[{str(key.known).lower()[:80]}]") is not None
        )

    def collection(self, node: Collection) -> Value:
        """Walk a list written out: short lists of constants are known."""
        values = [self.value(item) for item in node.items]
        origin = origin_of(*values)
        plain = all(value.sure for value in values) and not any(isinstance(item, Pair) for item in node.items)
        if plain and len(values) <= _LONGEST_LIST and origin is None:
            return known(tuple(value.known for value in values), made=any(value.made for value in values))
        return Value(
            origin,
            hint=" ".join(value.pieces for value in values if value.pieces)[:1024],
            made=any(value.dark for value in values),
        )

    def pair(self, node: Pair) -> Value:
        """Walk ``key: value``: the value counts, and a key that comes from the request."""
        key = self.value(node.key)
        value = self.value(node.value)
        self.alias(value, node)
        return value if value.origin or key.origin is None else Value(key.origin)

    def binary(self, node: Binary) -> Value:
        """Walk a run of one operator."""
        values = [self.value(operand) for operand in node.operands]
        if node.operator in _JOINING:
            return self._joined(node.operator, values)
        if node.operator in _EITHER and not self.basic:
            result = values[0]
            for value in values[1:]:
                result = joined(result, value)
            return Value(origin_of(*values), "", result.type, hint=result.hint, made=result.dark)
        folded = self._operated(node.operator, values)
        if folded is not None:
            return folded
        if node.operator in _ARITHMETIC:
            made = any(value.dark for value in values) or node.operator in {"^", "xor"}
            return Value(origin_of(*values), made=made)
        return NOTHING

    def _operated(self, operator: str, values: list[Value]) -> Value | None:
        if not all(value.sure for value in values):
            return None
        folded = fold_operator(self.api.language, operator, [value.known for value in values])
        return None if folded is None else known(folded[0], made=True)

    def _joined(self, operator: str, values: list[Value]) -> Value:
        numbers = operator == "+" and all(
            value.sure and isinstance(value.known, int | float) for value in values
        )
        if numbers:
            return known(sum(value.known for value in values if isinstance(value.known, int | float)))
        return concatenated(values)

    def unary(self, node: Unary) -> Value:
        """Walk ``operator value``."""
        value = self.value(node.value)
        if node.operator == "$" and self.php:
            if value.text:
                return self.name(Name(node.start, node.end, "$" + value.text))
            names = [
                word for word in value.hint.split(GAP) if self.source_name("$" + word, "$" + word.lower())
            ]
            if names:
                return self.name(Name(node.start, node.end, "$" + names[0]))
            return Value(value.origin, made=value.made)
        return NOTHING if node.operator in {"!", "not"} else value

    def conditional(self, node: Conditional) -> Value:
        """Walk ``test ? yes : no``."""
        self.value(node.test)
        return joined(self.value(node.yes), self.value(node.no))

    def interpolated(self, node: Interpolated) -> Value:
        """Walk a text with values in it."""
        return concatenated([self.value(part) for part in node.parts])

    def cast(self, node: Cast) -> Value:
        """Walk a cast: the type is the new one."""
        value = self.value(node.value)
        kind = short_type(node.type)
        return Value(
            value.origin,
            value.path,
            kind,
            value.known,
            value.sure,
            value.hint,
            value.made,
            value.root,
            value.slot,
            value.typed,
            declared=value.declared,
        )

    def function(self, node: Function) -> Value:
        """Walk the body of a function with what is known of its parameters."""
        scope = self.store.scopes.get(id(node))
        if scope is None or (self.journal.certain and self.walked > ENOUGH):
            return NOTHING
        self.scopes.append((*scope, node))
        self._parameters(node)
        self.statements(node.body)
        self.scopes.pop()
        return NOTHING

    def _parameters(self, node: Function) -> None:
        marks = [self._mark(attribute) for attribute in node.attributes] + [f"·{node.name.lower()}"]
        marked = next(
            (self.api.source_attributes[mark] for mark in marks if mark in self.api.source_attributes), None
        )
        for parameter in node.parameters:
            kind = self.api.source_types.get(short_type(parameter.type))
            own = next(
                (
                    self.api.source_attributes[mark]
                    for mark in map(self._mark, parameter.attributes)
                    if mark in self.api.source_attributes
                ),
                marked,
            )
            value = self.value(parameter.default) if parameter.default is not None else NOTHING
            origin = self.source((own or kind or ("", None))[0], parameter) if own or kind else None
            slot = self.slot(parameter.name)
            if origin is not None or self.store.read(slot) is None:
                held = Value(origin, "", short_type(parameter.type), hint=value.pieces, root=kind is not None)
                self.store.write(slot, held, parameter.name.lower())

    def _mark(self, attribute: Node) -> str:
        while isinstance(attribute, Call | New):
            attribute = attribute.function if isinstance(attribute, Call) else Name(0, 0, attribute.type)
        name = attribute.name if isinstance(attribute, Name | Member) else ""
        return name.rsplit(".", 1)[-1].lower()

    def klass(self, node: Class) -> Value:
        """Walk the members of a class; what it is built on may tell."""
        for base in node.bases:
            self.note_use(node, short_type(base))
        self.statements(node.body)
        return NOTHING

    def block(self, node: Block) -> Value:
        """Walk the heading, then the statements."""
        worked = self.store.foldings.loop(self.api.language, node, self.look)
        for head in node.head:
            self.value(head)
        self.statements(node.body)
        for name, folded in worked.items():
            if folded is not None:
                self.store.write(self.slot(name), known(folded[0], made=True), name.lower())
        return NOTHING

    def jump(self, node: Jump) -> Value:
        """Walk ``return value``."""
        if node.value is not None:
            value = self.value(node.value)
            if node.kind in {"return", "yield"} and self.scopes:
                self.returned(self.scopes[-1][2], value)
        return NOTHING


_NO_CONTROLS = frozenset(
    {
        "system",
        "encoding",
        "session",
        "server",
        "response",
        "application",
        "context",
        "page",
        "string",
        "convert",
        "environment",
        "httputility",
        "regex",
        "match",
        "this",
        "me",
        "e",
        "args",
        "viewstate",
        "cache",
        "trace",
        "user",
        "base",
        "mybase",
        "configurationmanager",
        "resources",
    }
)
_HANDLERS: dict[type[Node], Callable[..., Value]] = {
    Literal: Walker.literal,
    Name: Walker.name,
    Member: Walker.member,
    Call: Walker.call,
    Index: Walker.index,
    New: Walker.new,
    Collection: Walker.collection,
    Pair: Walker.pair,
    Binary: Walker.binary,
    Unary: Walker.unary,
    Conditional: Walker.conditional,
    Assign: Walker.assign,
    Interpolated: Walker.interpolated,
    Cast: Walker.cast,
    Function: Walker.function,
    Class: Walker.klass,
    Declare: Walker.declare,
    Block: Walker.block,
    Jump: Walker.jump,
}
