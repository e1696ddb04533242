"""The proof of a pack: every example is put to the engine that runs over evidence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from tocsin.detections.conditions import predicate
from tocsin.detections.matching import narrowed
from tocsin.detections.values import Row
from tocsin.errors import PackError, RuleError
from tocsin.model.places import Locator
from tocsin.model.records import Record
from tocsin.packs.lint import pack_problems
from tocsin.packs.loading import Pack, read_pack
from tocsin.packs.rules import Fields, Rule, Scalar

_OWN = ("kind", "time")


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
        yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[RuleError]:
    for wanted, key in ((True, "matches"), (False, "ignores")):
        for at, example in enumerate(getattr(rule.head.examples, key)):
            problem = _problem(rule, example, wanted=wanted)
            if problem:
                where = rule.document.where("examples", key, at)
                yield RuleError(f"{problem}.", where=where, remedy="Correct the rule or the example.")


def _problem(rule: Rule, example: Fields | tuple[Fields, ...], *, wanted: bool) -> str | None:
    if isinstance(example, tuple):
        return "the example of a rule is one record, not a list"
    record = record_of(example, rule)
    reach = next((reach for reach in rule.reaches if reach.kind == record.kind), None)
    if reach is None:
        return f"the rule's logsource does not reach the kind '{record.kind}'"
    if predicate(narrowed(rule, reach.event_id))(Row(record)) is wanted:
        return None
    return "the example does not match" if wanted else "the example matches"


def record_of(example: Fields, rule: Rule, *, number: int = 1) -> Record:
    """Make the record that an example stands for: of its ``kind``, or of the first that is reached."""
    kind = str(example.get("kind") or rule.reaches[0].kind)
    event_id = next((reach.event_id for reach in rule.reaches if reach.kind == kind), "")
    fields = {name: _text(value) for name, value in example.items() if name not in _OWN}
    if event_id:
        fields.setdefault("EventID", event_id)
    return Record(
        kind=kind,
        locator=Locator(path="example", line=number),
        time=_time(example.get("time")),
        fields=fields,
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
