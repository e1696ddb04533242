"""Work out which text a piece of code builds, within bounds and without running it.

Obfuscated code builds its words from numbers, reversed texts, Base64 and loops over them. ``fold_call`` and
``fold_operator`` work out one step over known values by our own functions (``pure``, ``operators``).
``Evaluation`` walks whole expressions and the page's own decoder functions: assignments, loops and branches
over texts, numbers and lists, nothing else. Whatever touches the world (files, network, request, objects) is
no part of it and ends the attempt. Steps and sizes are counted:
``STEPS`` per page, texts up to ``pure.LONGEST``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from tocsin.detections.webshells.code import (
    Assign,
    Binary,
    Block,
    Call,
    Cast,
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
    dotted,
    walk,
)
from tocsin.detections.webshells.operators import BASIC, apply, truth
from tocsin.detections.webshells.pure import (
    DEEPEST_LIST,
    LONGEST,
    MOST_ITEMS,
    NOT_FOLDABLE,
    Known,
    function_of,
    spoken,
    spoken_wide,
    text,
    whole,
)

STEPS = 60_000
"""Nodes worked out for one page; 1,000 of them take about a millisecond."""
DEEPEST_CALLS = 5
"""The page's own functions within one another."""
_DEEPEST_NODES = 60
_AND, _OR = frozenset({"&&", "andalso"}), frozenset({"||", "orelse"})
_COUNTS = frozenset({"length", "count", "size"})
_BUILDERS = ("stringbuilder", "stringbuffer")
_CODERS = ("decoder", "encoder", "encoding")
_CHARACTERS = frozenset({"char", "character"})
_BYTES = frozenset({"byte", "sbyte"})
_WHOLES = frozenset({"int", "integer", "long", "short", "int32", "uint", "int64", "uint32", "ushort"})

Folded: TypeAlias = tuple[Known] | None
"""A value that was worked out, alone in a tuple (it may be null), or nothing."""


class NotFoldable(ValueError):
    """The code does more than work out a value, or passes a bound."""


def fold_call(language: str, path: str, owner: Folded, given: Sequence[Known]) -> Folded:
    """Work out a call of a pure function.

    Args:
        language: of the code.
        path: dotted name in lower case, ``system.convert.frombase64string``.
        owner: the value that the method belongs to, if it is known.
        given: the arguments; a caller that does not know one of them cannot fold.
    """
    pure = function_of(language, path.rpartition(".")[2])
    if pure is spoken and ("encoding.unicode" in path or "utf16" in path):
        pure = spoken_wide
    if pure is None:
        return None
    try:
        return (_settled(language, pure(*(owner or ()), *given)),)
    except NOT_FOLDABLE:
        return None


def fold_operator(language: str, sign: str, operands: Sequence[Known]) -> Folded:
    """Work out a run of one operator over known values, left to right."""
    try:
        result = operands[0]
        for other in operands[1:]:
            result = apply(language, sign, result, other)
    except NOT_FOLDABLE:
        return None
    return (result,)


def _settled(language: str, value: Any) -> Known:
    """PHP's and JScript's texts of bytes are characters 0 to 255 here."""
    if isinstance(value, bytes) and language in {"php", "jscript"}:
        return value.decode("latin-1")
    return _frozen(value)


def _frozen(value: Any, depth: int = DEEPEST_LIST) -> Known:
    """Give a value of a walk as one that nothing can change."""
    if isinstance(value, _Builder):
        return value.whole()
    if isinstance(value, list | dict):
        inner = value if isinstance(value, list) else value.values()
        if depth <= 0 or len(inner) > MOST_ITEMS:
            raise NotFoldable
        return tuple(_frozen(item, depth - 1) for item in inner)
    return value  # type: ignore[no-any-return]  # a constant, bytes or a tuple of them


class _Builder:
    """A StringBuilder."""

    def __init__(self, first: str) -> None:
        self.parts = [first]
        self.size = len(first)

    def append(self, part: str) -> _Builder:
        self.size += len(part)
        if self.size > LONGEST:
            raise NotFoldable
        self.parts.append(part)
        return self

    def whole(self) -> str:
        return "".join(self.parts)


class _Leave(Exception):
    """``return``, ``break``, ``continue`` on the way to where it ends."""

    def __init__(self, kind: str, value: Any = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.value = value


class Evaluation:
    """Works out expressions and the page's own functions; one for a page, for its steps are counted.

    Attributes:
        steps: bound on nodes worked out.
        left: steps that are left.
    """

    def __init__(
        self,
        language: str,
        *,
        functions: Mapping[str, Function] | None = None,
        outer: Callable[[str], Folded] | None = None,
        steps: int = STEPS,
    ) -> None:
        """Take what is known outside.

        Args:
            language: of the code.
            functions: the page's functions by lower-case name.
            outer: gives what is known of a variable outside the functions, by its name as written.
            steps: bound on nodes worked out.
        """
        self.language = language
        self.basic = language in BASIC
        self.functions = functions or {}
        self.outer = outer
        self.steps = self.left = steps
        self.depth = self.calls = 0
        self.scope: dict[str, Any] = {}
        self.result = ""

    # -- for callers

    def expression(self, node: Node) -> Folded:
        """Work out an expression, or give nothing."""
        try:
            return (_settled(self.language, self.value(node)),)
        except (*NOT_FOLDABLE, _Leave):
            return None
        finally:
            self.depth = 0

    def call(self, function: Function, given: Sequence[Known]) -> Folded:
        """Work out what a function of the page returns for known arguments, or give nothing."""
        try:
            return (_settled(self.language, self._run(function, list(given))),)
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
        return {name: (_settled(self.language, value),) for name, value in self.scope.items()}

    # -- functions of the page

    def _run(self, function: Function, given: list[Any]) -> Any:
        if self.calls >= DEEPEST_CALLS:
            raise NotFoldable
        outer, result = self.scope, self.result
        self.scope, self.result = self._arguments(function, given), self._key(function.name)
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
            scope |= {self._key(target.name): None for target in _assigned(function)}
        for index, parameter in enumerate(function.parameters):
            if index < len(given):
                scope[self._key(parameter.name)] = given[index]
            elif parameter.default is not None:
                scope[self._key(parameter.name)] = self.value(parameter.default)
            else:
                raise NotFoldable
        return scope

    def _key(self, name: str) -> str:
        return name.lower() if self.basic else name

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
        self._spend(1)
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
            self._store(start.target, whole(self.value(start.target)) + step)

    def _foreach(self, node: Block) -> None:
        targets = [one for one in node.head if isinstance(one, Declare)]
        if len(targets) != len(node.head) or not targets or not isinstance(targets[-1].value, Index):
            raise NotFoldable
        holder = self.value(targets[-1].value.value)
        pairs = list(holder.items()) if isinstance(holder, dict) else list(enumerate(holder))
        for key, item in pairs:
            if len(targets) > 1:
                self.scope[self._key(targets[0].name)] = key
            self.scope[self._key(targets[-1].name)] = item
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

    # -- expressions

    def _spend(self, steps: int) -> None:
        self.left -= steps
        if self.left <= 0:
            raise NotFoldable

    def value(self, node: Node) -> Any:
        """Work out a node.

        Raises:
            ValueError: and the other ``NOT_FOLDABLE``, if it cannot be worked out.
        """
        handler = _HANDLERS.get(type(node))
        if handler is None or self.depth > _DEEPEST_NODES:
            raise NotFoldable
        self._spend(1)
        self.depth += 1
        value = handler(self, node)
        self.depth -= 1
        return value

    def literal(self, node: Literal) -> Any:
        """Give a constant."""
        return node.value

    def name(self, node: Name) -> Any:
        """Give a variable."""
        key = self._key(node.name)
        if key in self.scope:
            return self.scope[key]
        known = self.outer(node.name) if self.outer is not None else None
        if known is None:
            raise NotFoldable
        return known[0]

    def binary(self, node: Binary) -> Any:
        """Work out a run of one operator."""
        sign = node.operator
        if sign in _AND or sign in _OR:
            return self._either(node, stop=sign in _OR)
        result = self.value(node.operands[0])
        for operand in node.operands[1:]:
            result = apply(self.language, sign, _frozen(result), _frozen(self.value(operand)))
            if isinstance(result, str):
                self._spend(len(result) >> 8)
        return result

    def _either(self, node: Binary, *, stop: bool) -> bool:
        return any(truth(self.value(one)) is stop for one in node.operands) is stop

    def unary(self, node: Unary) -> Any:
        """Work out a sign, or count."""
        value = self.value(node.value)
        if node.operator in {"++", "--"}:
            longer = whole(value or 0) + (1 if node.operator == "++" else -1)
            self._store(node.value, longer)
            return value if node.value.start == node.start else longer
        if node.operator in {"!", "not"}:
            return not truth(value)
        if node.operator == "~":
            return ~whole(value)
        if node.operator == "-":
            return -value
        if node.operator in {"+", "@"}:
            return value
        raise NotFoldable

    def conditional(self, node: Conditional) -> Any:
        """Work out the side that counts."""
        return self.value(node.yes if truth(self.value(node.test)) else node.no)

    def interpolated(self, node: Interpolated) -> Any:
        """Put a text together."""
        return "".join(text(_frozen(self.value(part))) for part in node.parts)

    def cast(self, node: Cast) -> Any:
        """Turn a value into a number, character or byte."""
        value, kind = self.value(node.value), node.type.lower().rpartition(".")[2]
        number = ord(value) if isinstance(value, str) and len(value) == 1 else value
        if kind in _CHARACTERS:
            return chr(whole(number) & 0xFFFF)
        if kind in _BYTES:
            return whole(number) & 0xFF
        if kind in _WHOLES:
            return whole(number if self.language in {"csharp", "java"} else value)
        return text(_frozen(value)) if kind == "string" and not isinstance(value, list) else value

    def collection(self, node: Collection) -> Any:
        """Give a list, or a dictionary if it has keys."""
        self._spend(len(node.items))
        if any(isinstance(item, Pair) for item in node.items):
            if not all(isinstance(item, Pair) for item in node.items):
                raise NotFoldable
            return {
                self.value(item.key): self.value(item.value) for item in node.items if isinstance(item, Pair)
            }
        return [self.value(item) for item in node.items]

    def new(self, node: New) -> Any:
        """Give an array, a builder of texts, or a text from its characters."""
        kind = node.type.lower()
        given = [self.value(one) for one in node.arguments]
        if kind.endswith(_BUILDERS):
            return _Builder(text(given[0]) if given and isinstance(given[0], str) else "")
        if kind.endswith(("[]", "()")) or kind == "array":
            return self._array(node, given)
        if kind.rpartition(".")[2] == "string" and given:
            first = given[0]
            if isinstance(first, list | tuple) and all(isinstance(one, str) for one in first):
                return "".join(first)
            return function_text(first)
        raise NotFoldable

    def _array(self, node: New, given: list[Any]) -> list[Any]:
        if node.items:
            return [self.value(item) for item in node.items]
        if len(given) != 1 or not 0 <= whole(given[0]) <= MOST_ITEMS:
            return given
        return [0] * whole(given[0])

    def member(self, node: Member) -> Any:
        """Give a length."""
        if node.name.lower() in _COUNTS:
            value = self.value(node.value)
            return value.size if isinstance(value, _Builder) else len(value)
        raise NotFoldable

    def index(self, node: Index) -> Any:
        """Give an item."""
        if len(node.arguments) != 1:
            raise NotFoldable
        return self._item(self.value(node.value), self.value(node.arguments[0]))

    def _item(self, holder: Any, key: Any) -> Any:
        if isinstance(holder, dict):
            return holder[key]
        place = whole(key)
        if place < 0:
            raise IndexError
        return holder[place]

    # -- calls

    def called(self, node: Call) -> Any:
        """Work out a pure function, a function of the page, or (Basic) an index."""
        target = node.function
        if isinstance(target, Name):
            return self._named(node, target)
        if isinstance(target, Member):
            return self._method(node, target)
        if self.basic and len(node.arguments) == 1:
            return self._item(self.value(target), self.value(node.arguments[0]))
        raise NotFoldable

    def _named(self, node: Call, target: Name) -> Any:
        word = target.name.lower()
        holder = self._holder(target) if self.basic and len(node.arguments) == 1 else None
        if holder is not None:
            return self._item(holder, self.value(node.arguments[0]))
        if word.startswith("$"):
            word = text(_frozen(self.name(target))).lower()
        given = [self.value(one) for one in node.arguments]
        function = self.functions.get(word)
        if function is not None:
            return self._run(function, given)
        if not given and self.basic and word == _plain(self.result):
            return self.scope.get(word)
        return self._pure(word, None, given)

    def _holder(self, target: Name) -> Any:
        """Give the list of that name, if there is one: Basic writes an index like a call."""
        held = self.scope.get(self._key(target.name))
        if held is None and self.outer is not None:
            known = self.outer(target.name)
            held = known[0] if known else None
        return held if isinstance(held, list | tuple | dict | bytes) else None

    def _method(self, node: Call, target: Member) -> Any:
        path = dotted(target).lower()
        given = [self.value(one) for one in node.arguments]
        if path.endswith("array.reverse") and len(given) == 1:
            self._store(node.arguments[0], given[0][::-1])
            return None
        if self._is_static(target.value):
            return self._pure(path, None, given)
        owner = self.value(target.value)
        word = target.name.lower()
        if isinstance(owner, _Builder):
            return self._built(owner, word, given)
        if isinstance(owner, list) and word in {"add", "push"} and len(owner) < MOST_ITEMS:
            owner += given
            return None
        return self._pure(word, (_frozen(owner),), given)

    def _is_static(self, node: Node) -> bool:
        """``Convert``, ``Encoding.UTF8``, ``Base64.getDecoder()``, ``new BASE64Decoder()``."""
        while isinstance(node, Member | Call):
            node = node.value if isinstance(node, Member) else node.function
        if isinstance(node, New):
            return not node.arguments and node.type.lower().endswith(_CODERS)
        if not isinstance(node, Name) or self._key(node.name) in self.scope:
            return False
        known = self.outer(node.name) if self.outer is not None else None
        return known is None or known[0] is None

    def _built(self, owner: _Builder, word: str, given: list[Any]) -> Any:
        if word == "append" and given:
            return owner.append(text(_frozen(given[0])))
        if word == "tostring":
            self._spend(owner.size >> 8)
            return owner.whole()
        raise NotFoldable

    def _pure(self, path: str, owner: Folded, given: list[Any]) -> Any:
        arguments = [_frozen(one) for one in given]
        self._spend(sum(len(one) for one in arguments if isinstance(one, str | tuple | bytes)) >> 8)
        folded = fold_call(self.language, path, owner, arguments)
        if folded is None:
            raise NotFoldable
        return folded[0]

    # -- assignments

    def assign(self, node: Assign) -> Any:
        """Give a variable or an item its value."""
        value = self.value(node.value)
        if node.operator not in {"=", ":="}:
            before = self.value(node.target)
            value = apply(self.language, node.operator[:-1], _frozen(before), _frozen(value))
            if isinstance(value, str):
                self._spend(len(value) >> 8)
        self._store(node.target, value)
        return value

    def _store(self, target: Node, value: Any) -> None:
        if isinstance(target, Name):
            self.scope[self._key(target.name)] = value
            return
        holder = (
            target.value
            if isinstance(target, Index)
            else target.function
            if isinstance(target, Call)
            else None
        )
        if not isinstance(holder, Name) or not isinstance(target, Index | Call) or len(target.arguments) > 1:
            raise NotFoldable
        self._store_item(self._key(holder.name), target.arguments, value)

    def _store_item(self, name: str, keys: tuple[Node, ...], value: Any) -> None:
        held = self.scope.get(name)
        if held is None or isinstance(held, bytes | tuple):
            held = list(held or ())
            self._spend(len(held) >> 6)
            self.scope[name] = held
        if not isinstance(held, list | dict) or len(held) > MOST_ITEMS:
            raise NotFoldable
        if not keys:
            _append(held, value)
            return
        key = self.value(keys[0])
        if isinstance(held, list) and isinstance(key, str):
            held = self.scope[name] = dict(enumerate(held))
        _put(held, key, value)

    def declare(self, node: Declare) -> Any:
        """Give a new variable its value; without one it is empty."""
        value = self.value(node.value) if node.value is not None else None
        self.scope[self._key(node.name)] = value
        return value


def _append(held: list[Any] | dict[Any, Any], value: Any) -> None:
    if isinstance(held, list):
        held.append(value)
    else:
        held[len(held)] = value


def _put(held: list[Any] | dict[Any, Any], key: Any, value: Any) -> None:
    if isinstance(held, dict):
        held[key] = value
        return
    place = whole(key)
    if not 0 <= place <= len(held) + 1024:
        raise NotFoldable
    held.extend([None] * (place + 1 - len(held)))
    held[place] = value


def function_text(value: Any) -> str:
    """``new String(bytes)``."""
    return spoken(_frozen(value))


def _plain(name: str) -> str:
    return name.lower()


def _assigned(function: Function) -> list[Name]:
    targets = (node.target for node in walk(*function.body) if isinstance(node, Assign))
    return [target for target in targets if isinstance(target, Name)]


_HANDLERS: Mapping[type[Node], Callable[..., Any]] = {
    Literal: Evaluation.literal, Name: Evaluation.name, Binary: Evaluation.binary, Unary: Evaluation.unary,
    Conditional: Evaluation.conditional, Interpolated: Evaluation.interpolated, Cast: Evaluation.cast,
    Collection: Evaluation.collection, New: Evaluation.new, Member: Evaluation.member,
    Index: Evaluation.index,
    Call: Evaluation.called, Assign: Evaluation.assign, Declare: Evaluation.declare,
}  # fmt: skip
