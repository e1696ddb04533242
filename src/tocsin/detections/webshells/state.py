"""Whether the code in a file would do something if the server were asked for it.

The state is not the verdict: it says what became of code, whoever wrote it. A claim that a shell is dead is
as grave as one that it lives; so ``inert`` and ``neutralised`` need a ground that a reader can check, and
everything else that holds code is
``live``, or ``unknown`` where only the server's configuration could tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from tocsin.detections.webshells.blocks import SAID, Block, Kind, Page
from tocsin.detections.webshells.code import (
    Call,
    Function,
    Member,
    Name,
    Node,
    Piece,
    Unary,
    Unit,
    walk,
)
from tocsin.detections.webshells.flow import trace
from tocsin.detections.webshells.inventory import Family, Found, Served
from tocsin.detections.webshells.languages import GRAMMARS, parse
from tocsin.detections.webshells.reach import dead_spans
from tocsin.detections.webshells.sightings import Sighting, Traced
from tocsin.model.words import ShellContent

_ACTS = SAID | {Kind.OBJECT, Kind.CONFIG, Kind.TAG}
_MUST_CLOSE = frozenset({Kind.CODE, Kind.EXPRESSION, Kind.DECLARATION, Kind.SERVER_SCRIPT})
_STRICT = frozenset({Family.ASPNET, Family.ASP, Family.JSP})
"""Their compilers refuse a page with an open mark; PHP takes the end of the file for one."""
_ESCAPED = re.compile(
    r"(?:&lt;|&#0{0,4}60;|&#x0{0,4}3c;|\\u003c|\\x3c|%3c)(?:\s{0,9}script\b[^\r\n]{0,200}?runat|%|\?php|\?=|%25)",
    re.IGNORECASE,
)
_MARKS = re.compile(r"<%|<\?(?:php|=)|<\s{0,4}script\b[^>]{0,200}runat", re.IGNORECASE)
_EMPTY_MARKS = re.compile(
    r"<script\b[^>]{0,200}\brunat[^>]{0,200}>\s{0,200}</script|<%=?\s{0,200}%>", re.IGNORECASE
)
_DUMP = re.compile(
    r"\b(ExtendedProtectionTokenChecking|AdminDisplayVersion|InternalAuthenticationMethods|MetabasePath|OfflineAddressBooks)\b",
    re.IGNORECASE,
)
_DUMP_WORDS = 3
_WORTH_READING = re.compile(
    r"\b(?:eval|execute|executeglobal|exec|system|assert|passthru|shell_exec|process|request|getparameter|createobject)\b"
    r"|\$_(?:POST|GET|REQUEST|COOKIE)",
    re.IGNORECASE,
)
_WORDS_WORTH = (
    "eval", "exec", "system", "assert", "passthru", "process", "request", "getparameter", "createobject",
    "$_",
)  # fmt: skip
_ESCAPES = ("&lt", "60;", "3c")
_LONGEST_COMMENTS = 200_000
_WIPED = 16
_SHORT = 4_000


class State(Struct, frozen=True, kw_only=True):
    """What became of the code in a file.

    Attributes:
        content: ``live``, ``inert``, ``neutralised`` or ``unknown``.
        reason: one word: ``served-code wrong-extension included-only truncated emptied template-only escaped
            commented-out
            no-code unreachable wiped``; of a page that was not read whole ``not-read-whole unread``, and
            ``no-marks`` where a shell is told by its words alone.
        why: a sentence for a reader.
        start: where the ground for it is, if it has a place.
        end: the character behind it.
    """

    content: ShellContent
    reason: str
    why: str
    start: int = 0
    end: int = 0


def state_of(text: str, *, found: Found, page: Page, units: Sequence[Unit], traced: Traced) -> State:
    """Tell what became of the code in a file.

    Args:
        text: the decoded file; spans count its characters.
        found: what the file is and whether a server would run it.
        page: its blocks.
        units: its code.
        traced: what the code can do.
    """
    acting = [block for block in page.blocks if block.kind in _ACTS]
    if not acting:
        return _without_code(text, page)
    if (emptied := _emptied(text, acting, units or read_short(text, page))) is not None:
        return emptied
    if found.served is Served.NO:
        return _inert(
            "wrong-extension", f"no server runs {found.extension or 'this name'}: the code is only text"
        )
    if (opened := _open_mark(acting, found.family)) is not None:
        return opened
    sinks = [one for one in traced.sightings if one.flow is not None or one.argument == "made"]
    if sinks and (dead := _unreachable(sinks, units)) is not None:
        return dead
    if (
        not traced.sightings
        and not _is_dark(units)
        and (silent := _commented_out(text, page, units)) is not None
    ):
        return silent
    if found.served is Served.UNKNOWN:
        why = "runs only where another page reads it or the server maps its name to an interpreter"
        return State(content=ShellContent.UNKNOWN, reason="included-only", why=why)
    first = acting[0]
    return State(
        content=ShellContent.LIVE,
        reason="served-code",
        why="the server would run the code",
        start=first.start,
        end=first.end,
    )


def _inert(reason: str, why: str, start: int = 0, end: int = 0) -> State:
    return State(content=ShellContent.INERT, reason=reason, why=why, start=start, end=end)


def _neutralised(reason: str, why: str, start: int = 0, end: int = 0) -> State:
    return State(content=ShellContent.NEUTRALISED, reason=reason, why=why, start=start, end=end)


def read_short(text: str, page: Page) -> tuple[Unit, ...]:
    """Read short code that was not worth following; nothing of longer code."""
    programs = {
        language.value: pieces for language, pieces in page.programs().items() if language.value in GRAMMARS
    }
    size = sum(piece.end - piece.start for pieces in programs.values() for piece in pieces)
    if size > _SHORT:
        return ()
    return tuple(parse(text, language, pieces) for language, pieces in programs.items())


# -- no code


def _without_code(text: str, page: Page) -> State:
    plain = text.strip("\0 \t\r\n\ufeff")
    if not plain:
        wiped = text.count("\0") >= _WIPED
        return (
            _neutralised("wiped", "overwritten with zero bytes")
            if wiped
            else _inert("emptied", "the file holds nothing")
        )
    for block in page.blocks:
        if block.kind is Kind.COMMENT and _MARKS.search(text, max(block.start, 0), block.end):
            return _inert(
                "commented-out", "server code stands in a comment of the page", block.start, block.end
            )
    low = text.lower()
    if any(mark in low for mark in _ESCAPES) and (escaped := _ESCAPED.search(text)) is not None:
        return _inert("escaped", "server code is escaped: the server sends it as text", *escaped.span())
    if (mark := _EMPTY_MARKS.search(text)) is not None:
        return _neutralised(
            "emptied", "the marks of server code are left, with nothing between them", *mark.span()
        )
    words = list(_DUMP.finditer(text))
    if len({word.group().lower() for word in words}) >= _DUMP_WORDS:
        why = "the property list of a virtual directory, without code among its values"
        return _inert("template-only", why, words[0].start(), words[-1].end())
    return _inert("no-code", "no code that a server would run")


def _emptied(text: str, acting: Iterable[Block], units: Sequence[Unit]) -> State | None:
    """Marks of code with nothing in them: what was there was cut out."""
    first: Block | None = None
    for block in acting:
        empty = block.kind is Kind.SERVER_SCRIPT and hollow(units)
        if block.kind not in SAID or (not empty and text[block.start : block.end].strip("\0 \t\r\n;")):
            return None
        first = first or block
    if first is None:
        return None
    return _neutralised(
        "emptied", "the marks of server code are left, with nothing between them", first.start, first.end
    )


def hollow(units: Sequence[Unit]) -> bool:
    """Tell whether functions without statements are all there is."""
    nodes = [node for unit in units for node in unit.body]
    return bool(nodes) and all(isinstance(node, Function) and not node.body for node in nodes)


# -- code that cannot run


def _open_mark(acting: Iterable[Block], family: Family) -> State | None:
    if family not in _STRICT:
        return None
    for block in acting:
        if not block.closed and block.kind in _MUST_CLOSE:
            why = "the code has no closing mark: the file was cut off and the page does not compile"
            return _inert("truncated", why, block.start, block.end)
    return None


def _unreachable(sinks: Sequence[Sighting], units: Sequence[Unit]) -> State | None:
    spans = dead_spans(units)
    inside = [
        next((span for span in spans if span[0] <= sink.start and sink.end <= span[1]), None)
        for sink in sinks
    ]
    if not spans or None in inside:
        return None
    start, end = spans[0]
    return _neutralised(
        "unreachable", "everything that could act stands behind an unconditional end", start, end
    )


def _is_dark(units: Sequence[Unit]) -> bool:
    """Tell whether what the code calls is worked out at run time: nobody can say that it does nothing."""
    for node in walk(*(node for unit in units for node in unit.body)):
        if isinstance(node, Unary) and node.operator == "$":
            return True
        if isinstance(node, Call) and not _is_named(node.function):
            return True
    return False


def _is_named(function: Node) -> bool:
    return isinstance(function, Member) or (isinstance(function, Name) and function.name[:1] != "$")


def _commented_out(text: str, page: Page, units: Sequence[Unit]) -> State | None:
    """Code in comments that would act if it were none, in a page that does nothing else."""
    for unit in units:
        pieces = [Piece(start, end) for start, end in unit.comments if _worth_reading(text, start, end)]
        found = _acting_comment(text, unit.language, pieces)
        if found is not None:
            return found
    for block in page.blocks:
        if block.kind is Kind.COMMENT and _MARKS.search(text, block.start, block.end):
            return _inert(
                "commented-out", "server code stands in a comment of the page", block.start, block.end
            )
    return None


def _worth_reading(text: str, start: int, end: int) -> bool:
    low = text[start:end].lower()
    return any(word in low for word in _WORDS_WORTH) and _WORTH_READING.search(text, start, end) is not None


def _acting_comment(text: str, language: str, pieces: Sequence[Piece]) -> State | None:
    if (
        not pieces
        or language not in GRAMMARS
        or sum(one.end - one.start for one in pieces) > _LONGEST_COMMENTS
    ):
        return None
    inner = [_without_marks(text, piece) for piece in pieces]
    seen = trace((parse(text, language, inner),)).sightings
    for one in seen:
        if one.flow is not None:
            return _inert("commented-out", "the code that would act is commented out", one.start, one.end)
    return None


def _without_marks(text: str, piece: Piece) -> Piece:
    """The content of a comment, without what opens and closes it."""
    opened = re.compile(r"\s*(?:/\*+|//+|\#+|'+|rem\b|<!--)?", re.IGNORECASE).match(
        text, piece.start, piece.end
    )
    start = opened.end() if opened is not None else piece.start
    content = text[start : piece.end].rstrip()
    cut = 2 if content.endswith("*/") else 0
    return Piece(start, start + len(content) - cut)
