"""The common part of all parsers: words in, expressions out, by operator precedence.

A dialect is a set of tables from words to small functions (``Grammar``): ``prefix`` for what an expression
can begin with,
``postfix`` for what may follow an operand, ``infix`` for operators with their power. Whatever fits no table
becomes ``Unknown`` and the parser goes on. It never goes back over words, looks ahead only by bounds and by
matched brackets, and nests no deeper than ``DEEPEST_NEST``; so its time is linear and its stack bounded for
any input.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import force_setattr

from tocsin.detections.webshells.code import (
    DEEPEST,
    Assign,
    Binary,
    Call,
    Name,
    Node,
    Piece,
    Unary,
    Unit,
    Unknown,
    children,
)
from tocsin.detections.webshells.languages.tokens import OUTPUT, Lexicon, Tokens, cut

DEEPEST_NEST = 90
"""Expressions and blocks within one another; what lies deeper is passed over as ``Unknown``."""
LONGEST_CHAIN = 40
"""Members, calls and operators in a row; a longer chain goes on from a made variable."""
STOPS = frozenset({",", ";", ")", "]", "}", "", "\n"})
"""Where reading goes on after a stretch that was not understood."""


class Grammar(Struct, frozen=True, kw_only=True):
    """The tables of one dialect; their functions take the parser first.

    Attributes:
        first: by the first character of a word that stands in no other table.
        infix: power, and the function that takes the left operand and the power.
        reserved: words that are no names.
        statement: reads one statement.
        lambdas: arrows behind a list of parameters.
        casts: ``(Type)x`` is a cast.
        initialisers: braces behind ``new T()`` hold values, not members.
        block_ends: words that end a block which a colon opened (PHP).
    """

    language: str
    lexicon: Lexicon
    prefix: dict[str, Prefix]
    first: dict[str, Prefix]
    postfix: dict[str, Postfix]
    infix: dict[str, tuple[int, Infix]]
    statements: dict[str, Statement]
    modifiers: frozenset[str]
    reserved: frozenset[str]
    statement: Statement
    lambdas: frozenset[str] = frozenset()
    casts: bool = False
    initialisers: bool = True
    block_ends: frozenset[str] = frozenset()


class Parser:
    """Reads the words of one file from front to back.

    Attributes:
        at: index of the next word.
        out: where statements go, the innermost body last.
        attributes: of the declaration that is being read; so are ``modifiers``.
        classes: names of the classes around; an empty one for a function in between.
        opened: kinds of the blocks around, innermost last (Basic).
        with_targets: targets of the ``With`` blocks around (Basic).
    """

    __slots__ = (
        "at", "attributes", "chain", "classes", "ends", "grammar", "infix", "keys", "made", "modifiers",
        "nest",
        "opened", "out", "partner", "postfix", "prefix", "starts", "tallest", "text", "tokens", "unknown",
        "with_targets", "words",
    )  # fmt: skip

    def __init__(self, text: str, tokens: Tokens, grammar: Grammar) -> None:
        """Stand before the first word."""
        self.text = text
        self.tokens = tokens
        self.words, self.keys = tokens.words, tokens.keys
        self.starts, self.ends, self.partner = tokens.starts, tokens.ends, tokens.partner
        self.grammar = grammar
        self.prefix, self.postfix, self.infix = grammar.prefix, grammar.postfix, grammar.infix
        self.at = 0
        self.nest = self.tallest = self.chain = self.made = self.unknown = 0
        self.out: list[Node] = []
        self.attributes: tuple[Node, ...] = ()
        self.modifiers: tuple[str, ...] = ()
        self.classes: list[str] = []
        self.with_targets: list[Node] = []
        self.opened: list[str] = []

    # -- expressions

    def expression(self, floor: int = 0) -> Node:
        """Read an expression whose operators bind tighter than ``floor``, or an empty ``Unknown``."""
        self.nest = nest = self.nest + 1
        if nest > DEEPEST_NEST:
            self.nest = nest - 1
            return self.skipped()
        node = self.continued(self.operand(), floor)
        self.tallest = max(self.tallest, nest)
        self.nest = nest - 1
        return node

    def continued(self, node: Node, floor: int = 0) -> Node:
        """Read the operators behind an operand that bind tighter than ``floor``."""
        entry = self.infix.get(self.keys[self.at])
        steps = 0
        while entry is not None and entry[0] > floor:
            before = self.at
            node = entry[1](self, node, entry[0])
            if self.at == before:
                break
            steps += 1
            if steps > LONGEST_CHAIN:
                node, steps = self.spilled(node), 0
            entry = self.infix.get(self.keys[self.at])
        self.chain = max(self.chain, steps)
        return node

    def operand(self) -> Node:
        """Read what operators join: a name, constant or bracket with all its members, calls and indexes."""
        at = self.at
        key = self.keys[at]
        handler = self.prefix.get(key)
        if handler is None:
            handler = self.grammar.first.get(key[0])
        if handler is None:
            self.at = at + 1
            node: Node = Name(self.starts[at], self.ends[at], self.words[at])
        else:
            node = handler(self)
        follow = self.postfix.get(self.keys[self.at])
        return node if follow is None else self._followed(node, follow)

    def _followed(self, node: Node, follow: Postfix | None) -> Node:
        links = 0
        while follow is not None:
            longer = follow(self, node)
            if longer is None:
                break
            node = longer
            links += 1
            if links > LONGEST_CHAIN:
                node, links = self.spilled(node), 0
            follow = self.postfix.get(self.keys[self.at])
        self.chain = max(self.chain, links)
        return node

    def spilled(self, node: Node) -> Name:
        """Put what was read so far into a made variable before this statement, and give its name."""
        self.made += 1
        name = Name(node.start, node.end, f"·{self.made}")
        self.out.append(Assign(node.start, node.end, "=", name, node))
        return name

    # -- lists

    def listed(self, closer: str, item: Item, separators: Container[str] = (",",)) -> tuple[Node, ...]:
        """Read items from the opening bracket to its closer; a cut-off list ends where the code does."""
        self.at += 1
        keys = self.keys
        found: list[Node] = []
        while (key := keys[self.at]) != closer and key:
            before = self.at
            if key not in separators:
                found.append(item(self))
            key = keys[self.at]
            if key in separators:
                self.at += 1
            elif key == closer:
                break
            elif self.at == before or key not in STOPS:
                found.append(self.skipped())
                if self.at == before:
                    break
            else:
                break
        if keys[self.at] == closer:
            self.at += 1
        return tuple(found)

    # -- what was not understood

    def skipped(self) -> Unknown:
        """Pass over words up to a stop on this level; an ``Unknown`` over them, empty if at a stop."""
        begin = at = self.at
        keys, partner = self.keys, self.partner
        while keys[at] not in STOPS:
            at = partner.get(at, at) + 1
        self.at = at
        return self.unread(begin)

    def unread(self, begin: int) -> Unknown:
        """Give an ``Unknown`` from the word at ``begin`` to the one before the present."""
        start = self.starts[begin]
        end = self.ends[self.at - 1] if self.at > begin else start
        self.unknown += end - start
        return Unknown(start, max(start, end))

    def misplaced(self) -> Unknown:
        """Give an empty ``Unknown`` here; the word stays for whoever expects it."""
        start = self.starts[self.at]
        return Unknown(start, start)

    # -- code inside texts

    def inner(self, start: int, end: int) -> Node:
        """Read the expression in a stretch of the text that stands inside a word (a hole in a text)."""
        tokens = cut(self.text, (Piece(start, end),), self.grammar.lexicon)
        inside = Parser(self.text, tokens, self.grammar)
        inside.nest, inside.made, inside.with_targets = self.nest, self.made + 1, self.with_targets
        node = inside.expression()
        self.out += inside.out
        self.made, self.unknown = inside.made, self.unknown + inside.unknown
        self.tallest, self.chain = max(self.tallest, inside.tallest), max(self.chain, inside.chain)
        return node

    # -- small steps

    def end(self) -> int:
        """Where the last word that was read ends."""
        return self.ends[self.at - 1]

    def accept(self, key: str) -> bool:
        """Pass over the word if it is this one."""
        if self.keys[self.at] == key:
            self.at += 1
            return True
        return False

    def is_name(self, at: int) -> bool:
        """Tell whether the word can be a name or a type."""
        key = self.keys[at]
        if not key or key in self.grammar.reserved:
            return False
        first = key[0]
        return first.isalpha() or first in "_$@" or (first == "\\" and len(key) > 1)

    def joined(self, begin: int, end: int) -> str:
        """Give the words as one, without blanks."""
        return "".join(self.words[begin:end])

    def outputs(self) -> Node:
        """Read the expression of ``<%= … %>`` behind its made word."""
        begin = self.at
        self.at += 1
        start = self.starts[begin]
        value = self.expression()
        values = [value]
        while self.accept(","):
            values.append(self.expression())
        return Call(start, max(self.end(), start), Name(start, start, OUTPUT), tuple(values))

    # -- the whole

    def unit(self) -> Unit:
        """Read all statements; every word is read or under an ``Unknown``."""
        while self.keys[self.at]:
            self.step()
        body = tuple(self.out)
        if (self.tallest + 4) * (2 * self.chain + 3) > DEEPEST:
            cut_deep(body)
        return Unit(
            language=self.grammar.language,
            body=body,
            comments=self.tokens.comments,
            tokens=len(self.words),
            unknown=self.unknown,
            limits=self.tokens.limits,
            open_end=self.tokens.open_end,
        )

    def step(self) -> None:
        """Read one statement, or pass over one word that begins none."""
        before = self.at
        self.grammar.statement(self)
        if self.at == before:
            self.at += 1
            unread = self.unread(before)
            if unread.end > unread.start:
                self.out.append(unread)

    def body(self, closers: Container[str]) -> tuple[Node, ...]:
        """Read statements up to one of the closers (which stays) or the end; pass over too deep ones."""
        outer, self.out = self.out, []
        self.nest += 1
        if self.nest > DEEPEST_NEST:
            self.out.append(self._too_deep(closers))
        while (key := self.keys[self.at]) not in closers and key:
            self.step()
        self.tallest = max(self.tallest, self.nest)
        self.nest -= 1
        inner, self.out = self.out, outer
        return tuple(inner)

    def _too_deep(self, closers: Container[str]) -> Unknown:
        begin = at = self.at
        while (key := self.keys[at]) not in closers and key:
            at = self.partner.get(at, at) + 1
        self.at = at
        return self.unread(begin)


Prefix: TypeAlias = Callable[[Parser], Node]
Postfix: TypeAlias = Callable[[Parser, Node], Node | None]
Infix: TypeAlias = Callable[[Parser, Node, int], Node]
Statement: TypeAlias = Callable[[Parser], None]
Item: TypeAlias = Callable[[Parser], Node]


def run_of(parser: Parser, first: Node, power: int) -> Node:
    """Read the other operands of one operator: ``a & b & c`` is one node."""
    keys = parser.keys
    operator = keys[parser.at]
    operands = [first]
    while keys[parser.at] == operator:
        parser.at += 1
        operands.append(parser.expression(power))
    last = operands[-1]
    return Binary(first.start, max(first.end, last.end), operator, tuple(operands))


def assigned(parser: Parser, target: Node, power: int) -> Node:
    """Read ``= value``; binds to the right."""
    operator = parser.keys[parser.at]
    parser.at += 1
    value = parser.expression(power - 1)
    return _into(target, operator, value)


_PASSED_BY_ASSIGNMENT = frozenset("!@-+~")


def _into(target: Node, operator: str, value: Node) -> Node:
    """``!a = f()`` and ``a && b = f()`` assign to the last operand, as PHP and JScript read them."""
    end = max(target.end, value.end)
    if isinstance(target, Unary) and target.operator in _PASSED_BY_ASSIGNMENT:
        return Unary(target.start, end, target.operator, _into(target.value, operator, value))
    if isinstance(target, Binary):
        last = _into(target.operands[-1], operator, value)
        return Binary(target.start, end, target.operator, (*target.operands[:-1], last))
    return Assign(target.start, end, operator, target, value)


def cut_deep(body: tuple[Node, ...]) -> None:
    """Replace what lies deeper than ``DEEPEST`` by ``Unknown``, in place: the tree is still ours alone."""
    waiting: list[tuple[Node, int]] = [(node, 1) for node in body]
    while waiting:
        node, depth = waiting.pop()
        below = children(node)
        if depth < DEEPEST - 1:
            waiting += [(child, depth + 1) for child in below]
        elif any(children(child) for child in below):
            _blunt(node)


def _blunt(node: Node) -> None:
    for field in node.__struct_fields__:
        value = getattr(node, field)
        if isinstance(value, Node):
            force_setattr(node, field, Unknown(value.start, value.end))
        elif field == "parameters":
            force_setattr(node, field, ())
        elif isinstance(value, tuple):
            blunt = tuple(Unknown(item.start, item.end) if isinstance(item, Node) else item for item in value)
            force_setattr(node, field, blunt)
