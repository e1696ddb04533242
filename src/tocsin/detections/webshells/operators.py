"""Operators over known values, by language, for ``folding``."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping

from tocsin.detections.webshells.pure import LARGEST_NUMBER, Known, TooLong, bounded, octets, text, whole

BASIC = frozenset({"vbscript", "vbnet"})
_LARGEST_SHIFT = 64
_LARGEST_POWER = 64


def apply(language: str, sign: str, first: Known, second: Known) -> Known:
    """Give ``first sign second`` as the language means it.

    Raises:
        ValueError: the result would pass a bound, or a value does not fit.
        TypeError: the operator is not one of pure values.
    """
    if sign in _COMPARISONS:
        return _COMPARISONS[sign](*_comparable(first, second))
    if _joins(language, sign, first, second):
        return _glued(first, second)
    if sign == "^" and language in BASIC:
        return _power(first, second)
    if (
        language == "php"
        and sign in _BITS
        and isinstance(first, str | bytes)
        and isinstance(second, str | bytes)
    ):
        pairs = zip(octets(first), octets(second), strict=False)
        return bytes(_BITS[sign](a, b) for a, b in pairs).decode("latin-1")
    if sign in _BITS:
        return _checked(_BITS[sign](_number(first, language), _number(second, language)))
    return _arithmetic(language, sign, first, second)


def truth(value: Known) -> bool:
    """Tell whether a value counts as true."""
    return value != "0" and bool(value)


def _joins(language: str, sign: str, first: Known, second: Known) -> bool:
    if sign == "." or (sign == "&" and language in BASIC):
        return True
    if sign != "+" or language == "php":
        return False
    texts = isinstance(first, str), isinstance(second, str)
    return all(texts) if language in BASIC and None not in (first, second) else any(texts)


def _glued(first: Known, second: Known) -> str:
    one, other = text(first), text(second)
    bounded(len(one) + len(other))
    return one + other


def _comparable(first: Known, second: Known) -> tuple[Known, Known]:
    if isinstance(first, str) != isinstance(second, str) and None not in (first, second):
        return text(first), text(second)
    if first is None or second is None:
        empty: Known = "" if isinstance(first, str) or isinstance(second, str) else 0
        return (empty if first is None else first), (empty if second is None else second)
    return first, second


def _number(value: Known, language: str) -> int:
    if value is None:
        return 0
    if isinstance(value, str) and len(value) == 1 and language in {"csharp", "java"}:
        return ord(value)
    return whole(value)


def _arithmetic(language: str, sign: str, first: Known, second: Known) -> Known:
    one, other = _real(first, language), _real(second, language)
    if sign == "/" and language in {"csharp", "java"} and isinstance(one, int) and isinstance(other, int):
        return abs(one) // abs(other) * (1 if (one < 0) == (other < 0) else -1)
    if sign == "<<" and not 0 <= other <= _LARGEST_SHIFT:
        raise TooLong
    return _checked(_ARITHMETIC[sign](one, other))


def _real(value: Known, language: str) -> int | float:
    if isinstance(value, float):
        return value
    if isinstance(value, str) and "." in value:
        return float(value[:40])
    return _number(value, language)


def _power(first: Known, second: Known) -> Known:
    if abs(whole(second)) > _LARGEST_POWER:
        raise TooLong
    return _checked(whole(first) ** whole(second))


def _checked(value: Known) -> Known:
    if isinstance(value, int | float) and abs(value) > LARGEST_NUMBER:
        raise TooLong
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _divided(first: float, second: float) -> float:
    return first / second


def _whole_division(first: float, second: float) -> int:
    return int(first / second)


def _rest(first: float, second: float) -> float:
    return first - second * int(first / second)


_COMPARISONS: Mapping[str, Callable[..., bool]] = {
    **dict.fromkeys(("=", "==", "==="), operator.eq), **dict.fromkeys(("<>", "><", "!=", "!=="), operator.ne),
    "<": operator.lt, ">": operator.gt, **dict.fromkeys(("<=", "=<"), operator.le), **dict.fromkeys((">=",
        "=>"), operator.ge),
}  # fmt: skip
_BITS: Mapping[str, Callable[..., int]] = {
    "^": operator.xor, "xor": operator.xor, "|": operator.or_, "or": operator.or_, "&": operator.and_,
    "and": operator.and_,
}  # fmt: skip
_ARITHMETIC: Mapping[str, Callable[..., int | float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": _divided, "\\": _whole_division,
    "%": _rest, "mod": _rest,
    "<<": operator.lshift, ">>": operator.rshift, ">>>": operator.rshift,
}  # fmt: skip
