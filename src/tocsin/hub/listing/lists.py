"""A list as a value, and what was asked of it in an address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
from django.core.exceptions import BadRequest
from django.db.models import Q, QuerySet

from tocsin.hub.listing.columns import Column, Head
from tocsin.hub.listing.filters import LONGEST, Control, Filter
from tocsin.hub.listing.narrowing import narrowed
from tocsin.hub.listing.prefixes import Unclear
from tocsin.hub.lists.keyset import Order

SIZES = (50, 100, 200)
"""Rows on a page, the default first."""

SHOWN = 4
"""Filters that stand open; the others are folded away until one is in use."""

SEARCH = "q"
FOUND_AT_MOST = 1_000
"""Rows that a search by beginning looks at; more than these, and the person is asked to type more."""


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """Search by a beginning. ``keys`` takes the text and gives the rows of a small table that match.

    ``field`` is where the list's rows name that table's key. A search looks at no more than `FOUND_AT_MOST`
    of those rows, so that one letter costs no more than a whole name.

        Search(label="Address or host name begins with", field="server", keys=find_servers)
    """

    label: str
    field: str
    keys: Callable[[str], QuerySet[Any]]  # raises Unclear
    hint: str = ""

    def found(self, text: str) -> tuple[Q, bool]:
        """The condition that a row was found, and whether there was more to look at than was looked at."""
        keys = list(self.keys(_sound(text)).order_by().values_list("pk", flat=True)[: FOUND_AT_MOST + 1])
        return Q((f"{self.field}__in", keys[:FOUND_AT_MOST])), len(keys) > FOUND_AT_MOST


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a list is, but for its rows: those come with each request, as the visitor may see them.

    ``key`` names the page of saved views and the exported file, ``noun`` its rows in the plural. The first
    order is the default one. ``sensitive`` lists show victims: who reads them is recorded.
    """

    key: str
    title: str
    noun: str
    columns: tuple[Column, ...]
    orders: tuple[Order, ...]
    filters: tuple[Filter, ...] = ()
    search: Search | None = None
    sensitive: bool = True
    empty: str = "Nothing here yet."

    @property
    def one(self) -> str:
        """The noun of a single row."""
        for plural, single in (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("s", "")):
            if self.noun.endswith(plural):
                return self.noun.removesuffix(plural) + single
        return self.noun


class Bulk(msgspec.Struct, frozen=True, kw_only=True):
    """What may be done to many rows, chosen ones or the whole filter: posted to ``address`` as ``action``."""

    address: str
    actions: tuple[tuple[str, str], ...]  # value and words of each button


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What an address asks of a list: every part checked, ``faults`` for what could not be understood."""

    listing: Listing
    given: dict[str, str]  # filters and search as they stand in the address, without empty ones
    conditions: tuple[Q, ...]  # all must be met
    faults: tuple[str, ...]
    cut: bool  # more begins like what was searched for than was looked at
    order: Order
    size: int
    cursor: str

    @property
    def text(self) -> str:
        """What is searched for."""
        return self.given.get(SEARCH, "")

    def met_by(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the rows that meet every filter; none if one of them could not be understood."""
        return rows.none() if self.faults else narrowed(rows, self.conditions)

    def address(self, **changes: str | None) -> str:
        """The address (``?…``) of this list with changes; places are dropped unless they are among them."""
        sort = "" if self.order == self.listing.orders[0] else self.order.asked_as
        size = "" if self.size == SIZES[0] else str(self.size)
        parts: dict[str, str | None] = {**self.given, "sort": sort, "size": size, **changes}
        return "?" + urlencode({key: value for key, value in parts.items() if value})

    def as_csv(self) -> str:
        """The address of the whole list as a file for spreadsheets."""
        return self.address(export="csv")

    def as_json(self) -> str:
        """The address of the whole list as a file for programs."""
        return self.address(export="json")

    def controls(self) -> list[Control]:
        """The filters as they are drawn."""
        return [each.control(self.given.get(each.key, "")) for each in self.listing.filters]

    @property
    def more_given(self) -> bool:
        """Whether one of the filters that are folded away is in use."""
        return any(each.key in self.given for each in self.listing.filters[SHOWN:])

    def sorts(self) -> list[tuple[str, str, bool]]:
        """Every order from both ends: what stands in the address, its words, and whether it is this one."""
        offered = [order for order in self.listing.orders if not (order.alone and self.given)]
        ways = [way for order in offered for way in (order, order.turned())]
        first = self.listing.orders[0]
        return [("" if way == first else way.asked_as, _words(way), way == self.order) for way in ways]

    def heads(self) -> list[Head]:
        """The heads of the columns."""
        return [self._head(column) for column in self.listing.columns]

    def _head(self, column: Column) -> Head:
        order = next((each for each in self.listing.orders if each.key == column.order), None)
        if order is None or (order.alone and self.given):
            return Head(column=column, address=None, sorted="")
        if order.key != self.order.key:
            return Head(column=column, address=self.address(sort=order.asked_as), sorted="")
        now = "descending" if self.order.descending else "ascending"
        return Head(column=column, address=self.address(sort=self.order.turned().asked_as), sorted=now)


def _words(order: Order) -> str:
    return f"{order.label}, {'falling' if order.descending else 'rising'}"


def read(listing: Listing, parts: Mapping[str, str]) -> Asked:
    """What an address's parts ask of a list.

    Raises:
        BadRequest: an order or a page size that the list does not offer.
    """
    keys = [each.key for each in listing.filters] + ([SEARCH] if listing.search else [])
    given = {key: text for key in keys if (text := parts.get(key, "").strip())}
    conditions, faults = _conditions(listing, given)
    found, cut = _search(listing, given, faults)
    conditions = [found, *conditions] if found else conditions  # few rows: asked first
    return Asked(
        listing=listing,
        given=given,
        conditions=tuple(conditions),
        faults=tuple(faults),
        cut=cut,
        order=_order(listing, parts.get("sort", ""), filtered=bool(given)),
        size=_size(parts.get("size", "")),
        cursor=parts.get("at", ""),
    )


def _conditions(listing: Listing, given: dict[str, str]) -> tuple[list[Q], list[str]]:
    conditions, faults = list[Q](), list[str]()
    for each in listing.filters:
        if text := given.get(each.key):
            try:
                conditions.append(each.condition(_sound(text)))
            except Unclear as unclear:
                faults.append(str(unclear))
    return conditions, faults


def _search(listing: Listing, given: dict[str, str], faults: list[str]) -> tuple[Q, bool]:
    if not (listing.search and given.get(SEARCH)):
        return Q(), False
    try:
        return listing.search.found(given[SEARCH])
    except Unclear as unclear:
        faults.append(str(unclear))
        return Q(), False


def _sound(text: str) -> str:
    if len(text) > LONGEST or "\x00" in text:
        raise Unclear(f"A filter takes at most {LONGEST} characters, and no NUL.")
    return text


def _order(listing: Listing, asked: str, *, filtered: bool) -> Order:
    for order in listing.orders if asked else ():
        for way in (order, order.turned()):
            if way.asked_as == asked:
                return listing.orders[0] if filtered and way.alone else way
    if not asked:
        return listing.orders[0]
    raise BadRequest(f"This list cannot be sorted by {asked!r}.")


def _size(asked: str) -> int:
    if not asked:
        return SIZES[0]
    if asked not in map(str, SIZES):
        raise BadRequest(f"A page has {', '.join(map(str, SIZES))} rows.")
    return int(asked)
