"""One small form for the code of every language, with the place of everything in it.

A page in C#, JScript, Java, PHP, VBScript or VB.NET becomes a ``Unit``: nodes in the order of the text
(``languages.parse``). There are few kinds of node, for what follows asks few questions: where does a value
come from, where does it go, is it ever reached? So all blocks (``if``, ``for``, ``try``, ``namespace`` ...)
are one ``Block`` with its kind as a word, an expression may stand where a statement does, and the sugar of
the languages is spelled out:

===========================  =======================================================================
written                      given as
===========================  =======================================================================
``a & b & c``                ``Binary("&", (a, b, c))``: one node for a run of one operator
``"x$y"``, ``$"x{y}"``       ``Interpolated((Literal, Name))``
``else if (t) { }``          ``Block("elseif", (t,), ...)`` *beside* the ``if``; so are ``else``,
                             ``catch``, ``finally``
``foreach (T x in c)``       ``Block("foreach", (Declare("x", "T", Index(c, ())),), ...)``: an index
                             without arguments is "some element"
``With a`` ... ``.b``        ``Member(a, "b")``, with the span of ``.b``
``f x, y`` (Basic)           ``Call(Name("f"), (x, y))``
``Execute s``, ``echo s``    ``Call(Name("Execute"), (s,))``; so are ``include``, ``print``, ``unset`` ...
backticks (PHP)              ``Call(Name("shell_exec"), (...,))``
``<%= x %>``, ``<?= x ?>``   ``Call(Name("<%="), (x,))``
``k: v``, ``k => v``         ``Pair(k, v)`` in a ``Collection`` or, for a named argument, among arguments
``x.y ??= z``, ``x .= z``    ``Assign("??=", x.y, z)``: the operator as written
===========================  =======================================================================

Every node carries ``start`` and ``end``: characters of the text that the parser was given. Names keep the
spelling of the text (unicode escapes decoded; with PHP's ``$``, without the brackets of Basic's ``[a]``):
compare them with ``lower()`` where the language does not tell case apart.

What could not be read is an ``Unknown`` with its span, and the code goes on behind it. A tree is never
deeper than ``DEEPEST``, blocks included. A longer chain is cut by a made variable (``Assign("=",
Name("·1"), ...)`` before the statement, ``Name("·1")`` in it), which changes nothing for the flow of values.

Fields are given by position here, against the custom of the house: millions of nodes are made, and that
is faster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct

DEEPEST = 200
"""Nodes above one another in a unit, at most."""

Constant: TypeAlias = str | int | float | bool | None
"""What a ``Literal`` holds; ``None`` is null, Nothing, Empty, undefined."""


class Node(Struct, frozen=True, gc=False):
    """Anything with a place: characters ``start`` to ``end`` (exclusive) of the text."""

    start: int
    end: int


class Unknown(Node, frozen=True, gc=False):
    """A stretch that no rule of the language fits, or that is too deep."""


class Literal(Node, frozen=True, gc=False):
    """A constant, decoded: escapes resolved, numbers read."""

    value: Constant


class Name(Node, frozen=True, gc=False):
    """A variable, function, type or ``this``/``Me``/``base``."""

    name: str


class Member(Node, frozen=True, gc=False):
    """``value.name``, ``value->name``, ``value::name``, ``value!name``, ``value?.name``."""

    value: Node
    name: str


class Call(Node, frozen=True, gc=False):
    """``function(arguments)``; in Basic an index as well, for it is written the same."""

    function: Node
    arguments: tuple[Node, ...]


class Index(Node, frozen=True, gc=False):
    """``value[arguments]``; without arguments: some element of it, or (PHP) its next one."""

    value: Node
    arguments: tuple[Node, ...]


class New(Node, frozen=True, gc=False):
    """``new type(arguments) { items }``.

    Attributes:
        type: the type as one word without blanks (``List<string>``, ``byte[]``), or empty when it is worked
            out at run time.
        callee: the expression that gives the type, when ``type`` is empty.
        items: initialisers (elements, ``Pair``), or the members of an anonymous class.
    """

    type: str
    callee: Node | None
    arguments: tuple[Node, ...]
    items: tuple[Node, ...]


class Collection(Node, frozen=True, gc=False):
    """An array, list, dictionary or object written out; its items may be ``Pair`` and ``Function``."""

    items: tuple[Node, ...]


class Pair(Node, frozen=True, gc=False):
    """``key: value`` of a collection or a named argument (the key is then a ``Literal`` text)."""

    key: Node
    value: Node


class Binary(Node, frozen=True, gc=False):
    """A run of one operator over two or more operands, as written, lower case for words (``and``, ``is``)."""

    operator: str
    operands: tuple[Node, ...]


class Unary(Node, frozen=True, gc=False):
    """``operator value``, also ``await``, ``throw``, ``@`` (PHP), ``x++`` as ``++``."""

    operator: str
    value: Node


class Conditional(Node, frozen=True, gc=False):
    """``test ? yes : no``; ``a ?: b`` has ``a`` as test and as yes."""

    test: Node
    yes: Node
    no: Node


class Assign(Node, frozen=True, gc=False):
    """``target = value`` and its kin; the target may be a ``Collection`` (``list($a, $b) = …``)."""

    operator: str
    target: Node
    value: Node


class Interpolated(Node, frozen=True, gc=False):
    """A text with values in it: literals and expressions in order."""

    parts: tuple[Node, ...]


class Cast(Node, frozen=True, gc=False):
    """``(type)value``, ``value as type``, ``CType(value, type)``: the value passes through."""

    type: str
    value: Node


class Parameter(Node, frozen=True, gc=False):
    """A parameter of a function."""

    name: str
    type: str
    default: Node | None
    attributes: tuple[Node, ...]


class Function(Node, frozen=True, gc=False):
    """A function, method, accessor or lambda; inside an expression it is a value.

    Attributes:
        name: empty for a lambda; a constructor has its class's name, ``__construct`` or ``New``; an accessor
            its property's.
        kind: ``function`` (also Sub), ``constructor``, ``getter``, ``setter``, ``lambda``.
        attributes: ``[WebMethod]`` as ``Name`` or ``Call``; annotations of Java likewise.
        modifiers: lower case words: ``public``, ``static`` …
        returns: declared type, or empty.
        handles: events that it is bound to by ``Handles`` (VB.NET).
    """

    name: str
    kind: str
    parameters: tuple[Parameter, ...]
    body: tuple[Node, ...]
    attributes: tuple[Node, ...]
    modifiers: tuple[str, ...]
    returns: str
    handles: tuple[str, ...]


class Class(Node, frozen=True, gc=False):
    """A class, struct, interface, trait, enum or module with its members."""

    name: str
    bases: tuple[str, ...]
    body: tuple[Node, ...]
    attributes: tuple[Node, ...]
    modifiers: tuple[str, ...]


class Declare(Node, frozen=True, gc=False):
    """A variable, constant or field, one node each; its value may be absent.

    Attributes:
        type: as one word without blanks, or empty.
        modifiers: lower case words, among them ``const`` and ``field`` (a member of a class).
    """

    name: str
    type: str
    value: Node | None
    modifiers: tuple[str, ...]


class Block(Node, frozen=True, gc=False):
    """Statements under a heading; ``head`` is evaluated first.

    Attributes:
        kind: lower case word: ``if elseif else switch case default for foreach while do try catch finally
            using lock with namespace block`` ... A test of ``do ... while`` stands in ``head`` too.
    """

    kind: str
    head: tuple[Node, ...]
    body: tuple[Node, ...]


class Jump(Node, frozen=True, gc=False):
    """``return throw break continue goto exit yield``, in lower case, with what is handed on."""

    kind: str
    value: Node | None


class Import(Node, frozen=True, gc=False):
    """``using X``, ``import X``, ``Imports X``, ``use X``; ``alias`` is empty if none is given."""

    name: str
    alias: str


class Piece(Struct, frozen=True, gc=False):
    """A stretch of code in a text, as it stands between the marks of a template.

    Attributes:
        start: first character of the code.
        end: the character behind its last one.
        output: the code is an expression that the page writes (``<%= x %>``).
    """

    start: int
    end: int
    output: bool = False


class Unit(Struct, frozen=True, kw_only=True, gc=False):
    """The code of one language in one file, in the order of the text.

    Attributes:
        language: ``csharp jscript java php vbscript vbnet``.
        body: statements and declarations.
        comments: spans of comments.
        tokens: how many tokens were read (comments and blanks apart).
        unknown: characters under ``Unknown`` nodes.
        limits: bounds that were met, in words; empty if the whole code was read.
        open_end: the code stops inside a bracket, block, text or comment: it was cut off, or it is not code.
    """

    language: str
    body: tuple[Node, ...]
    comments: tuple[tuple[int, int], ...] = ()
    tokens: int = 0
    unknown: int = 0
    limits: tuple[str, ...] = ()
    open_end: bool = False


_BELOW: Mapping[type[Node], Callable[..., tuple[Node | None, ...]]] = {
    Member: lambda node: (node.value,),
    Call: lambda node: (node.function, *node.arguments),
    Index: lambda node: (node.value, *node.arguments),
    New: lambda node: (node.callee, *node.arguments, *node.items),
    Collection: lambda node: node.items,
    Pair: lambda node: (node.key, node.value),
    Binary: lambda node: node.operands,
    Unary: lambda node: (node.value,),
    Conditional: lambda node: (node.test, node.yes, node.no),
    Assign: lambda node: (node.target, node.value),
    Interpolated: lambda node: node.parts,
    Cast: lambda node: (node.value,),
    Parameter: lambda node: (node.default, *node.attributes),
    Function: lambda node: (*node.attributes, *node.parameters, *node.body),
    Class: lambda node: (*node.attributes, *node.body),
    Declare: lambda node: (node.value,),
    Block: lambda node: (*node.head, *node.body),
    Jump: lambda node: (node.value,),
}


def children(node: Node) -> list[Node]:
    """Give the nodes directly below a node, in the order of evaluation as far as the text shows it."""
    below = _BELOW.get(type(node))
    return [] if below is None else [child for child in below(node) if child is not None]


def walk(*nodes: Node) -> Iterator[Node]:
    """Yield the nodes and everything below them, a node before its children, without recursion."""
    waiting: list[Node | None] = list(reversed(nodes))
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        yield node
        below = _BELOW.get(type(node))
        if below is not None:
            waiting.extend(reversed(below(node)))


def dotted(node: Node | None) -> str:
    """Give ``a.b.c`` for names and members, ``Request.Form`` for ``Request.Form("x")``; else an empty text.

    Calls and indexes on the way are passed over (``Process.GetCurrentProcess().MainModule`` gives
    ``Process.GetCurrentProcess.MainModule``), so the word names what is used, not how.
    """
    words: list[str] = []
    while node is not None:
        if isinstance(node, Member):
            words.append(node.name)
            node = node.value
        elif isinstance(node, Call):
            node = node.function
        elif isinstance(node, Index | Cast):
            node = node.value
        else:
            break
    if isinstance(node, Name):
        words.append(node.name)
    elif isinstance(node, New) and node.type:
        words.append(node.type)
    else:
        return ""
    return ".".join(reversed(words))
