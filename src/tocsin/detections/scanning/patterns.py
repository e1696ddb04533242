r"""What a value must look like, as a small tree; and what the line that holds it must look like then.

The scan sees a line as the log wrote it, rules see values decoded. So every plain character of a pattern
may stand in the line as it is or percent-encoded, once or twice. Letters, digits, ``.``, ``-`` and
``_`` are an exception: nobody encodes them but to hide, so a line in which one is encoded is looked at
whatever else it holds (``HIDDEN``), and patterns take them as they stand. Nor are paths encoded in these
logs as a rule, so a line in whose path anything is (``encoded_paths``) is looked at, and a pattern of paths
takes all characters as they stand. Everything here errs on one side: a line that does not meet the
expression cannot hold a value that meets the pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from tocsin.packs.conditions import Glob, Regex, Wild
from tocsin.packs.regexes import pieces, repeat_of

OPEN = re.compile(r"[A-Za-z0-9._-]")
"""Characters that stand in a line as they are."""

_OPEN_CODE = "(?:3[0-9]|4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a]|2d|2e|5f)"
HIDDEN = (
    f"%(?:25)?(?:u00)?{_OPEN_CODE}",
    # what becomes a letter of ASCII when it is written small: the sign of kelvin, the Turkish I
    r"\xe2\x84\xaa|\xc4\xb0",
    "%(?:25)?(?:e2%(?:25)?84%(?:25)?aa|c4%(?:25)?b0|u212a|u0130)",
    "%(?:25)?u0025",  # a percent sign that is itself written so opens further ways
)
"""Expressions for lines in which a plain character is hidden by encoding, or by its twin."""
_CODE = "%u?[0-9a-f][0-9a-f]"
_MOST_TEXTS = 64
_MULTILINE = re.compile(r"\(\?[a-z]*m")
_SHORTEST = 3
_LONG = 4
"""Characters of a text that is rare enough to be looked for on its own."""


class Text(Struct, frozen=True):
    """One character, compared without case."""

    character: str


class Some(Struct, frozen=True):
    """One character of a class, as the expression ``own``; of any if that is empty."""

    own: str = ""


class Edge(Struct, frozen=True):
    """The begin or the end of the value."""

    begin: bool


class Row(Struct, frozen=True):
    """Parts in a row."""

    parts: tuple[Part, ...]


class Choice(Struct, frozen=True):
    """One of several."""

    parts: tuple[Part, ...]


class Repeat(Struct, frozen=True):
    """A part again and again; ``most`` None: without bound."""

    part: Part
    least: int
    most: int | None


Part = Text | Some | Edge | Row | Choice | Repeat


# --- reading ----------------------------------------------------------------------------------


def of_regex(check: Regex) -> Part:
    """Read a regular expression."""
    part = _alternatives(list(pieces(check.pattern)))
    return _edgeless(part) if "m" in check.flags or _MULTILINE.search(check.pattern) else part


def _edgeless(part: Part) -> Part:
    """Leave out edges: with the flag ``m`` they hold within a value, too, at an encoded line end."""
    match part:
        case Row():
            return Row(tuple(map(_edgeless, part.parts)))
        case Choice():
            return Choice(tuple(map(_edgeless, part.parts)))
        case Repeat():
            return Repeat(_edgeless(part.part), part.least, part.most)
        case Edge():
            return Row(())
        case _:
            return part


def of_glob(check: Glob) -> Part:
    """Read a Sigma string."""
    parts: list[Part] = [Edge(begin=True)]
    for part in check.parts:
        if isinstance(part, str):
            parts += [Text(character) for character in part]
        else:
            parts.append(Repeat(Some(), 0, None) if part is Wild.MANY else Some())
    return Row((*parts, Edge(begin=False)))


def of_text(text: str) -> Part:
    """Read a plain text that a value holds."""
    return Row(tuple(Text(character) for character in text))


def _alternatives(rest: list[str]) -> Part:
    """Read up to the end, or to the bracket that closes the group; what was read is taken off."""
    found, branch = [], list[Part]()
    while rest:
        piece = rest.pop(0)
        if piece == ")":
            break
        if piece == "|":
            found.append(Row(tuple(branch)))
            branch = []
        else:
            _add(branch, piece, rest)
    found.append(Row(tuple(branch)))
    return found[0] if len(found) == 1 else Choice(tuple(found))


def _add(branch: list[Part], piece: str, rest: list[str]) -> None:
    times = repeat_of(piece)
    if times is not None:
        branch[-1:] = [Repeat(branch[-1], *times)] if branch else []
    elif piece.startswith("(") and piece.endswith(")"):
        pass  # flags alone
    elif piece.startswith("("):
        branch.append(_alternatives(rest))
    else:
        branch += _single(piece)


_ESCAPES = {"d": "[0-9]", "w": "[A-Za-z0-9_]"}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_CLASS = re.compile(r"\[(?:[A-Za-z0-9._]|[A-Za-z]-[A-Za-z]|[0-9]-[0-9]|\\[dw.]|-(?=\]))+\]")


def _single(piece: str) -> Iterator[Part]:
    if piece in {"^", r"\A"}:
        yield Edge(begin=True)
    elif piece in {"$", r"\Z", r"\z"}:
        yield Edge(begin=False)
    elif piece in {r"\b", r"\B"}:
        pass
    elif piece.startswith("["):
        yield Some(piece if _CLASS.fullmatch(piece) else "")
    elif piece.startswith("\\"):
        yield _escaped(piece[1:])
    else:
        yield Some() if piece == "." else Text(piece)


def _escaped(name: str) -> Part:
    if name[0] == "x":
        return Text(chr(int(name[1:].strip("{}"), 16)))
    if name[0].isdigit():
        return Text(chr(int(name, 8)))
    if name in _CONTROLS:
        return Text(_CONTROLS[name])
    return Some(_ESCAPES.get(name, "")) if name.isalpha() else Text(name)


# --- the line ---------------------------------------------------------------------------------


def encoded_paths(between: str) -> tuple[str, ...]:
    """Give expressions for lines whose path, after ``/`` or its host, holds something encoded."""
    mark, rest = re.escape(between), rf"[^{re.escape(between)}\n]"
    return (rf"{mark}/{rest}*{_CODE}", *(() if between == " " else (rf"://{rest}*{_CODE}",)))


def trimmed(part: Part) -> Part:
    """Leave out what a scan does not need: any characters, and none or more of something, at both ends."""
    if isinstance(part, Choice):
        return Choice(tuple(map(trimmed, part.parts)))
    if not isinstance(part, Row):
        return part
    parts = list(_unnested(part))
    first = next((at for at, one in enumerate(parts) if not _idle(one)), len(parts))
    last = next((at for at, one in enumerate(reversed(parts)) if not _idle(one)), 0)
    begin = first - 1 if first == 1 and isinstance(parts[0], Edge) else _strong(parts, first)
    kept = parts[begin : len(parts) - last]
    ends = last == 1 and isinstance(parts[-1], Edge)
    return Row((*kept, parts[-1]) if ends and kept else tuple(kept))


def _strong(parts: Sequence[Part], first: int) -> int:
    """Give the place from which a text long enough to be looked for begins, if what is before it is short."""
    for at in range(first, len(parts)):
        if all(isinstance(one, Text) for one in parts[at : at + _LONG]) and len(parts) - at >= _LONG:
            return at if at - first <= _LONG else first
    return first


def _unnested(part: Row) -> Iterator[Part]:
    for one in part.parts:
        if isinstance(one, Row):
            yield from _unnested(one)
        else:
            yield one


def _idle(part: Part) -> bool:
    match part:
        case Repeat():
            return part.least == 0 or _idle(part.part)
        case Choice():
            return any(_idle(one) for one in part.parts)
        case Row():
            return all(_idle(one) for one in part.parts)
        case Text():
            return False
        case _:
            return True


def expression(part: Part, *, between: str, across: bool = False, plain: bool = False) -> str:
    """Give the regular expression that a line meets if it holds a value that meets the pattern.

    It is one of bytes, to be compared without case and line by line, in the syntax that ``re``, RE2,
    yara-x and Hyperscan share.

    Args:
        part: the pattern.
        between: the delimiter of the log, which no plain value holds.
        across: the value is put together from neighbouring columns.
        plain: the value is a path, in which nothing is encoded.
    """
    return _Writer(between, across=across, plain=plain).write(part)


class _Writer:
    def __init__(self, between: str, *, across: bool, plain: bool) -> None:
        self._plain = plain
        mark = re.escape(between)
        self._between = between if across else ""
        self._to_query = mark if between == " " else rf"{mark}[^\n]*"  # IIS writes the query next to the path
        self._any = r"[^\n]" if across else rf"[^{mark}\n]"
        # no value that rules ask about stands first, for that is the time; queries may begin with their mark
        self._begin = mark if plain else rf"{mark}\??"
        # a pattern's end may stand before a last line feed, which a line holds encoded
        self._end = rf"(?:%(?:25)?(?:u00)?0a)?(?:{mark}|\r|\n)"

    def write(self, part: Part) -> str:
        match part:
            case Text():
                return self._text(part.character)
            case Some():
                return part.own or f"{self._any}+"  # of several bytes, or encoded
            case Edge():
                return self._begin if part.begin else self._end
            case Row():
                return "".join(self.write(one) for one in part.parts)
            case Choice():
                return f"(?:{'|'.join(self.write(one) for one in part.parts)})"
            case Repeat():
                return self._repeat(part)

    def _repeat(self, part: Repeat) -> str:
        """A repeat of any character has no upper bound, as for one."""
        if part.part == Some():
            return f"{self._any}{'*' if part.least == 0 else '+'}"
        own = f"(?:{self.write(part.part)})"
        if part.most is None or part.most > _MOST_TEXTS:
            return f"{own}{'*' if part.least == 0 else '+'}"
        return f"{own}{{{part.least},{part.most}}}"

    def _text(self, character: str) -> str:
        if OPEN.fullmatch(character):
            return re.escape(character)
        if not character.isascii():
            return f"{self._any}+"
        if self._plain and character not in " ?":
            return re.escape(character)
        code = f"{ord(character):02x}"
        forms = [rf"\x{code}", f"%(?:25)?(?:u00)?{code}"]
        if character == " ":
            forms.append(r"\+")
        if character == "?" and self._between:
            forms.append(self._to_query)
        return f"(?:{'|'.join(forms)})"


# --- literals ---------------------------------------------------------------------------------


def literals(part: Part) -> frozenset[str] | None:
    """Give texts in lower case of which a line that meets the expression holds at least one.

    None when there are none of a useful length.
    """
    best = _best(part)
    return best if best and min(map(len, best)) >= _SHORTEST else None


def _best(part: Part) -> frozenset[str] | None:
    match part:
        case Text():
            return frozenset({part.character.lower()}) if OPEN.fullmatch(part.character) else None
        case Row():
            return max(_runs(part.parts), key=_worth, default=None)
        case Choice():
            return _union([_best(one) for one in part.parts])
        case Repeat():
            return _best(part.part) if part.least else None
        case _:
            return None


def _runs(parts: Sequence[Part]) -> Iterator[frozenset[str]]:
    """Yield the texts of every stretch that is made of plain characters, and what single parts need."""
    run = frozenset({""})
    for part in parts:
        exact = _exact(part)
        if exact is not None and len(run) * len(exact) <= _MOST_TEXTS:
            run = frozenset(left + right for left in run for right in exact)
            continue
        yield run
        run = frozenset({""}) if exact is None else exact
        own = _best(part)
        if own:
            yield own
    yield run


def _exact(part: Part) -> frozenset[str] | None:
    """Give all that the part can be, in lower case, if that is a few plain texts."""
    match part:
        case Text():
            return frozenset({part.character.lower()}) if OPEN.fullmatch(part.character) else None
        case Row():
            found = frozenset({""})
            for one in part.parts:
                exact = _exact(one)
                if exact is None or len(found) * len(exact) > _MOST_TEXTS:
                    return None
                found = frozenset(left + right for left in found for right in exact)
            return found
        case Choice():
            return _union([_exact(one) for one in part.parts])
        case _:
            return None


def _union(found: Sequence[frozenset[str] | None]) -> frozenset[str] | None:
    texts: set[str] = set()
    for one in found:
        if one is None:
            return None
        texts |= one
    return frozenset(texts) if len(texts) <= _MOST_TEXTS else None


def _worth(texts: frozenset[str]) -> tuple[int, int]:
    return min(map(len, texts), default=0), -len(texts)
