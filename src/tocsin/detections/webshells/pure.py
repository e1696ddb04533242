"""Functions of texts, numbers and lists that have no effect, for ``folding``: by the last word of their name.

They are our own, written over Python's; nothing of the page is run. Each takes values that are known and
gives one, or raises one of ``NOT_FOLDABLE``. Results are bounded (``LONGEST``) before they are made. Where
languages share a word with different meaning, the table of the language comes first. PHP's texts are bytes:
they are held as characters 0 to 255.
"""

from __future__ import annotations

import binascii
import re
import zlib
from collections.abc import Callable
from typing import Any, TypeAlias

from tocsin.detections.webshells.code import Constant
from tocsin.model.expressions import compiled

LONGEST = 1 << 20
"""Characters of a text that is built, at most."""
MOST_ITEMS = 1 << 16
"""Items of a list that is built, at most."""
MOST_MARKS = 64
"""Marks that a text is split at together."""
DEEPEST_LIST = 3
"""Lists within one another; what is built out of itself would grow without bound."""
LARGEST_NUMBER = 1 << 64
_PLACE = compiled(r"\{(\d{1,4})[^{}]*+\}")

Known: TypeAlias = Constant | bytes | tuple["Known", ...]
"""What is known of a value: a constant, bytes, or a list of them."""
Pure: TypeAlias = Callable[..., Any]
NOT_FOLDABLE = (
    TypeError, ValueError, IndexError, OverflowError, LookupError, ArithmeticError, binascii.Error,
    zlib.error, RecursionError,
)  # fmt: skip
"""What a pure function raises when its arguments do not fit."""


class TooLong(ValueError):
    """A result would pass a bound."""


def bounded(length: float) -> None:
    """Check a length before something of it is built.

    Raises:
        TooLong: it is over ``LONGEST``.
    """
    if length > LONGEST:
        raise TooLong


def is_plain(value: Known, depth: int = DEEPEST_LIST) -> bool:
    """Tell whether a value is short and flat enough to be worked with."""
    if not isinstance(value, tuple):
        return True
    return depth > 0 and len(value) <= MOST_ITEMS and all(is_plain(item, depth - 1) for item in value)


_HEXADECIMAL = frozenset({"&h", "0x"})


# -- conversions


def text(value: Known) -> str:
    """Give a value as the languages write it.

    Raises:
        TypeError: it is a list.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        return f"{value:g}" if value.is_integer() else repr(value)
    if isinstance(value, int):
        return str(value)
    if value is None:
        return ""
    raise TypeError


def whole(value: Known) -> int:
    """Give a value as a whole number.

    Raises:
        ValueError: it is none, or too large.
    """
    if isinstance(value, str):
        word = value.strip()
        base = word[:2].lower() in _HEXADECIMAL
        number = int(word.removeprefix(word[:2]), 16) if base else int(float(word))
    elif isinstance(value, int | float):
        number = int(value)
    else:
        raise TypeError
    if abs(number) > LARGEST_NUMBER:
        raise TooLong
    return number


def octets(value: Known) -> bytes:
    """Give a value as bytes: bytes, a list of numbers, or characters 0 to 255.

    Raises:
        ValueError: it does not fit into bytes.
    """
    if isinstance(value, bytes):
        return value
    if isinstance(value, tuple):
        return bytes(whole(item) & 0xFF for item in value)
    return text(value).encode("latin-1")


def items(value: Known) -> tuple[Known, ...]:
    """Give a list's items; a text gives its characters, bytes their numbers."""
    if isinstance(value, tuple | bytes | str):
        return tuple(value)
    raise TypeError


# -- texts


def character(code: Known, *_rest: Known) -> str:
    """``Chr``, ``ChrW``, ``chr``."""
    return chr(whole(code) & 0xFFFF)


def low_character(code: Known) -> str:
    """PHP's ``chr``."""
    return chr(whole(code) & 0xFF)


def characters(*codes: Known) -> str:
    """``String.fromCharCode``."""
    return "".join(map(character, codes))


def code_of(value: Known, *_rest: Known) -> int:
    """``Asc``, ``AscW``, ``ord``."""
    return ord(text(value)[0])


def replaced(value: Known, old: Known, new: Known = "", *_rest: Known) -> str:
    """``Replace(text, old, new)``."""
    whole_text, before, after = text(value), text(old), text(new)
    if not before:
        return whole_text
    bounded(len(whole_text) + whole_text.count(before) * max(len(after) - len(before), 0))
    return whole_text.replace(before, after)


def str_replaced(old: Known, new: Known, value: Known, *_rest: Known) -> Known:
    """PHP's ``str_replace``, with lists too."""
    result = text(value)
    before = old if isinstance(old, tuple) else (old,)
    if len(before) > 1:
        bounded((len(before) * len(result)) >> 4)
    for index, one in enumerate(before):
        after = new if not isinstance(new, tuple) else (new[index] if index < len(new) else "")
        result = replaced(result, one, after)
    return result


def translated(value: Known, old: Known, new: Known) -> str:
    """PHP's ``strtr`` with two texts."""
    before, after = text(old), text(new)
    return text(value).translate({ord(a): b for a, b in zip(before, after, strict=False)})


def middle(value: Known, start: Known, length: Known = None) -> str:
    """``Mid``: counts from 1."""
    begin = whole(start) - 1
    if begin < 0:
        raise ValueError
    return text(value)[begin : None if length is None else begin + max(whole(length), 0)]


def left(value: Known, length: Known) -> str:
    """``Left``."""
    return text(value)[: max(whole(length), 0)]


def right(value: Known, length: Known) -> str:
    """``Right``."""
    count = max(whole(length), 0)
    return text(value)[-count:] if count else ""


def part(value: Known, start: Known, length: Known = None) -> Known:
    """``Substring`` of .NET, ``substr``: counts from 0, a negative start or length from the end."""
    source = value if isinstance(value, bytes | tuple) else text(value)
    begin = whole(start)
    begin = max(begin + len(source), 0) if begin < 0 else begin
    if length is None:
        return source[begin:]
    count = whole(length)
    return source[begin : count if count < 0 else begin + count]


def between(value: Known, start: Known, end: Known = None) -> Known:
    """``substring`` of Java and JScript, ``slice``: from, to."""
    source = value if isinstance(value, bytes | tuple) else text(value)
    return source[whole(start) : None if end is None else whole(end)]


def turned(value: Known, *_rest: Known) -> Known:
    """``StrReverse``, ``strrev``, ``Array.Reverse``."""
    return value[::-1] if isinstance(value, bytes | tuple) else text(value)[::-1]


def split(value: Known, mark: Known = " ", *_rest: Known) -> Known:
    """``Split(text, mark)``; several marks may be given as a list or text of one-character marks."""
    source = text(value)
    marks = [text(one) for one in mark] if isinstance(mark, tuple) else [text(mark)]
    if marks == [""]:
        return tuple(source[:MOST_ITEMS])
    if len(marks) > MOST_MARKS:
        raise TooLong
    pattern = "|".join(re.escape(one) for one in marks if one)
    if source.count(marks[0]) > MOST_ITEMS:
        raise TooLong
    return tuple(re.split(pattern, source)) if pattern else (source,)


def exploded(mark: Known, value: Known, *_rest: Known) -> Known:
    """PHP's ``explode(mark, text)``."""
    return split(value, mark)


def chunks(value: Known, size: Known = 1) -> Known:
    """PHP's ``str_split``."""
    source, step = text(value), whole(size)
    if step < 1 or len(source) // step > MOST_ITEMS:
        raise TooLong
    return tuple(source[at : at + step] for at in range(0, len(source), step))


def joined(*given: Known) -> str:
    """``Join`` of any language: the list and, before or behind it, the mark; or all texts behind the mark."""
    lists = [one for one in given if isinstance(one, tuple)]
    marks = [text(one) for one in given if not isinstance(one, tuple)]
    if len(lists) == 1 and len(marks) <= 1:
        return _glued(marks[0] if marks else "", lists[0])
    if not lists and marks:
        return _glued(marks[0], tuple(marks[1:]))
    raise TypeError


def joined_basic(value: Known, mark: Known = " ") -> str:
    """``Join(list, mark)`` of VBScript: a blank between items if no mark is given."""
    return _glued(text(mark), items(value)) if isinstance(value, tuple) else joined(value, mark)


def _glued(mark: str, parts: tuple[Known, ...]) -> str:
    words = [text(one) for one in parts]
    bounded(sum(map(len, words)) + len(mark) * len(words))
    return mark.join(words)


def concatenated(*given: Known) -> Known:
    """``String.Concat``, ``concat``: texts, or a list of them."""
    if len(given) == 1 and isinstance(given[0], tuple):
        return _glued("", given[0])
    if given and all(isinstance(one, tuple) for one in given):
        if sum(map(counted, given)) > MOST_ITEMS:
            raise TooLong
        return tuple(item for one in given for item in items(one))
    return _glued("", given)


def repeated(value: Known, count: Known) -> str:
    """``str_repeat``, ``repeat``."""
    source, times = text(value), whole(count)
    bounded(len(source) * times)
    return source * times


def row(count: Known, mark: Known) -> str:
    """``String(count, mark)`` of Basic."""
    sign = character(mark) if isinstance(mark, int) else text(mark)[:1]
    return repeated(sign, count)


def blanks(count: Known) -> str:
    """``Space``."""
    return repeated(" ", count)


def padded_left(value: Known, size: Known, mark: Known = " ") -> str:
    """``PadLeft``."""
    bounded(whole(size))
    return text(value).rjust(whole(size), text(mark)[:1] or " ")


def trimmed(value: Known, marks: Known = None, *_rest: Known) -> str:
    """``Trim``."""
    return text(value).strip(text(marks) if isinstance(marks, str) and marks else None)


def found(value: Known, part_of: Known, *_rest: Known) -> int:
    """``IndexOf``, ``strpos``: counts from 0."""
    return text(value).find(text(part_of))


def found_basic(first: Known, second: Known, third: Known = None, *_rest: Known) -> int:
    """``InStr(text, part)`` and ``InStr(start, text, part)``: counts from 1."""
    if isinstance(first, int) and third is not None:
        return text(second).find(text(third), max(first - 1, 0)) + 1
    return text(first).find(text(second)) + 1


def formatted(pattern: Known, *given: Known) -> str:
    """``String.Format("{0}{1}", …)``."""
    values = given[0] if len(given) == 1 and isinstance(given[0], tuple) else given
    source = text(pattern)
    total = sum(len(text(one)) for one in values) if values else 0
    bounded(len(source) + source.count("{") * total)
    plain = source.replace("{{", "\0").replace("}}", "\1")
    result = _PLACE.sub(lambda hole: text(values[int(hole[1])]), plain)
    return result.replace("\0", "{").replace("\1", "}")


def printed(pattern: Known, *given: Known) -> str:
    """``sprintf`` with ``%s %d %c %x``."""
    source = text(pattern)
    bounded(len(source) + sum(len(text(one)) for one in given) * (source.count("%") + 1))
    waiting = iter(given)

    def one(hole: re.Match[str]) -> str:
        if hole[2] == "%":
            return "%"
        value = given[int(hole[1][:-1]) - 1] if hole[1] else next(waiting)
        return {"c": character, "x": lambda code: f"{whole(code):x}"}.get(hole[2], text)(value)

    return re.sub(r"%(\d{1,3}\$)?[-+0-9.]{0,6}([sdcxXu%])", one, source)


def counted(value: Known) -> int:
    """``Len``, ``strlen``, ``count``."""
    return len(value) if isinstance(value, str | bytes | tuple) else len(text(value))


def upper_bound(value: Known, *_rest: Known) -> int:
    """``UBound``."""
    return len(items(value)) - 1


# -- numbers


def number(value: Known, base: Known = 10, *_rest: Known) -> int:
    """``CInt``, ``Convert.ToInt32``, ``parseInt``, ``intval``, with a base."""
    system = whole(base) if isinstance(base, int) and not isinstance(base, bool) else 10
    if system == 10 or not isinstance(value, str):  # noqa: PLR2004 -- the usual base
        if isinstance(value, str) and len(value) == 1 and not value.isdigit():
            return ord(value)
        return whole(value)
    if len(value) > 64:  # noqa: PLR2004 -- digits of the largest number
        raise TooLong
    return int(value, system)


def hexadecimal(value: Known) -> str:
    """``Hex``, ``dechex``."""
    return f"{whole(value):X}"


def from_hex(value: Known) -> int:
    """``hexdec``."""
    return int(text(value)[:16], 16)


def numbers(first: Known, last: Known, step: Known = 1) -> Known:
    """PHP's ``range``."""
    if isinstance(first, str) and isinstance(last, str) and first and last:
        a, b = ord(first[0]), ord(last[0])
        return tuple(chr(code) for code in range(a, b + (1 if b >= a else -1), 1 if b >= a else -1))
    a, b, size = whole(first), whole(last), abs(whole(step)) or 1
    if abs(b - a) // size > MOST_ITEMS:
        raise TooLong
    return tuple(range(a, b + 1, size)) if b >= a else tuple(range(a, b - 1, -size))


def finite(value: Known) -> bool:
    """``isFinite``, ``IsNumeric``."""
    try:
        float(text(value)[:40] or "0")
    except ValueError:
        return False
    return True


def pattern(value: Known, *_rest: Known) -> str:
    """A regular expression that is a plain text.

    Raises:
        ValueError: it is more than that.
    """
    source = text(value)
    if re.escape(source) != source:
        raise ValueError
    return source


# -- lists


def listed(*given: Known) -> Known:
    """``Array(…)``, ``List.of(…)``."""
    return tuple(given)


def same(value: Known, *_rest: Known) -> Known:
    """Functions that leave a text as it is."""
    return value


def as_text(value: Known, *_rest: Known) -> str:
    """``CStr``, ``ToString()``."""
    return text(value)


def upper(value: Known, *_rest: Known) -> str:
    """``UCase`` and its kin."""
    return text(value).upper()


def lower(value: Known, *_rest: Known) -> str:
    """``LCase`` and its kin."""
    return text(value).lower()


def first_upper(value: Known) -> str:
    """``ucfirst``."""
    source = text(value)
    return source[:1].upper() + source[1:]


def at(value: Known, index: Known) -> Known:
    """``charAt``, ``ElementAt``."""
    place = whole(index)
    if place < 0:
        raise IndexError
    return items(value)[place]


def code_at(value: Known, index: Known = 0) -> int:
    """``charCodeAt``."""
    return ord(text(value)[whole(index)])
