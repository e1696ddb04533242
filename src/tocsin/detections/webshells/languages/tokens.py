"""Cut code into words by one compiled expression per language.

The expression has two groups: the gap (blanks and comments) and the word behind it. ``findall`` then gives
both for a whole stretch of code in one call, and the places follow from the lengths: no loop over characters
or words in Python. Every alternative is possessive or ends at the first hit, and unclosed texts and comments
run to the end of line or code, so that the time is linear in the length of any input.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain
from operator import add

from msgspec import Struct

from tocsin.detections.webshells.code import Piece

MOST_CHARACTERS = 3_000_000
"""Characters of code that are read of one file."""
MOST_TOKENS = 400_000
"""Words that are read of one file; enough for 1.5 MB of dense code."""
OUTPUT = "<%="
"""The made word that opens a piece whose value the page writes."""
PADDING = 4
"""Empty words behind the last one, so that a parser may look ahead without asking."""

_IGNORED = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"
IGNORED = f"[{_IGNORED}]"
"""Characters that C# and JScript allow inside a name and pass over (Unicode class Cf)."""
NAME = (
    rf"(?:[^\W\d]|[$@{_IGNORED}]|\\u[0-9A-Fa-f]{{4}}|\\U[0-9A-Fa-f]{{8}})"
    rf"(?:[\w${_IGNORED}]|\\u[0-9A-Fa-f]{{4}}|\\U[0-9A-Fa-f]{{8}})*+"
)
"""A name of the curly languages, with escapes in it."""
NUMBER = r"(?:0[xX][0-9a-fA-F_]++|0[bB][01_]++|(?:\d[\d_]*+(?:\.\d++)?+|\.\d++)(?:[eE][+-]?+\d++)?+)\w*+"
BLOCK_COMMENT = r"/\*.*?(?:\*/|\Z)"

_DISGUISED = re.compile(rf"\\[uU][0-9A-Fa-f]|{IGNORED}")
_ESCAPE = re.compile(rf"\\u([0-9A-Fa-f]{{4}})|\\U([0-9A-Fa-f]{{8}})|({IGNORED})")
_CLOSERS = {"(": ")", "[": "]", "{": "}"}
_BRACKETS = frozenset("()[]{}")


class Lexicon(Struct, frozen=True, kw_only=True):
    """How one language is cut into words.

    Attributes:
        pattern: two groups, gap and word; must take any character.
        separator: made word between two pieces of a template.
        fold_case: keywords are compared in lower case.
        own: stretches that the pattern cannot cut (here-documents of PHP), each one word.
        joins: words after which the end of a line means nothing (Basic).
    """

    pattern: re.Pattern[str]
    separator: str = ";"
    fold_case: bool = False
    own: re.Pattern[str] | None = None
    joins: frozenset[str] = frozenset()


class Tokens(Struct, kw_only=True, gc=False):
    """The words of a file's code, with places, and empty words at the end as padding.

    Attributes:
        words: as written; escapes in names decoded.
        keys: for comparison: lower case where the language asks for it.
        partner: index of an opening bracket to that of its closing one.
    """

    words: list[str]
    keys: list[str]
    starts: list[int]
    ends: list[int]
    partner: dict[int, int]
    comments: tuple[tuple[int, int], ...]
    limits: tuple[str, ...]
    open_end: bool


class _Reader:
    """Gathers words, places and comments over all pieces of a text."""

    def __init__(self, text: str, lexicon: Lexicon) -> None:
        self.text = text
        self.lexicon = lexicon
        self.words: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.comments: list[tuple[int, int]] = []
        self.disguised = False

    def piece(self, piece: Piece) -> None:
        if piece.output:
            self.made(OUTPUT, piece.start)
        begin = piece.start
        if self.lexicon.own is not None:
            for own in self.lexicon.own.finditer(self.text, piece.start, piece.end):
                self.stretch(begin, own.start())
                self.whole(own.start(), own.end())
                begin = own.end()
        self.stretch(begin, piece.end)
        self.made(self.lexicon.separator, piece.end)

    def made(self, word: str, place: int) -> None:
        self.words.append(word)
        self.starts.append(place)
        self.ends.append(place)

    def whole(self, start: int, end: int) -> None:
        self.words.append(self.text[start:end])
        self.starts.append(start)
        self.ends.append(end)

    def stretch(self, start: int, end: int) -> None:
        """Cut one stretch; each match gives a gap and a word, the last word is empty."""
        found = self.lexicon.pattern.findall(self.text, start, end)
        self.disguised = self.disguised or _DISGUISED.search(self.text, start, end) is not None
        flat = list(chain.from_iterable(found))
        places = list(accumulate(map(len, flat), initial=start))
        words = flat[1::2]
        starts = places[1:-1:2]
        while words and not words[-1]:
            words.pop()
            starts.pop()
        self.words += words
        self.starts += starts
        self.ends += map(add, starts, map(len, words))
        self._remarks(flat[0::2], places)

    def _remarks(self, gaps: Sequence[str], places: Sequence[int]) -> None:
        for index, gap in enumerate(gaps):
            if len(gap) > 1 and not gap.isspace():
                start = places[2 * index]
                self.comments.append((start, start + len(gap)))


def cut(text: str, pieces: Iterable[Piece], lexicon: Lexicon) -> Tokens:
    """Give the words of the pieces; what lies beyond the bounds is named in ``limits``.

    Pieces stand in the order of the text: what a piece shares with the one before it is not read again.
    """
    reader = _Reader(text, lexicon)
    left, limits, place = MOST_CHARACTERS, list[str](), 0
    for piece in pieces:
        start = min(max(piece.start, place), len(text))
        place = end = max(start, min(piece.end, len(text)))
        if left <= 0 or len(reader.words) > MOST_TOKENS:
            limits.append("code behind the bound on size was not read")
            break
        reader.piece(Piece(start, min(end, start + left), piece.output))
        if end - start > left:
            limits.append(f"only the first {MOST_CHARACTERS:,} characters of code were read")
        left -= end - start
    return _tokens(reader, limits)


def _tokens(reader: _Reader, limits: list[str]) -> Tokens:
    words, starts, ends = reader.words, reader.starts, reader.ends
    if len(words) > MOST_TOKENS:
        limits.append(f"only the first {MOST_TOKENS:,} words of code were read")
        del words[MOST_TOKENS:], starts[MOST_TOKENS:], ends[MOST_TOKENS:]
    if reader.lexicon.joins:
        words, starts, ends = _joined(words, starts, ends, reader.lexicon.joins)
    if reader.disguised and not reader.lexicon.joins:
        words = [_plain(word) for word in words]
    last = ends[-1] if ends else 0
    words += [""] * PADDING
    starts += [last] * PADDING
    ends += [last] * PADDING
    keys = list(map(str.lower, words)) if reader.lexicon.fold_case else words
    partner, unclosed = _partners(keys)
    return Tokens(
        words=words,
        keys=keys,
        starts=starts,
        ends=ends,
        partner=partner,
        comments=tuple(reader.comments),
        limits=tuple(limits),
        open_end=unclosed,
    )


def _joined(
    words: list[str], starts: list[int], ends: list[int], joins: frozenset[str]
) -> tuple[list[str], list[int], list[int]]:
    """Drop ends of lines behind words that ask for more; every other one becomes a single line feed."""
    kept = [
        index
        for index, word in enumerate(words)
        if word[0] not in "\r\n" or index == 0 or words[index - 1].lower() not in joins
    ]
    return (
        ["\n" if words[index][0] in "\r\n" else words[index] for index in kept],
        [starts[index] for index in kept],
        [ends[index] for index in kept],
    )


def _plain(word: str) -> str:
    """A name without escapes and ignored characters; texts stay as they are."""
    if word[:1] in "\"'`$@" or not _DISGUISED.search(word):
        return word
    return _ESCAPE.sub(_character, word) or word


def _character(found: re.Match[str]) -> str:
    digits = found[1] or found[2]
    if not digits:
        return ""
    value = int(digits, 16)
    plain = chr(value) if value <= sys.maxunicode else ""
    return "" if re.fullmatch(IGNORED, plain) else plain


def _partners(keys: Sequence[str]) -> tuple[dict[int, int], bool]:
    """Match brackets; a closing one that fits a deeper opening one closes what lies between as well."""
    partner: dict[int, int] = {}
    waiting: list[tuple[str, int]] = []
    counts = {")": 0, "]": 0, "}": 0}
    for index, key in enumerate(keys):
        if key not in _BRACKETS:
            continue
        closer = _CLOSERS.get(key)
        if closer is not None:
            waiting.append((closer, index))
            counts[closer] += 1
        elif counts[key]:
            _close(key, index, waiting, counts, partner)
    return partner, bool(waiting)


def _close(
    key: str, index: int, waiting: list[tuple[str, int]], counts: dict[str, int], partner: dict[int, int]
) -> None:
    while True:
        wanted, opener = waiting.pop()
        counts[wanted] -= 1
        if wanted == key:
            partner[opener] = index
            return
