"""Filters of a list: what may be asked, how it stands in the address, and the condition that it becomes.

Each kind has ``key`` (its name in the address), ``label``, ``condition(text)`` and ``control(text)``. What
cannot be understood raises `Unclear`, which the page shows beside the filter: it never shows rows that were
not asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

import msgspec
from django.db.models import Q

from tocsin.hub.listing.prefixes import Unclear

LONGEST = 300
"""Characters of a filter's value that are accepted."""

Choices = Sequence[tuple[str, str]]


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """How a filter is drawn: ``kind`` is a template's word (select, text, date, check)."""

    key: str
    label: str
    kind: str
    value: str
    choices: Choices = ()
    hint: str = ""


class Filter(Protocol):
    """What a list asks of a filter."""

    @property
    def key(self) -> str:
        """Its name in the address."""
        ...

    @property
    def label(self) -> str:
        """What people call it."""
        ...

    def condition(self, text: str) -> Q:
        """The condition that a value of the address becomes; raises `Unclear`."""
        ...

    def control(self, text: str) -> Control:
        """How it is drawn while it has this value."""
        ...


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One of some values. ``choices`` are (value, words) pairs, or a function that gives them."""

    key: str
    label: str
    field: str
    choices: Choices | Callable[[], Choices]

    def offered(self) -> Choices:
        """Values and their words."""
        return self.choices() if callable(self.choices) else self.choices

    def condition(self, text: str) -> Q:
        """The field has this value."""
        if text not in {value for value, _ in self.offered()}:
            raise Unclear(f"{self.label}: there is no {text!r} here.")
        return Q((self.field, text))

    def control(self, text: str) -> Control:
        """A list to choose from."""
        choices = [("", "any"), *self.offered()]
        return Control(key=self.key, label=self.label, kind="select", value=text, choices=choices)


class Exactly(msgspec.Struct, frozen=True, kw_only=True):
    """A value that must be met exactly; ``fold`` brings what was typed into the form in which it is kept."""

    key: str
    label: str
    field: str
    fold: Callable[[str], str] = str
    hint: str = ""

    def condition(self, text: str) -> Q:
        """The field has this value."""
        return Q((self.field, self.fold(text)))

    def control(self, text: str) -> Control:
        """A line to type in."""
        return Control(key=self.key, label=self.label, kind="text", value=text, hint=self.hint)


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """A whole number that must be met exactly, such as a port or the number of a network."""

    key: str
    label: str
    field: str
    hint: str = ""

    def condition(self, text: str) -> Q:
        """The field has this number."""
        digits = text.upper().removeprefix("AS")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 10):  # noqa: PLR2004 - 32 bits
            raise Unclear(f"{self.label}: {text!r} is no number.")
        return Q((self.field, int(digits)))

    def control(self, text: str) -> Control:
        """A line to type in."""
        return Control(key=self.key, label=self.label, kind="text", value=text, hint=self.hint)


class Flag(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a row has or has not; ``met`` is the condition that it has."""

    key: str
    label: str
    met: Q

    def condition(self, text: str) -> Q:
        """It has, or it has not."""
        if text not in {"yes", "no"}:
            raise Unclear(f"{self.label}: yes or no, not {text!r}.")
        return self.met if text == "yes" else ~self.met

    def control(self, text: str) -> Control:
        """Yes, no, or either."""
        choices = [("", "either"), ("yes", "yes"), ("no", "no")]
        return Control(key=self.key, label=self.label, kind="select", value=text, choices=choices)


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """From a day on, or up to its end (``until``), in UTC.

    ``moment`` says that the field has a time of day.
    """

    key: str
    label: str
    field: str
    until: bool = False
    moment: bool = True

    def condition(self, text: str) -> Q:
        """Not before the day's beginning, or not after its end."""
        try:
            day = date.fromisoformat(text)
            bound = day + timedelta(days=1) if self.until else day
        except (ValueError, OverflowError) as error:
            raise Unclear(f"{self.label}: {text!r} is no day such as 2021-03-02.") from error
        value = datetime(bound.year, bound.month, bound.day, tzinfo=UTC) if self.moment else bound
        return Q((f"{self.field}__{'lt' if self.until else 'gte'}", value))

    def control(self, text: str) -> Control:
        """A day to choose."""
        return Control(key=self.key, label=self.label, kind="date", value=text)
