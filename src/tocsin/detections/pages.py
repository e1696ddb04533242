"""Who asked for which server page, when, and what the server answered.

One request may stand in several logs (IIS front end, IIS back end, HttpProxy). Counts are kept per
log folder and the largest is given, so that a request is not counted twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote

from tocsin.evidence.web_roots import url_of
from tocsin.model.findings import Finding
from tocsin.model.places import Locator
from tocsin.model.records import Record
from tocsin.model.verdicts import ShellClient
from tocsin.model.words import Means
from tocsin.packs.logsources import WEB_KINDS

ANY_PAGE = r"\.(?:as[pcmh]x|asp|asax|svc|soap|cshtml|vbhtml|php[3-8]?|phtml|jspx?|jspf|cfm|cer|cdx)"
_PAGE = re.compile(ANY_PAGE + "$")
_TAIL = re.compile(
    r"(?:&|^)(?:(?:CorrelationID|cafeReqId|encoding|ClientId|ActID|ClientRequestId|reqId)=[^;&]*;?|;)",
    re.IGNORECASE,
)
NONSENSE = (
    r"^/(\.env|\.git/|\.aws/|wp-login\.php|phpmyadmin|cgi-bin/|boaform|hnap1|actuator|solr/|vendor/phpunit)"
)
"""What internet scanners ask of every server, each the mark of another product."""

_NONSENSE = re.compile(NONSENSE, re.IGNORECASE)
_FEWEST_NONSENSE = 2
_MOST_PAGES = 100_000
_MOST_CLIENTS = 5_000
_KEPT_LOCATORS = 8


def page_of(stem: str) -> str | None:
    """Give the lower-case path of a server page, or None when the path is none.

    A path below the page (``/x.aspx/y``) belongs to the page.
    """
    path = unquote(unquote(stem)).lower() if "%" in stem else stem.lower()
    dot = path.find(".")
    if dot < 0:
        return None
    slash = path.find("/", dot)
    page = path if slash < 0 else path[:slash]
    return page if _PAGE.search(page) else None


def own_query(query: str | None) -> str:
    """Give what the client itself put into the query: Exchange appends its own tail to every one."""
    if not query:
        return ""
    rest = _TAIL.sub("", query.lstrip("?"))
    return rest.strip("&;")


def is_tasking(record: Record) -> bool:
    """Tell whether the request carried more than the page's name: a body or parameters."""
    return carries_more(record.fields.get("cs-method"), record.fields.get("cs-uri-query"))


def carries_more(method: str | None, query: str | None) -> bool:
    """Tell the same by the method, or None for GET, and the query."""
    return (method or "GET").upper() not in {"GET", "HEAD", "OPTIONS"} or bool(own_query(query))


def pages_named(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield the pages that findings of more than context name, as ``page_of`` spells them."""
    for finding in findings:
        if finding.means is not Means.CONTEXT:
            path = finding.details.get("shell_path")
            named = (
                finding.details.get("page"),
                finding.details.get("shell_url"),
                url_of(path) if path else None,
            )
            yield from (url.lower() for url in named if url)


@dataclass(slots=True)
class _Client:
    requests: dict[str, int] = field(default_factory=dict)
    first: datetime | None = None
    last: datetime | None = None
    tasked: bool = False

    def merge(self, other: _Client) -> None:
        _add_counts(self.requests, other.requests)
        self.first = min((one for one in (self.first, other.first) if one), default=None)
        self.last = max((one for one in (self.last, other.last) if one), default=None)
        self.tasked = self.tasked or other.tasked


def _add_counts(counts: dict[str, int], more: Mapping[str, int]) -> None:
    for name, count in more.items():
        counts[name] = counts.get(name, 0) + count


@dataclass(slots=True)
class _Moments:
    """When something happened: exact ends, and the ends within every minute.

    A minute's two ends are enough to find the first moment after another one, in bounded memory
    and whatever the order of arrival.
    """

    count: int = 0
    first: datetime | None = None
    last: datetime | None = None
    last_weak: bool = False
    minutes: dict[int, tuple[datetime, datetime]] = field(default_factory=dict)
    places: list[tuple[str, Locator]] = field(default_factory=list)

    def add(self, record: Record) -> None:
        self.count += 1
        self._place(record)
        moment = record.time
        if moment is None:
            return
        self.first = moment if self.first is None else min(self.first, moment)
        if self.last is None or moment >= self.last:
            self.last_weak = record.weak and (self.last_weak or moment != self.last)
            self.last = moment
        minute = int(moment.timestamp()) // 60
        low, high = self.minutes.get(minute, (moment, moment))
        self.minutes[minute] = (min(low, moment), max(high, moment))

    def merge(self, other: _Moments) -> None:
        self.count += other.count
        self.first = min((one for one in (self.first, other.first) if one), default=None)
        self._merge_last(other)
        for minute, (low, high) in other.minutes.items():
            known = self.minutes.get(minute, (low, high))
            self.minutes[minute] = (min(low, known[0]), max(high, known[1]))
        self.places = sorted([*self.places, *other.places], key=_place_order)[:_KEPT_LOCATORS]

    def _merge_last(self, other: _Moments) -> None:
        """A last moment is in doubt if all that was seen at it is."""
        if other.last is None:
            return
        if self.last is None or other.last > self.last:
            self.last, self.last_weak = other.last, other.last_weak
        elif other.last == self.last:
            self.last_weak = self.last_weak and other.last_weak

    def first_after(self, moment: datetime) -> datetime | None:
        """Give the first moment after another; within that one's own minute, the latest."""
        ends = (end for pair in self.minutes.values() for end in pair if end > moment)
        return min(ends, default=None)

    def locators(self) -> tuple[Locator, ...]:
        """Give the earliest places, at most eight."""
        ordered = sorted(self.places, key=_place_order)
        return tuple(locator for _, locator in ordered[:_KEPT_LOCATORS])

    def _place(self, record: Record) -> None:
        stamp = record.time.isoformat() if record.time else "~"
        self.places.append((stamp, record.locator))
        if len(self.places) > 4 * _KEPT_LOCATORS:
            self.places.sort(key=_place_order)
            del self.places[_KEPT_LOCATORS:]


def _place_order(place: tuple[str, Locator]) -> tuple[str, tuple[str, int]]:
    return (place[0], place[1].order)


@dataclass(slots=True)
class Page:
    """One server page over time: when it was ``served`` (2xx) and when ``refused`` (not there).

    ``refusals`` has the last moment of every status by which it was refused.
    """

    url: str
    served: _Moments = field(default_factory=_Moments)
    refused: _Moments = field(default_factory=_Moments)
    totals: dict[str, int] = field(default_factory=dict)
    refusals: dict[str, datetime] = field(default_factory=dict)
    _clients: dict[str, _Client] | None = field(default_factory=dict)

    @property
    def requests(self) -> int:
        """Requests, counted in the log folder that holds most of them."""
        return max(self.totals.values(), default=0)

    @property
    def not_served_since(self) -> datetime | None:
        """The first refusal after the last answer, if there is one."""
        last = self.served.last
        return None if last is None else self.refused.first_after(last)

    @property
    def last_asked(self) -> datetime | None:
        """The last request that was answered either way."""
        return max((moment for moment in (self.served.last, self.refused.last) if moment), default=None)

    def clients(self) -> tuple[ShellClient, ...]:
        """Give the addresses that were served, by first request; empty when there were too many."""
        rows = (
            ShellClient(
                ip=ip,
                requests=max(client.requests.values()),
                first_seen=client.first,
                last_seen=client.last,
                tasked=client.tasked,
            )
            for ip, client in (self._clients or {}).items()
        )
        return tuple(sorted(rows, key=lambda row: (str(row.first_seen), row.ip)))

    def add(self, record: Record, *, group: str, absent: frozenset[str]) -> None:
        """Add one request for this page."""
        self.totals[group] = self.totals.get(group, 0) + 1
        status = record.fields.get("sc-status")
        if status is not None and status in absent:
            self.refused.add(record)
            self._refusal(status, record.time)
        elif status is not None and status.startswith("2"):
            self.served.add(record)
            self._client(record, group)

    def merge(self, other: Page) -> None:
        """Add the requests that were met elsewhere."""
        _add_counts(self.totals, other.totals)
        self.served.merge(other.served)
        self.refused.merge(other.refused)
        for status, moment in other.refusals.items():
            self._refusal(status, moment)
        if self._clients is None or other._clients is None:
            self._clients = None
            return
        for ip, client in other._clients.items():
            self._clients.setdefault(ip, _Client()).merge(client)
        if len(self._clients) > _MOST_CLIENTS:
            self._clients = None

    def _refusal(self, status: str, moment: datetime | None) -> None:
        """Keep when each status was last answered."""
        if moment is not None:
            self.refusals[status] = max(self.refusals.get(status, moment), moment)

    def _client(self, record: Record, group: str) -> None:
        ip = record.fields.get("c-ip")
        if ip is None or self._clients is None:
            return
        client = self._clients.setdefault(ip, _Client())
        client.requests[group] = client.requests.get(group, 0) + 1
        client.tasked = client.tasked or is_tasking(record)
        moment = record.time
        if moment is not None:
            client.first = moment if client.first is None else min(client.first, moment)
            client.last = moment if client.last is None else max(client.last, moment)
        if len(self._clients) > _MOST_CLIENTS:
            self._clients = None


class PageActivity:
    """Every server page asked for."""

    def __init__(self, absent_statuses: frozenset[str] = frozenset({"302", "404"})) -> None:
        """Start empty; ``absent_statuses`` are the answers that mean "not served here"."""
        self._absent = absent_statuses
        self._pages: dict[str, Page] = {}
        self._nonsense: set[str] = set()
        self.overflow = 0

    @property
    def answers_anything(self) -> bool:
        """A server that serves what cannot all be there answers 200 to whatever is asked."""
        return len(self._nonsense) >= _FEWEST_NONSENSE

    def observe(self, record: Record) -> None:
        """Take one record; those of other kinds are let go."""
        stem = record.fields.get("cs-uri-stem")
        if record.kind not in WEB_KINDS or not stem:
            return
        self.note_nonsense(record)
        url = page_of(stem)
        if url is not None:
            self._add(url, record)

    def observe_only(self, record: Record, urls: frozenset[str]) -> None:
        """Take one record if it asks for one of these pages."""
        stem = record.fields.get("cs-uri-stem")
        url = page_of(stem) if stem and record.kind in WEB_KINDS else None
        if url is not None and url in urls:
            self._add(url, record)

    def _add(self, url: str, record: Record) -> None:
        page = self._pages.get(url)
        if page is None:
            if len(self._pages) >= _MOST_PAGES:
                self.overflow += 1
                return
            page = self._pages[url] = Page(url)
        group = f"{record.kind}:{record.locator.path.rpartition('/')[0]}"
        page.add(record, group=group, absent=self._absent)

    def merge(self, other: PageActivity) -> None:
        """Add the requests that were met elsewhere."""
        self._nonsense |= other._nonsense
        self.overflow += other.overflow
        for url, page in other._pages.items():
            known = self._pages.get(url)
            if known is not None:
                known.merge(page)
            elif len(self._pages) < _MOST_PAGES:
                self._pages[url] = page
            else:
                self.overflow += sum(page.totals.values())

    def note_nonsense(self, record: Record) -> None:
        """Note what the request asks for if it cannot be there and was answered."""
        stem = record.fields.get("cs-uri-stem")
        if stem and record.kind in WEB_KINDS and record.fields.get("sc-status") == "200":
            self._nonsense.update(found.lower() for found in _NONSENSE.findall(stem))

    def get(self, url: str) -> Page | None:
        """Give what is known of a page, by its path in any case."""
        return self._pages.get(url.lower())
