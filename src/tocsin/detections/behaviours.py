"""Behavioural rules at the end of the pass: SQL made from what each declares, and a finding a page.

How often a page was asked for proves nothing. So these findings are context: a list of what a responder
should look at, each with the place of the first answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from tocsin.detections.findings import LONGEST_DETAIL, LONGEST_WORD, filled, finding_id
from tocsin.detections.findings import shown as shown_word
from tocsin.detections.matching import Matches
from tocsin.detections.page_request import moment
from tocsin.detections.page_requests import PageRequests
from tocsin.model.findings import Finding
from tocsin.model.places import Locator
from tocsin.model.times import spoken
from tocsin.model.words import Means
from tocsin.packs.behaviours import PAGE, BehaviourRule
from tocsin.packs.loading import Pack
from tocsin.packs.measures import Bounds, ShareBounds
from tocsin.packs.products import Product

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_SHOWN = 200
"""Findings kept of one rule, by the time of the first answer; the rest are counted."""
_SHOWN_CLIENTS = 10
_ANSWERS_ANYTHING = (
    "Rare server pages were not listed: this server answers whatever is asked, so every name that somebody "
    "tried would be one."
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_BY_FOLDER = """
    SELECT {subject}, folder,
        coalesce(sum(times) FILTER (answered), 0)::BIGINT AS answered,
        coalesce(sum(times) FILTER (NOT answered), 0)::BIGINT AS refused,
        coalesce(sum(times) FILTER (answered AND tasked), 0)::BIGINT AS tasked,
        min(time) FILTER (answered) AS first_time,
        max(last) FILTER (answered) AS last_time,
        list(DISTINCT method) FILTER (answered) AS methods,
        bool_or(weak) AS weak
    FROM asked GROUP BY {subject}, folder"""
_CLIENTS = """
    SELECT page, max(clients) AS clients, list_sort(list_distinct(flatten(list(addresses)))) AS addresses
    FROM (
        SELECT page, folder, count(DISTINCT client) AS clients,
            coalesce(list(DISTINCT client) FILTER (client IS NOT NULL), []) AS addresses
        FROM asked WHERE answered GROUP BY page, folder
    ) GROUP BY page"""
_BY_SUBJECT = """
    SELECT {subject}, max(answered) AS answered, max(refused) AS refused, max(tasked) AS tasked,
        min(first_time) AS first_time, max(last_time) AS last_time, bool_or(weak) AS weak,
        list_sort(list_distinct(flatten(list(coalesce(methods, []))))) AS methods
    FROM by_folder GROUP BY {subject}"""
_FIRST = """
    SELECT DISTINCT ON ({subject}) {subject}, kind, path, line, record, place
    FROM asked WHERE answered
    ORDER BY {subject}, time NULLS LAST, path, coalesce(line, record, place, 0), kind"""
_WHOLE = """
    WITH by_folder AS ({by_folder}), clients AS ({clients}), by_subject AS ({by_subject}), first AS ({first})
    SELECT s.page, {client} AS client, s.answered, s.refused, s.tasked, c.clients, c.addresses, s.methods,
        s.first_time, s.last_time, s.weak, f.kind, f.path, f.line, f.record, f.place, count(*) OVER () AS met
    FROM by_subject s JOIN clients c USING (page) JOIN first f USING ({subject})
    WHERE {conditions}
    ORDER BY s.first_time NULLS LAST, 1, 2
    LIMIT {most}"""


class Met(Struct, frozen=True, kw_only=True):
    """A page, or a client with a page, that meets a rule: the row that the SQL gives."""

    page: str
    client: str | None
    answered: int
    refused: int
    tasked: int
    clients: int
    addresses: list[str]
    methods: list[str]
    first_time: int | None
    last_time: int | None
    weak: bool
    kind: str
    path: str
    line: int | None
    record: int | None
    place: int | None
    met: int


class Behaved(Struct, frozen=True, kw_only=True):
    """What the behavioural rules of a pack found.

    Attributes:
        findings: rule by rule.
        folded: rule -> findings beyond those kept.
    """

    findings: tuple[Finding, ...]
    folded: dict[str, int]


def asked_of(
    packs: Sequence[Pack], products: Iterable[Product], *, refusals: Collection[str]
) -> PageRequests:
    """Give an empty store for the requests that the packs' behavioural rules ask about."""
    own_pages = frozenset(page for product in products for page in product.own_pages)
    most = max((rule.most_clients for pack in packs for rule in pack.behaviours), default=0)
    return PageRequests(own_pages, refusals, most_clients=most)


def with_behaviours(
    packs: Iterable[Pack],
    matches: Mapping[str, Matches],
    asked: PageRequests,
    *,
    logs_begin: datetime | None,
    answers_anything: bool,
) -> tuple[dict[str, Matches], tuple[str, ...]]:
    """Add what the behavioural rules find to the matches, by pack id; and say what was left out.

    Args:
        packs: whose rules are asked.
        matches: of the other rules.
        asked: everything that was asked for. It is finished by this.
        logs_begin: the time of the first request of any kind in any log, or None.
        answers_anything: the server answers whatever is asked, so every name that was tried is a page.
    """
    found = dict(matches)
    database = asked.finish()
    if database is None:
        return found, tuple(asked.notices())
    if answers_anything:
        return found, (*asked.notices(), _ANSWERS_ANYTHING)
    for pack in packs:
        if pack.behaviours:
            found[pack.id] = _joined(found[pack.id], behaved(pack, database, logs_begin=logs_begin))
    return found, tuple(asked.notices())


def _joined(matches: Matches, behaved: Behaved) -> Matches:
    return Matches(
        findings=tuple(sorted((*matches.findings, *behaved.findings), key=lambda one: one.order)),
        folded={**matches.folded, **behaved.folded},
        notices=matches.notices,
    )


def behaved(pack: Pack, database: DuckDBPyConnection, *, logs_begin: datetime | None) -> Behaved:
    """Ask the behavioural rules of a pack.

    Args:
        pack: whose rules are asked.
        database: with the table ``asked``, as ``PageRequests.finish`` gives it.
        logs_begin: the time of the first request of any kind in any log, or None.
    """
    findings: list[Finding] = []
    folded: dict[str, int] = {}
    for rule in pack.behaviours:
        found = list(met(rule, database, logs_begin=logs_begin))
        findings += [_finding(pack.id, rule, one) for one in found]
        if found and found[0].met > len(found):
            folded[rule.title] = found[0].met - len(found)
    return Behaved(findings=tuple(findings), folded=folded)


def met(rule: BehaviourRule, database: DuckDBPyConnection, *, logs_begin: datetime | None) -> Iterator[Met]:
    """Yield what meets a rule, the first answers first, at most ``MOST_SHOWN``."""
    cursor = database.execute(query(rule, logs_begin=logs_begin))
    for row in cursor.fetchall():
        yield Met(**dict(zip(Met.__struct_fields__, row, strict=True)))


# --- from the declaration to SQL ----------------------------------------------------------------


def query(rule: BehaviourRule, *, logs_begin: datetime | None) -> str:
    """Give the SQL of a rule. Every text in it is ours, every number was checked when the pack was read."""
    by_page = rule.behaviour.of == PAGE
    subject = "page" if by_page else "page, client"
    return _WHOLE.format(
        subject=subject,
        client="NULL" if by_page else "s.client",
        by_folder=_BY_FOLDER.format(subject=subject),
        clients=_CLIENTS,
        by_subject=_BY_SUBJECT.format(subject=subject),
        first=_FIRST.format(subject=subject),
        conditions=" AND ".join(_conditions(rule, logs_begin)) or "true",
        most=MOST_SHOWN,
    )


def _conditions(rule: BehaviourRule, logs_begin: datetime | None) -> Iterator[str]:
    asked = rule.behaviour
    yield from _within("c.clients", asked.clients)
    yield from _within("s.answered", asked.answered)
    yield from _within("s.refused", asked.refused)
    yield from _within("s.tasked / s.answered", asked.tasked_share)
    if asked.methods:
        names = ", ".join(
            f"'{name}'" for name in asked.methods
        )  # capitals and hyphens, as the pack's reader made sure
        yield f"list_has_any(s.methods, [{names}])"
    if rule.after is not None:
        yield f"s.first_time >= {_microseconds(datetime.combine(rule.after, time(), UTC))}"
    if asked.unseen_days is not None:
        yield _unseen(asked.unseen_days, logs_begin)


def _within(measure: str, bounds: Bounds | ShareBounds) -> Iterator[str]:
    if bounds.least is not None:
        yield f"{measure} >= {bounds.least}"
    if bounds.most is not None:
        yield f"{measure} <= {bounds.most}"


def _unseen(days: int, logs_begin: datetime | None) -> str:
    if logs_begin is None:
        return "false"
    return f"s.first_time >= {_microseconds(logs_begin + timedelta(days=days))}"


def _microseconds(when: datetime) -> int:
    return (when - _EPOCH) // timedelta(microseconds=1)


# --- from the row to the finding ----------------------------------------------------------------


def _finding(pack: str, rule: BehaviourRule, found: Met) -> Finding:
    head = rule.head
    first = None if found.first_time is None else moment(found.first_time)
    locator = Locator(path=found.path, line=found.line, record=found.record, offset=found.place)
    words = _words(found)
    addresses = found.addresses if found.client is None else [found.client]
    return Finding(
        id=finding_id(pack, f"{head.title}\0{found.page}\0{found.client or ''}", locator, first),
        rule=head.title,
        author=head.author,
        means=Means.CONTEXT,
        weak=found.weak,
        rung=None,
        time=first,
        locator=locator,
        summary=filled(head.summary, words.get) if head.summary else head.title,
        source_ip=addresses[0] if len(addresses) == 1 else None,
        kind=found.kind,
        url=found.page,
        details=words,
    )


def _words(found: Met) -> dict[str, str]:
    """Give what the summary may name, and the details of the finding."""
    shown = [shown_word(one, LONGEST_WORD) for one in found.addresses[:_SHOWN_CLIENTS]]
    words = {
        "page": shown_word(found.page, LONGEST_DETAIL),
        "client": shown_word(found.client or "", LONGEST_WORD),
        "answered": str(found.answered),
        "refused": str(found.refused),
        "clients": str(found.clients),
        "addresses": ", ".join([*shown, *(["…"] if len(found.addresses) > _SHOWN_CLIENTS else [])]),
        "methods": shown_word(", ".join(found.methods), LONGEST_WORD),
        "with_content": str(found.tasked),
        "first": "" if found.first_time is None else spoken(moment(found.first_time)),
        "last": "" if found.last_time is None else spoken(moment(found.last_time)),
    }
    return {name: value for name, value in words.items() if value}
