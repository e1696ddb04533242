r"""What the text of an event must hold for a rule or an indicator to be met in it.

An event's frame (provider, channel, number) decides some parts of a rule's condition. From the rest come
groups of needs: of each group the text of the data must meet one, whatever field asks for it. Every value
of a record stands there in one piece, but for those that are put together (``_JOINED``, ``_TOLD``, data
without a name, names that repeat). Only too much may be let through, never too little.

A need is an expression of bytes, compared without case, in the syntax that Hyperscan and yara-x share.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from tocsin.detections.conditions import predicate
from tocsin.detections.scanning import patterns
from tocsin.detections.values import Row
from tocsin.model.expressions import compiled
from tocsin.packs.conditions import Either, Every, FieldTest, Glob, Node, Not, Number, Regex, SameAs
from tocsin.packs.regexes import pieces, repeat_of

_JOINED = frozenset({"User", None})
"""Fields, and keywords (None), whose value may be put together around a backslash."""
_TOLD = frozenset({"Data", "Message", "Cmdlet", "Parameters", *_JOINED})
"""Fields whose value may be put together from several data."""
_PIECE = re.compile(r"[\x20-\x7e]+")
_MOST_GROUPS = 3
_SHORTEST = 3
_LONG = 6
"""Characters of a text that few events hold by chance."""
_SLASH = r"(?:[\x5c\x2f]+|[>:%])"
"""Slashes of a path, or what stands before a path that has none to begin with."""
_BEGIN, _END = ">", r"[\r\n]*[<\r\n]"
_ANY = r"[^\x00]"
"""Any byte of an event: what stands between the texts of two is NUL."""
_MOST_REPEATS = 64


_COMMON = (b"", b" ", b"-", b".", b"\\", b"a", b"0", b"\n<")


class Need(Struct, frozen=True, order=True):
    """Something that the text of an event must meet.

    Attributes:
        strength: characters of the shortest text that what meets it holds; more is rarer.
        expression: what it looks like.
        field: whose value is in doubt if the event has several of that name, or an empty text.
    """

    strength: int
    expression: str
    field: str = ""


Group = frozenset[Need]
"""The text must meet one of them."""


# --- rules ------------------------------------------------------------------------------------


def rest_of(node: Node, fields: Mapping[str, str | None], kind: str) -> Node | bool:
    """Give what a condition still asks when these fields are known; True or False if that decides it."""
    if isinstance(node, FieldTest):
        return _known(node, fields, kind)
    if isinstance(node, Not):
        inner = rest_of(node.item, fields, kind)
        return not inner if isinstance(inner, bool) else Not(inner)
    decided = isinstance(node, Either)  # one such item decides the whole
    items = [rest_of(item, fields, kind) for item in node.items]
    if any(item is decided for item in items):
        return decided
    open_ = tuple(item for item in items if not isinstance(item, bool))
    if not open_:
        return not decided
    return Either(open_) if isinstance(node, Either) else Every(open_)


def _known(test: FieldTest, fields: Mapping[str, str | None], kind: str) -> Node | bool:
    asked = {test.field, test.check.field} if isinstance(test.check, SameAs) else {test.field}
    return predicate(test)(Row(fields, kind)) if asked <= fields.keys() else test


def best_groups(node: Node) -> tuple[Group, ...]:
    """Give the groups that fewest events are likely to meet; none if there is none."""
    found = sorted(set(groups(node)), key=_worth, reverse=True)
    return tuple(found[:1] + [group for group in found[1:_MOST_GROUPS] if _strength(group) >= _LONG])


def groups(node: Node) -> Iterator[Group]:
    """Yield groups of needs, one of each of which an event meets that meets the condition."""
    if isinstance(node, FieldTest):
        yield from _of_test(node)
    elif isinstance(node, Every):
        for item in node.items:
            yield from groups(item)
    elif isinstance(node, Either):
        best = [max(groups(item), key=_worth, default=None) for item in node.items]
        if best and None not in best:
            yield frozenset(need for group in best if group for need in group)


def asks_everything(node: Node) -> bool:
    """Tell whether any test is of keywords, which are looked for in the frame, too."""
    if isinstance(node, FieldTest):
        return node.field is None
    items = (node.item,) if isinstance(node, Not) else node.items
    return any(map(asks_everything, items))


def _of_test(test: FieldTest) -> Iterator[Group]:
    check = test.check
    if isinstance(check, Glob):
        texts = [text for part in check.parts if isinstance(part, str) for text in _pieces(part, test.field)]
        for text in texts:
            yield from _useful({text}, test.field)
    elif isinstance(check, Regex):
        yield from _of_regex(check, test.field)
    elif isinstance(check, Number) and check.op == "eq" and isinstance(check.value, int):
        yield from _useful({str(abs(check.value))}, test.field)


def _of_regex(check: Regex, field: str | None) -> Iterator[Group]:
    texts = patterns.literals(patterns.of_regex(check)) or frozenset()
    whole = of_regex(check.pattern, check.flags) if field and not _is_told(field) else ""
    if whole and field:
        strength = max(_LONG, min(map(len, texts), default=0))
        yield frozenset({Need(strength, whole, field)})
    elif texts:
        yield from _useful(texts, field)


def _is_told(field: str) -> bool:
    return field in _TOLD or field.startswith("Data")


def _pieces(text: str, field: str | None) -> Iterator[str]:
    for piece in _PIECE.findall(text.lower()):
        yield from piece.split("\\") if field in _JOINED else (piece,)


def _useful(texts: Iterable[str], field: str | None) -> Iterator[Group]:
    """Leave out what is too short, and what may be met by the record's number, which no text shows."""
    group = frozenset(Need(len(text), of_text(text)) for text in texts)
    numbers = field is None and any(text.isdigit() for text in texts)
    if _strength(group) >= _SHORTEST and not numbers:
        yield group


def _strength(group: Group) -> int:
    return min(need.strength for need in group)


def _worth(group: Group) -> tuple[int, int, list[Need]]:
    """A text of a few characters more is rarer; beyond that the smaller group is. The rest is order."""
    return min(_strength(group), 2 * _LONG), -len(group), sorted(group)


# --- expressions ------------------------------------------------------------------------------


def of_text(text: str) -> str:
    """Give the expression for a text, as far as it is plain; an empty one if nothing of it is."""
    return _plain(max(_PIECE.findall(text.lower()), key=len, default=""))


def of_end(text: str) -> str:
    """Give the expression for the end of a file's name; a name may consist of it, without its dot."""
    rest = of_text(text.removeprefix("."))
    return rf"[\x2e>]{rest}{_END}" if _PIECE.fullmatch(text) and rest else ""


def of_path(pattern: str) -> str:
    """Give the expression for a path that meets a pattern, with either kind of slashes, and how many ever.

    An empty one if there is none.
    """
    return of_regex(pattern, "i", slash=_SLASH)


def of_regex(pattern: str, flags: str = "", *, slash: str = "") -> str:
    """Give the expression for a value that meets a regular expression; an empty one if there is none.

    Args:
        pattern: the regular expression.
        flags: its flags.
        slash: what a slash of either kind may stand for.
    """
    written: list[str] = []
    anything = False  # the last piece stands for any character: of several bytes, perhaps
    for piece in pieces(pattern):
        times = repeat_of(piece)
        if times is not None:
            if not written or written[-1] in {_BEGIN, _END, ""}:
                return ""
            written.append(_repeat(*times, anything=anything))
            continue
        one = _piece(piece, slash)
        if one is None or ("m" in flags and one in {_BEGIN, _END}):
            return ""
        anything = one == _ANY
        written.append(one)
    each = [f"{_ANY}+" if one == _ANY and not _repeats(after) else one for one, after in _pairs(written)]
    expression = "".join(each)
    return "" if _tells_nothing(expression) else expression


def _pairs(written: Sequence[str]) -> Iterator[tuple[str, str]]:
    return zip(written, [*written[1:], ""], strict=True)


def _repeats(text: str) -> bool:
    return text in {"*", "+", "?"} or text.startswith("{")


def _repeat(least: int, most: int | None, *, anything: bool) -> str:
    if anything or most is None or most > _MOST_REPEATS:
        return "*" if least == 0 else "+"
    return f"{{{least},{most}}}"


def _piece(piece: str, slash: str) -> str | None:
    """Give what a piece becomes; None for what cannot be written."""
    if slash and piece in {"\\\\", "/", "\\/"}:
        return slash
    if piece in _FIXED:
        return _FIXED[piece]
    if piece.startswith("("):
        return _group(piece)
    if piece.startswith("["):
        return _class(piece, slash)
    if piece.startswith("\\") and piece[1:].isalnum():
        return _ANY if piece in {r"\S", r"\D", r"\W"} else None
    one = piece.removeprefix("\\")
    return _plain(one) if len(one) == 1 and _PIECE.fullmatch(one) else None


def _group(piece: str) -> str | None:
    flags = re.fullmatch(r"\(\?([a-zA-Z-]*)([:)])", piece)
    if flags is None:
        return "(?:"
    if set(flags[1]) - set("is"):
        return None
    return "" if flags[2] == ")" else "(?:"


def _class(piece: str, slash: str) -> str | None:
    """A class of ASCII is written as it stands; of others, and of all but some, any character may be."""
    if piece.startswith("[^"):
        return _ANY
    if not _CLASS.fullmatch(piece):
        return None
    if slash and ("/" in piece or "\\\\" in piece):
        return f"(?:{piece}+|[>:%])"
    return rf"(?:\r\n|{piece})" if r"\s" in piece else piece


_CLASS = re.compile(r"\[(?:[A-Za-z0-9 _.,;:+*/=@#%&!?<>(){}$'\"|~-]|\\[wds\\/.\[\]\-\"'^$()|+*?{}])+\]")
_FIXED = {
    **dict.fromkeys(("^", r"\A"), _BEGIN),
    **dict.fromkeys(("$", r"\Z", r"\z"), _END),
    **dict.fromkeys((r"\b", r"\B"), ""),
    **{piece: piece for piece in (r"\d", r"\w", ")", "|")},
    r"\s": r"(?:\r\n|\s)",
    ".": _ANY,
    r"\t": r"\x09",
    r"\n": r"[\r\n]+",
    r"\r": r"[\r\n]+",
}


def _tells_nothing(expression: str) -> bool:
    """Tell whether nearly every text meets an expression."""
    try:
        met = compiled(expression.encode("ascii"), re.IGNORECASE).search
    except re.error:
        return True
    return any(met(text) is not None for text in _COMMON)


def _plain(text: str) -> str:
    return "".join(one if one.isalnum() else rf"\x{ord(one):02x}" for one in text)
