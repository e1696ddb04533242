"""Values of a list as HTML. In Python, because a template included 450 times is most of a page's time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from tocsin.hub.listing.columns import Column

NOTHING = mark_safe('<span class="text-secondary">&ndash;</span>')

LONG = 28
"""Characters of a text that gets room of its own beside other columns."""

MEANS = {
    "patched": "patched: the way in is closed; it is not shown that nobody came in before",
    "verified-clean": "verified clean: shown by re-assessed evidence, for this campaign on this server",
    "unreachable": "unreachable: looked for and not found, which is not fixed",
}


def state(value: object) -> SafeString:
    """A state as text and colour."""
    word = str(value)
    return format_html('<span class="state state-{}" title="{}">{}</span>', word, MEANS.get(word, word), word)


def _moment(value: datetime) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), value.strftime("%Y-%m-%d %H:%M"))


def _day(value: date) -> SafeString:
    day = value.strftime("%Y-%m-%d")
    return format_html('<time datetime="{}">{}</time>', day, day)


KINDS: dict[str, Callable[[Any], SafeString]] = {
    "code": lambda value: format_html("<code>{}</code>", value),
    "day": _day,
    "flag": lambda value: conditional_escape("yes" if value else "no"),
    "moment": _moment,
    "number": lambda value: conditional_escape(f"{value:,}"),
    "state": state,
    "text": conditional_escape,
    "word": lambda value: format_html('<span class="state">{}</span>', value),
}
"""How each kind of column shows a value: as text, in fixed width, to the right, coloured, as a day (UTC) …

``word`` is a state without colour: what is called "confirmed" of a subscriber is no compromise."""


def cell(column: Column, row: Any) -> SafeString:
    """One column of one row, as the ``td`` of a table that stacks on a telephone."""
    value = column.value(row)
    shown = NOTHING if value is None or value == "" else KINDS[column.kind](value)
    link = column.link(row) if column.link else None
    if link and shown is not NOTHING:
        shown = format_html('<a href="{}">{}</a>', link, shown)
    return format_html('<td data-label="{}"{}>{}</td>', column.label, _class_of(column, value), shown)


def _class_of(column: Column, value: object) -> SafeString:
    if column.kind == "number":
        return mark_safe(' class="number"')
    long = column.kind == "text" and isinstance(value, str) and len(value) > LONG
    return mark_safe(' class="long"') if long else mark_safe("")
