"""The expressions of ``evaluation``: constants, operators, lists, pure calls and assignments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tocsin.detections.webshells.code import (
    Assign,
    Binary,
    Call,
    Cast,
    Collection,
    Conditional,
    Declare,
    Function,
    Index,
    Interpolated,
    Literal,
    Member,
    Name,
    New,
    Node,
    Pair,
    Unary,
    dotted,
)
from tocsin.detections.webshells.encodings import spoken
from tocsin.detections.webshells.folding import Builder, Folded, NotFoldable, fold_call, frozen
from tocsin.detections.webshells.operators import BASIC, apply, truth
from tocsin.detections.webshells.pure import MOST_ITEMS, text, whole

STEPS = 200_000
"""Nodes worked out for one page; 1,000 of them take about a millisecond."""
_DEEPEST_NODES = 60
_AND, _OR = frozenset({"&&", "andalso"}), frozenset({"||", "orelse"})
_COUNTS = frozenset({"length", "count", "size"})
_BUILDERS = ("stringbuilder", "stringbuffer")
_CODERS = ("decoder", "encoder", "encoding")
_CHARACTERS = frozenset({"char", "character"})
_BYTES = frozenset({"byte", "sbyte"})
_WHOLES = frozenset({"int", "integer", "long", "short", "int32", "uint", "int64", "uint32", "ushort"})


class Expressions:
    """Works out expressions; what a name or function is comes from the scope, the page, or outside.

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

    def run(self, function: Function, given: list[Any]) -> Any:
        """Work out what a function of the page returns."""
        raise NotImplementedError

    def key(self, name: str) -> str:
        """Give the name under which a variable is kept."""
        return name.lower() if self.basic else name

    # -- expressions

    def spend(self, steps: int) -> None:
        """Count steps.

        Raises:
            NotFoldable: none are left.
        """
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
        self.spend(1)
        self.depth += 1
        value = handler(self, node)
        self.depth -= 1
        return value

    def literal(self, node: Literal) -> Any:
        """Give a constant."""
        return node.value

    def name(self, node: Name) -> Any:
        """Give a variable."""
        key = self.key(node.name)
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
            result = apply(self.language, sign, frozen(result), frozen(self.value(operand)))
            if isinstance(result, str):
                self.spend(len(result) >> 8)
        return result

    def _either(self, node: Binary, *, stop: bool) -> bool:
        return any(truth(self.value(one)) is stop for one in node.operands) is stop

    def unary(self, node: Unary) -> Any:
        """Work out a sign, or count."""
        value = self.value(node.value)
        if node.operator in {"++", "--"}:
            longer = whole(value or 0) + (1 if node.operator == "++" else -1)
            self.store(node.value, longer)
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
        return "".join(text(frozen(self.value(part))) for part in node.parts)

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
        return text(frozen(value)) if kind == "string" and not isinstance(value, list) else value

    def collection(self, node: Collection) -> Any:
        """Give a list, or a dictionary if it has keys."""
        self.spend(len(node.items))
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
            return Builder(text(given[0]) if given and isinstance(given[0], str) else "")
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
            return value.size if isinstance(value, Builder) else len(value)
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
            word = text(frozen(self.name(target))).lower()
        given = [self.value(one) for one in node.arguments]
        function = self.functions.get(word)
        if function is not None:
            return self.run(function, given)
        if not given and self.basic and word == _plain(self.result):
            return self.scope.get(word)
        return self._pure(word, None, given)

    def _holder(self, target: Name) -> Any:
        """Give the list of that name, if there is one: Basic writes an index like a call."""
        held = self.scope.get(self.key(target.name))
        if held is None and self.outer is not None:
            known = self.outer(target.name)
            held = known[0] if known else None
        return held if isinstance(held, list | tuple | dict | bytes) else None

    def _method(self, node: Call, target: Member) -> Any:
        path = dotted(target).lower()
        given = [self.value(one) for one in node.arguments]
        if path.endswith("array.reverse") and len(given) == 1:
            self.store(node.arguments[0], given[0][::-1])
            return None
        if self._is_static(target.value):
            return self._pure(path, None, given)
        owner = self.value(target.value)
        word = target.name.lower()
        if isinstance(owner, Builder):
            return self._built(owner, word, given)
        if isinstance(owner, list) and word in {"add", "push"} and len(owner) < MOST_ITEMS:
            owner += given
            return None
        return self._pure(word, (frozen(owner),), given)

    def _is_static(self, node: Node) -> bool:
        """``Convert``, ``Encoding.UTF8``, ``Base64.getDecoder()``, ``new BASE64Decoder()``."""
        while isinstance(node, Member | Call):
            node = node.value if isinstance(node, Member) else node.function
        if isinstance(node, New):
            return not node.arguments and node.type.lower().endswith(_CODERS)
        if not isinstance(node, Name) or self.key(node.name) in self.scope:
            return False
        known = self.outer(node.name) if self.outer is not None else None
        return known is None or known[0] is None

    def _built(self, owner: Builder, word: str, given: list[Any]) -> Any:
        if word == "append" and given:
            return owner.append(text(frozen(given[0])))
        if word == "tostring":
            self.spend(owner.size >> 8)
            return owner.whole()
        raise NotFoldable

    def _pure(self, path: str, owner: Folded, given: list[Any]) -> Any:
        arguments = [frozen(one) for one in given]
        self.spend(sum(len(one) for one in arguments if isinstance(one, str | tuple | bytes)) >> 8)
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
            value = apply(self.language, node.operator[:-1], frozen(before), frozen(value))
            if isinstance(value, str):
                self.spend(len(value) >> 8)
        self.store(node.target, value)
        return value

    def store(self, target: Node, value: Any) -> None:
        """Put a value into a variable or an item."""
        if isinstance(target, Name):
            self.scope[self.key(target.name)] = value
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
        self._store_item(self.key(holder.name), target.arguments, value)

    def _store_item(self, name: str, keys: tuple[Node, ...], value: Any) -> None:
        held = self.scope.get(name)
        if held is None or isinstance(held, bytes | tuple):
            held = list(held or ())
            self.spend(len(held) >> 6)
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
        self.scope[self.key(node.name)] = value
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
    return spoken(frozen(value))


def _plain(name: str) -> str:
    return name.lower()


_HANDLERS: Mapping[type[Node], Callable[..., Any]] = {
    Literal: Expressions.literal, Name: Expressions.name, Binary: Expressions.binary,
    Unary: Expressions.unary,
    Conditional: Expressions.conditional, Interpolated: Expressions.interpolated, Cast: Expressions.cast,
    Collection: Expressions.collection, New: Expressions.new, Member: Expressions.member,
    Index: Expressions.index,
    Call: Expressions.called, Assign: Expressions.assign, Declare: Expressions.declare,
}  # fmt: skip
