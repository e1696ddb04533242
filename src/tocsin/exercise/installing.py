"""What was installed when: cumulative updates, security updates, and what setup wrote of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import cache

from tocsin.exercise.scenario import BuildSpan
from tocsin.exercise.workshop import Workshop
from tocsin.packs.loading import data_folder
from tocsin.packs.versions import branch_of, key

_BEFORE = timedelta(days=60)
_SETUP_ENDS = timedelta(minutes=12)
"""Setup ends so long before the day from which on the build is in force."""


def spans_of(workshop: Workshop) -> tuple[BuildSpan, ...]:
    """Give the builds that were in force up to the collection, oldest first; at least one."""
    day = workshop.scenario.collected.date()
    spans = sorted(workshop.scenario.server.builds, key=lambda span: span.since)
    past = [span for span in spans if span.since <= day] or spans[:1]
    return tuple(past or [BuildSpan(build=workshop.build_at(workshop.scenario.collected), since=day)])


def installed_at(workshop: Workshop) -> datetime:
    """Give when Exchange was installed: long before the story begins."""
    first = min(workshop.scenario.first_day, spans_of(workshop)[0].since)
    return datetime.combine(first, time(21, 40), UTC) - _BEFORE


def cumulative_updates(workshop: Workshop) -> Iterator[tuple[datetime, str]]:
    """Yield when each cumulative update was set up, and its build; security updates leave no setup run."""
    branch = ""
    for number, span in enumerate(spans_of(workshop)):
        if branch_of(span.build) != branch:
            branch = branch_of(span.build)
            day = datetime.combine(span.since, time(), UTC)
            yield (
                (day - _SETUP_ENDS if number else installed_at(workshop)),
                first_build_of(branch, span.build),
            )


def first_build_of(branch: str, otherwise: str) -> str:
    """Give the build of the cumulative update itself; ``otherwise`` for a branch that is in no table."""
    return _first_builds().get(branch, otherwise)


@cache
def _first_builds() -> dict[str, str]:
    table = data_folder("products") / "exchange" / "builds.csv"
    with table.open(encoding="utf-8", newline="") as stream:
        builds = [row["build"] for row in csv.DictReader(stream)]
    return {branch_of(build): build for build in sorted(builds, key=key, reverse=True)}
