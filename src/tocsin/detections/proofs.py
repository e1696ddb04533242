"""The proof of a pack: every example is put to the engine that runs over evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from tocsin.detections.behaviours import met
from tocsin.detections.compiling import narrowed
from tocsin.detections.conditions import predicate
from tocsin.detections.matching import Matcher
from tocsin.detections.page_requests import PageRequests
from tocsin.detections.values import Row
from tocsin.errors import PackError, RuleError
from tocsin.model.places import Locator
from tocsin.model.records import Record
from tocsin.packs.behaviours import BehaviourRule
from tocsin.packs.lint import pack_problems
from tocsin.packs.loading import AnyRule, Pack, read_pack
from tocsin.packs.rules import Correlation, Fields, Rule, Scalar

Example = Fields | tuple[Fields, ...]
_OWN = ("kind", "time", "repeat", "every")
_MOST_REPEATS = 10_000


def examine(root: Path) -> list[PackError]:
    """Give every problem of the pack in a folder, in the order of files and lines; none if sound."""
    pack, problems = read_pack(root)
    if pack is not None:
        problems += pack_problems(pack)
        problems += disproved(pack)
    return sorted(problems, key=lambda problem: _place(problem.where))


def _place(where: str) -> tuple[str, int]:
    path, _, line = where.rpartition(":")
    return (path, int(line)) if line.isdigit() else (where, 0)


def disproved(pack: Pack) -> Iterator[RuleError]:
    """Yield an account of every example that the engine does not bear out."""
    for rule in (*pack.rules, *pack.benign):
        yield from _rule(rule, partial(_holds, rule))
    for correlation in pack.correlations:
        yield from _rule(correlation, partial(_sequence_holds, pack, correlation))
    for behaviour in pack.behaviours:
        yield from _rule(behaviour, partial(_requests_hold, pack, behaviour))


def _rule(rule: AnyRule, holds: Callable[[Example], bool | str]) -> Iterator[RuleError]:
    for wanted, key in ((True, "matches"), (False, "ignores")):
        for at, example in enumerate(getattr(rule.head.examples, key)):
            held = holds(example)
            if held is not wanted:
                where = rule.document.where("examples", key, at)
                yield RuleError(f"{_spoken(held)}.", where=where, remedy="Correct the rule or the example.")


def _spoken(held: bool | str) -> str:  # noqa: FBT001 - a verdict, not a switch
    if isinstance(held, str):
        return held
    return "the example matches" if held else "the example does not match"


def _holds(rule: Rule, example: Example) -> bool | str:
    """Say whether the rule meets the example, or what is wrong with the example itself."""
    if isinstance(example, tuple):
        return "the example of a rule is one record, not a list"
    try:
        record = record_of(example, rule)
    except ValueError as error:
        return f"the example's time is none: {error}"
    reach = next((reach for reach in rule.reaches if reach.kind == record.kind), None)
    if reach is None:
        return f"the rule's logsource does not reach the kind '{record.kind}'"
    return predicate(narrowed(rule, reach.event_id))(Row(record.fields, record.kind))


def _sequence_holds(pack: Pack, correlation: Correlation, example: Example) -> bool | str:
    """Say the same of a correlation and a list of records."""
    if not isinstance(example, tuple):
        return "the example of a correlation is a list of records"
    first = next(rule for rule in pack.rules if rule.title == correlation.rules[0])
    matcher = Matcher([pack])
    try:
        records = [record_of(one, first, number=at) for at, one in enumerate(_repeated(example), start=1)]
    except ValueError as error:
        return f"the example's time is none: {error}"
    if any(record.time is None for record in records):
        return "a record of the example has no time"
    for record in records:
        matcher.observe(record)
    return correlation.title in {finding.rule for finding in matcher.finish()[pack.id].findings}


def _requests_hold(pack: Pack, rule: BehaviourRule, example: Example) -> bool | str:
    """Say the same of a behavioural rule and a list of requests."""
    if not isinstance(example, tuple):
        return "the example of a behaviour is a list of requests"
    refusals = frozenset(str(status) for status in pack.file.absent_statuses)
    try:
        records = [_record(one, "iis.w3c", number=at) for at, one in enumerate(_repeated(example), start=1)]
    except ValueError as error:
        return f"the example's time is none: {error}"
    begin = min((record.time for record in records if record.time), default=None)
    with closing(PageRequests((), refusals, most_clients=rule.most_clients)) as asked:
        for record in records:
            asked.observe(record)
        database = asked.finish()
        return database is not None and any(met(rule, database, logs_begin=begin))


def _repeated(example: Iterable[Fields]) -> Iterator[Fields]:
    """Write a record out ``repeat`` times, one ``every`` so many seconds: examples stay short."""
    for fields in example:
        count, every = fields.get("repeat", 1), fields.get("every", 0)
        if not isinstance(count, int) or not isinstance(every, int | float):
            raise ValueError("repeat is a whole number, every a number of seconds")  # noqa: TRY004 - the example's fault, not the caller's
        start = _time(fields.get("time"))
        for step in range(min(count, _MOST_REPEATS)):
            moved = start + timedelta(seconds=every * step) if start else None
            yield fields | {"time": moved.isoformat() if moved else None}


def record_of(example: Fields, rule: Rule, *, number: int = 1) -> Record:
    """Make the record that an example stands for: of its ``kind``, or of the first that is reached."""
    record = _record(example, rule.reaches[0].kind, number=number)
    event_id = next((reach.event_id for reach in rule.reaches if reach.kind == record.kind), "")
    if event_id:
        record.fields.setdefault("EventID", event_id)
    return record


def _record(example: Fields, kind: str, *, number: int) -> Record:
    return Record(
        kind=str(example.get("kind") or kind),
        locator=Locator(path="example", line=number),
        time=_time(example.get("time")),
        fields={name: _text(value) for name, value in example.items() if name not in _OWN},
    )


def _text(value: Scalar) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _time(value: Scalar) -> datetime | None:
    if not isinstance(value, str):
        return None
    found = datetime.fromisoformat(value)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
