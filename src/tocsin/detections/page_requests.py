"""Requests for server pages that are none of a product's own, kept until all of them are known.

They are the rows that behavioural rules count: a few on an Exchange server, most of the log on another one.
So they stand in a table of DuckDB within a bound of memory, and pages that turn out to be busy are let go,
since a rule only asks about pages that few were answered by. Nothing here depends on the order of input until
there are more requests than the table takes: then pages are left out, chosen by a digest of their names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from msgspec import Struct

from tocsin.detections.memory import Memory
from tocsin.detections.page_request import WHOLE, Bounds, PageRequest, digest, of_record
from tocsin.detections.pages import page_of
from tocsin.model.records import Record
from tocsin.packs.logsources import WEB_KINDS

if TYPE_CHECKING:
    import duckdb

    from tocsin.detections.page_table import PageTable

_MOST_FOLLOWED = 200_000
"""Pages of which it is followed whether they are busy; the rest are judged at the end alone."""
LONGEST_PAGE = 4_096
"""Characters of a page's path; IIS refuses longer ones unless told otherwise, so no such page is answered."""


class PartAsked(Struct, frozen=True, kw_only=True):
    """Requests that another process gathered: rows, and what it left out. It can be sent and pickled.

    Attributes:
        rows: at most ``Bounds.at_once`` of them.
        busy: pages that more clients were answered by than anybody asks about; their rows are gone.
        below: pages whose digest is not below this were left out.
        left_out: how many requests that were.
        fault: why the table could take no more, or an empty text.
    """

    rows: tuple[PageRequest, ...] = ()
    busy: frozenset[str] = frozenset()
    below: int = WHOLE
    left_out: int = 0
    fault: str = ""


class PageRequests:
    """All requests for server pages that are not known to be a product's own, nor busy."""

    def __init__(
        self,
        own_pages: Collection[str],
        refusals: Collection[str],
        *,
        most_clients: int,
        bounds: Bounds | None = None,
    ) -> None:
        """Start empty.

        Args:
            own_pages: in lower case; requests for them are not kept.
            refusals: statuses that mean "not served here".
            most_clients: a page that answered more clients is busy; 0 keeps nothing at all.
            bounds: what the table may use.
        """
        self._own = own_pages
        self._refusals = frozenset(refusals)
        self._most_clients = most_clients
        self._bounds = bounds or Bounds()
        self._waiting: list[PageRequest] = []
        self._clients: dict[tuple[str, str], set[str]] = {}
        self._busy: set[str] = set()
        self._page_of = Memory(lambda stem: self._page(stem or ""))
        self._table: PageTable | None = None
        self._held = 0
        self._answered = False
        self._below = WHOLE
        self._left_out = 0
        self._fault = ""

    def close(self) -> None:
        """Let the table go, and the temporary folder with it."""
        if self._table is not None:
            self._table.close()
            self._table = None

    # --- taking -------------------------------------------------------------------------------

    @property
    def wanted(self) -> bool:
        """Whether anybody asks about requests at all."""
        return self._most_clients > 0

    def page(self, stem: str) -> str | None:
        """Give the page that a path asks for, or None if requests for it are not kept."""
        page = self._page_of(stem)
        return None if page is None or page in self._busy else page

    def _page(self, stem: str) -> str | None:
        page = page_of(stem) if "." in stem or "%" in stem else None
        if page is None or page in self._own or len(page) > LONGEST_PAGE or page[0] != "/":
            return None
        return page

    def answered(self, status: str | None) -> bool | None:
        """Tell whether a status is an answer or a refusal; None for neither."""
        if status is None:
            return None
        return True if status.startswith("2") else False if status in self._refusals else None

    def observe(self, record: Record) -> None:
        """Take one record; those that are no such request are let go."""
        stem = record.fields.get("cs-uri-stem")
        if not stem or not self.wanted or record.kind not in WEB_KINDS:
            return
        page = self.page(stem)
        answered = None if page is None else self.answered(record.fields.get("sc-status"))
        if page is not None and answered is not None:
            self.take(of_record(page, record, answered=answered))

    def take(self, request: PageRequest) -> None:
        """Take one request whose page ``page`` gave."""
        if self._fault or digest(request.page) >= self._below:
            self._left_out += 1
            return
        self._waiting.append(request)
        self._held += 1
        self._answered = self._answered or request.answered
        if request.answered and request.client is not None:
            self._follow(request.page, request.folder, request.client)
        if len(self._waiting) >= self._bounds.at_once:
            self._store()

    def _follow(self, page: str, folder: str, client: str) -> None:
        """Find out early that a page is busy."""
        clients = self._clients.get((page, folder))
        if clients is None:
            if len(self._clients) >= _MOST_FOLLOWED:
                return
            clients = self._clients[page, folder] = set()
        clients.add(client)
        if len(clients) > self._most_clients and len(self._busy) < _MOST_FOLLOWED:
            self._busy.add(page)
            del self._clients[page, folder]

    # --- bounds -------------------------------------------------------------------------------

    def _store(self) -> None:
        """Put what waits into the table; let busy pages go, and others when there are too many."""
        rows = [row for row in self._waiting if row.page not in self._busy]
        self._held -= len(self._waiting) - len(rows)
        self._waiting = []
        with self._guarded():
            table = self._opened()
            table.add(rows)
            if self._held > self._bounds.requests:
                self._make_room(table)

    def _guarded(self) -> AbstractContextManager[None]:
        """A fault of the table, whose memory and disk are bounded, ends the search for rare pages alone."""
        from tocsin.detections.page_table import guarded  # noqa: PLC0415 - as below

        return guarded(self._note)

    def _note(self, fault: str) -> None:
        self._fault = fault

    def _opened(self) -> PageTable:
        if self._table is None:
            from tocsin.detections.page_table import PageTable  # noqa: PLC0415 - DuckDB is long in loading, and often not needed

            self._table = PageTable(self._bounds)
        return self._table

    def _make_room(self, table: PageTable) -> None:
        """Leave free half of the table, so that there is no need of this again at once."""
        table.without(self._busy)
        self._held = table.squeeze()
        while self._held > self._bounds.requests // 2 and self._below:
            self._below //= 2
            kept = table.below(self._below)
            self._left_out += self._held - kept
            self._held = kept

    def finish(self) -> duckdb.DuckDBPyConnection | None:
        """Give the database with the table ``asked``, without busy pages; None when no answer is in it."""
        if not self._answered:
            return None
        self._store()
        table = self._sound()
        if table is None:
            return None
        with self._guarded():
            table.without(self._busy | table.busy(self._most_clients))
        return table.database if self._sound() else None

    def _sound(self) -> PageTable | None:
        return None if self._fault else self._table

    def notices(self) -> Iterator[str]:
        """Yield what was left out, in plain words."""
        if self._fault:
            yield f"Rare server pages could not be looked for: {self._fault}."
        elif self._left_out:
            yield (
                f"{self._left_out:,} requests for server pages were left out of the search for rare pages: "
                "too many asked for pages that are none of the product's own."
            )

    # --- several processes --------------------------------------------------------------------

    def parts(self) -> Iterator[PartAsked]:
        """Yield everything that was taken, for ``merge`` in another process. Call it once, last."""
        busy = frozenset(self._busy)
        yield PartAsked(busy=busy, below=self._below, left_out=self._left_out, fault=self._fault)
        if self._table is not None and not self._fault:
            for rows in self._table.rows(self._bounds.at_once):
                yield PartAsked(rows=rows)
        yield PartAsked(rows=tuple(row for row in self._waiting if row.page not in self._busy))

    def merge(self, part: PartAsked) -> None:
        """Take what another process gathered."""
        self._left_out += part.left_out
        self._fault = self._fault or part.fault
        self._busy |= part.busy
        if part.below < self._below:
            self._narrow(part.below)
        self._take_all(part.rows)

    def _narrow(self, below: int) -> None:
        """Leave out what another process had to leave out."""
        self._below = below
        self._waiting, waiting = [], self._waiting
        self._held -= len(waiting)
        if self._table is not None:
            with self._guarded():
                kept = self._table.below(below)
                self._left_out += self._held - kept
                self._held = kept
        self._take_all(waiting)

    def _take_all(self, rows: Iterable[PageRequest]) -> None:
        for row in rows:
            if row.page not in self._busy:
                self.take(row)
