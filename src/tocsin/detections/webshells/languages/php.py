"""PHP."""

from __future__ import annotations

import re

from tocsin.detections.webshells.code import (
    Assign,
    Call,
    Cast,
    Collection,
    Declare,
    Function,
    Import,
    Index,
    Jump,
    Literal,
    Member,
    Name,
    New,
    Node,
    Pair,
    Unary,
)
from tocsin.detections.webshells.languages import curly, declarations, functions, operands, php_texts
from tocsin.detections.webshells.languages.csharp import FIRST, INFIX, POSTFIX, PREFIX
from tocsin.detections.webshells.languages.parser import Grammar, Parser, assigned, run_of
from tocsin.detections.webshells.languages.tokens import BLOCK_COMMENT, NUMBER, Lexicon
from tocsin.model.expressions import compiled

GAP = rf"((?:\s++|//[^\r\n]*+|{BLOCK_COMMENT}|\#\[[^\]\r\n]*+\]|\#[^\r\n]*+)*+)"
NAME = r"(?:\$?[^\W\d]|\\(?=[^\W\d])|\$?[^\x00-\x7f])(?:\w|[^\x00-\x7f]|\\(?=\w))*+"
TEXTS = r'b?"(?:[^"\\]++|\\.)*+"?+|b?\'(?:[^\'\\]++|\\.)*+\'?+|`(?:[^`\\]++|\\.)*+`?+'
OPERATORS = (
    r"<=>|\*\*=|\.\.\.|<<=|>>=|===|!==|\?\?=|\?->|\*\*|=>|->|==|!=|<>|<=|>=|&&|\|\||"
    r"\?\?|\+\+|--|<<|>>|::|[-+*/%.&|^]=|\?>|."
)
HEREDOC = compiled(
    r"<<<[ \t]*([\"']?)([^\W\d]\w*+)\1\r?\n(?:.*?\n)??[ \t]*\2\b|<<<[ \t]*[\"']?[^\W\d]\w*+[\"']?\r?\n.*\Z",
    re.DOTALL,
)
LEXICON = Lexicon(
    pattern=compiled(rf"{GAP}({TEXTS}|{NAME}|{NUMBER}|{OPERATORS}|\Z)", re.DOTALL),
    fold_case=True,
    own=HEREDOC,
)
_CASTS = frozenset(
    [
        "string",
        "int",
        "integer",
        "float",
        "double",
        "bool",
        "boolean",
        "array",
        "object",
        "binary",
        "unset",
        "real",
    ]
)
_MODIFIERS = frozenset(["public", "private", "protected", "static", "final", "abstract", "readonly", "var"])
_RESERVED = frozenset(
    [
        "if",
        "else",
        "elseif",
        "for",
        "foreach",
        "while",
        "do",
        "switch",
        "case",
        "return",
        "throw",
        "new",
        "try",
        "catch",
        "finally",
        "break",
        "continue",
        "instanceof",
        "as",
        "function",
        "fn",
        "class",
        "true",
        "false",
        "null",
        "echo",
        "print",
        "and",
        "or",
        "xor",
        "global",
        "use",
        "namespace",
        "include",
        "include_once",
        "require",
        "require_once",
        "clone",
        "yield",
    ]
)
_BLOCK_ENDS = frozenset(
    ["endif", "endwhile", "endfor", "endforeach", "endswitch", "enddeclare", "else", "elseif", "}"]
)
_MOST_DOLLARS = 200


# -- operands


def bracketed(parser: Parser) -> Node:
    """Read ``(string)x`` or a bracket."""
    at = parser.at
    if parser.keys[at + 1] in _CASTS and parser.keys[at + 2] == ")":
        parser.at = at + 3
        value = parser.expression(operands.UNARY_POWER)
        return Cast(parser.starts[at], max(parser.end(), value.end), parser.keys[at + 1], value)
    return operands.bracketed(parser)


def dollar(parser: Parser) -> Node:
    """Read ``$$a``, ``${expression}``."""
    begin = parser.at
    parser.at += 1
    if parser.keys[parser.at] == "{":
        parser.at += 1
        value = parser.expression()
        parser.accept("}")
    elif parser.keys[parser.at][:1] == "$":
        parser.nest += 1
        value = (
            dollar(parser)
            if parser.keys[parser.at] == "$" and parser.nest < _MOST_DOLLARS
            else _variable(parser)
        )
        parser.nest -= 1
    else:
        return parser.unread(begin)
    return Unary(parser.starts[begin], max(parser.end(), value.end), "$", value)


def _variable(parser: Parser) -> Node:
    if len(parser.words[parser.at]) < 2:  # noqa: PLR2004 -- a dollar and a letter
        return parser.misplaced()
    return operands.named(parser)


def member(parser: Parser, node: Node) -> Node | None:
    """Read ``->name``, ``->$name``, ``->{expression}``, ``::name``, ``::$name``."""
    key = parser.keys[parser.at + 1]
    if key == "{":
        parser.at += 2
        value = parser.expression()
        parser.accept("}")
        return Index(node.start, max(node.end, parser.end()), node, (value,))
    if key[:1] == "$" and parser.keys[parser.at] != "::":
        parser.at += 1
        name = dollar(parser) if key == "$" else _variable(parser)
        return Index(node.start, max(node.end, parser.end()), node, (name,))
    return operands.member(parser, node)


def braces(parser: Parser, node: Node) -> Node | None:
    """Read ``$a{0}``; braces behind anything else open a block."""
    if not isinstance(node, Name | Index | Member) or parser.ends[parser.at - 1] != parser.starts[parser.at]:
        return None
    if isinstance(node, Name) and node.name[0] != "$":
        return None
    arguments = parser.listed("}", operands.argument)
    return Index(node.start, max(node.end, parser.end()), node, arguments)


def written_out(parser: Parser) -> Node:
    """Read ``array(k => v)`` and ``list($a, $b)``; a plain name otherwise."""
    at = parser.at
    if parser.keys[at + 1] != "(":
        return operands.named(parser)
    parser.at += 1
    items = parser.listed(")", operands.argument)
    return Collection(parser.starts[at], parser.end(), items)


def construct(parser: Parser) -> Node:
    """Read ``include x``, ``print x``, ``exit``, ``clone x`` as a call."""
    at = parser.at
    parser.at += 1
    name = Name(parser.starts[at], parser.ends[at], parser.keys[at])
    if parser.keys[parser.at] in {";", ")", ",", "}", "]", "", "?>", "or", "and", ":"}:
        return Call(name.start, name.end, name, ())
    value = parser.expression(15)
    arguments = value.items if isinstance(value, Collection) and not value.items else (value,)
    return Call(name.start, max(parser.end(), value.end), name, arguments)


def match(parser: Parser) -> Node:
    """Read ``match (x) { a => b, … }``; a function of that name otherwise."""
    at = parser.at
    closer = parser.partner.get(at + 1, -1)
    if parser.keys[at + 1] != "(" or closer < 0 or parser.keys[closer + 1] != "{":
        return operands.named(parser)
    parser.at += 1
    tests = parser.listed(")", operands.argument)
    arms = parser.listed("}", operands.entry)
    return Collection(parser.starts[at], parser.end(), tests + arms)


# -- statements


def globals_of(parser: Parser) -> None:
    """Read ``global $a, $b;``: each is the variable of that name outside."""
    begin = parser.at
    parser.at += 1
    while parser.keys[parser.at][:1] == "$":
        at = parser.at
        before = parser.at
        target = parser.expression()
        if isinstance(target, Name):
            outside = Index(
                target.start, target.end, Name(target.start, target.end, "$GLOBALS"),
                (Literal(target.start, target.end, target.name[1:]),),
            )  # fmt: skip
            parser.out.append(Assign(parser.starts[at], target.end, "=", target, outside))
        if not parser.accept(",") or parser.at == before:
            break
    del begin
    declarations.finished(parser)


def static(parser: Parser) -> None:
    """Read ``static $a = 1;``, ``static::f()``, ``static function``."""
    if parser.keys[parser.at + 1] in {"::", "("}:
        declarations.simple(parser)
    else:
        declarations.declared(parser)


def constants(parser: Parser) -> None:
    """Read ``const A = 1;``."""
    parser.at += 1
    parser.modifiers = (*parser.modifiers, "const")
    declarations.variables(parser, "")


def halted(parser: Parser) -> None:
    """Read ``__halt_compiler();``: what follows is no code."""
    begin = parser.at
    parser.at = len(parser.keys) - 4
    parser.out.append(parser.unread(begin))


def each(parser: Parser) -> None:
    """Read ``foreach ($a as $k => $v)``: both are some element of ``$a``."""
    begin = parser.at
    closer = parser.partner.get(begin + 1)
    parser.at += 2
    values = parser.expression()
    parser.accept("as")
    targets = operands.argument(parser)
    if closer is not None:
        parser.at = max(parser.at, closer)
    parser.accept(")")
    some = Index(values.start, values.end, values, ())
    pair = (targets.key, targets.value) if isinstance(targets, Pair) else (targets,)
    head = tuple(_element(target, some) for target in pair)
    curly.close_block(parser, begin, "foreach", head, curly.body_of(parser))


def _element(target: Node, some: Node) -> Node:
    if isinstance(target, Unary):
        target = target.value
    if isinstance(target, Name):
        return Declare(target.start, target.end, target.name, "", some, ())
    return Assign(target.start, target.end, "=", target, some)


def new(parser: Parser) -> Node:
    """Read ``new class (…) {…}`` as a class, and every other ``new``."""
    begin = parser.at
    if parser.keys[begin + 1] != "class":
        return operands.new(parser)
    parser.at += 2
    arguments = parser.listed(")", operands.argument) if parser.keys[parser.at] == "(" else ()
    made = functions.class_of(parser, begin)
    return New(made.start, made.end, "class", None, arguments, (made,))


def short_function(parser: Parser) -> Node:
    """Read ``fn ($a) => x``."""
    begin = parser.at
    parser.at += 1
    parser.accept("&")
    if parser.keys[parser.at] != "(":
        parser.at = begin
        return operands.named(parser)
    given = functions.parameters(parser)
    while parser.keys[parser.at] not in {"=>", ";", ")", ",", "", "}"}:
        parser.at += 1
    parser.accept("=>")
    value = parser.expression()
    start = parser.starts[begin]
    inner = (Jump(value.start, value.end, "return", value),)
    return Function(start, max(parser.end(), value.end), "", "lambda", given, inner, (), (), "", ())


def namespaced(parser: Parser) -> Node:
    r"""Read ``\a\b``: the leading backslash means nothing for us."""
    at = parser.at
    if len(parser.words[at]) == 1:
        return operands.single(parser)
    parser.at += 1
    return Name(parser.starts[at], parser.ends[at], parser.words[at][1:])


def closing(parser: Parser) -> None:
    """Pass over ``endif;`` and its kin."""
    parser.at += 1
    declarations.finished(parser)


def used(parser: Parser) -> None:
    r"""Read ``use A\B as C;``, ``use A\{B, C};``."""
    begin = parser.at
    parser.at += 1
    first = parser.at
    while parser.keys[parser.at] not in {";", "", "}"}:
        parser.at = parser.partner.get(parser.at, parser.at) + 1
    parser.out.append(Import(parser.starts[begin], parser.end(), parser.joined(first, parser.at), ""))
    declarations.finished(parser)


def typed_property(parser: Parser) -> None:
    """Read modifiers, then a function, constant or property with or without a type."""
    begin = parser.at
    words: list[str] = []
    while parser.keys[parser.at] in _MODIFIERS and parser.keys[parser.at + 1] != "::":
        words.append(parser.keys[parser.at])
        parser.at += 1
    at = parser.at
    while (
        parser.keys[at]
        and (parser.is_name(at) or parser.keys[at] in {"?", "|"})
        and parser.keys[at][0] != "$"
    ):
        at += 1
    if parser.keys[at][:1] == "$" and parser.keys[parser.at] not in parser.grammar.statements:
        parser.modifiers = tuple(words)
        kind, parser.at = parser.joined(parser.at, at), at
        declarations.variables(parser, kind)
        return
    parser.modifiers = tuple(words)
    if parser.at == begin:
        declarations.simple(parser)
    else:
        parser.grammar.statements.get(parser.keys[parser.at], declarations.simple)(parser)
    parser.modifiers = ()


def echo(parser: Parser) -> None:
    """Read ``echo a, b;``."""
    curly.words_call()(parser)


_CALLS = ("include", "include_once", "require", "require_once", "print", "exit", "die", "clone", "throw")
GRAMMAR = Grammar(
    language="php",
    lexicon=LEXICON,
    prefix={
        **{key: reader for key, reader in PREFIX.items() if key not in {"typeof", "{"}},
        "(": bracketed, "$": dollar, "new": new, "@": operands.sign, "array": written_out,
            "list": written_out,
        "{": operands.stray, "?>": operands.stray,
        **dict.fromkeys(_CALLS, construct), "match": match, "yield": operands.sign,
        "function": operands.function_value, "fn": short_function, "static": operands.static_value,
        "class": operands.class_value,
    },
    first={**FIRST, '"': php_texts.double,
           "'": php_texts.single, "`": php_texts.backtick, "<": php_texts.heredoc, "\\": namespaced},
    postfix={**{key: reader for key, reader in POSTFIX.items() if key not in {".", "?."}},
             "->": member, "?->": member, "::": member, "{": braces},
    infix={
        **INFIX, ".=": (10, assigned), "**=": (10, assigned), ".": (120, run_of), "**": (145, run_of),
        "<>": (90, run_of), "<=>": (90, run_of), "and": (6, run_of), "xor": (5, run_of), "or": (4, run_of),
    },
    statements={
        **curly.COMMON,
        "foreach": each, "elseif": curly.headed("elseif"), "echo": echo, "global": globals_of,
        "function": curly.function_statement, "trait": curly.class_statement, "enum": curly.class_statement,
        "namespace": curly.namespace, "use": used, "declare": curly.headed("declare"), "const": constants,
        "static": static, "__halt_compiler": halted, "yield": curly.yielded, "?>": curly.empty,
        **dict.fromkeys(_MODIFIERS - {"static"}, typed_property),
        **dict.fromkeys(("endif", "endwhile", "endfor", "endforeach", "endswitch", "enddeclare"), closing),
    },
    modifiers=_MODIFIERS,
    reserved=_RESERVED,
    statement=curly.statement,
    lambdas=frozenset(),
    initialisers=False,
    block_ends=_BLOCK_ENDS,
)  # fmt: skip
