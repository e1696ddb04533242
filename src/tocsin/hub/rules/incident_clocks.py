"""The clocks that run for an incident: what is due when, what came in when, what is late.

An owner hands in an early warning within 24 hours of becoming aware, a notification within 72, a final report
one month after the notification (Directive (EU) 2022/2555, Article 23(4)); the authority answers within 24
hours of the early warning where it can (Article 23(5)); where personal data is concerned, its supervisory
authority is told within 72 hours (Regulation (EU) 2016/679, Article 33(1)).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from tocsin.hub.rules.deadlines import report_clocks
from tocsin.hub.rules.incident import Stage

ANSWER = "answer"
WITHIN = timedelta(hours=24)
_TITLES = {
    Stage.EARLY_WARNING.value: "Early warning, within 24 hours",
    ANSWER: "Our answer, within 24 hours of the report",
    Stage.NOTIFICATION.value: "Notification, within 72 hours",
    Stage.PERSONAL_DATA.value: "Supervisory authority told of personal data, within 72 hours",
    Stage.FINAL.value: "Final report, within a month of the notification",
}


class Standing(StrEnum):
    """How a clock stands."""

    RUNNING = "running"
    MET = "met"
    LATE = "late"  # came after it was due
    OVERDUE = "overdue"  # has not come, and was due


class Clock(Struct, frozen=True, kw_only=True):
    """One thing that is due.

    Attributes:
        name: a word of `Stage`, or ``answer``.
        title: in words.
        due: when, UTC.
        came: when it came in, or None.
        standing: how that compares at the moment asked about.
    """

    name: str
    title: str
    due: datetime
    came: datetime | None
    standing: Standing


def clocks(
    aware: datetime,
    came: Mapping[str, datetime],
    *,
    received: datetime,
    personal: bool,
    now: datetime,
) -> list[Clock]:
    """Every clock of an incident, in the order in which they end.

    Args:
        aware: when the owner became aware.
        came: stage to when it first came in; ``answer`` to when the authority first answered.
        received: when the first report came in.
        personal: personal data is concerned.
        now: the moment asked about.
    """
    due = report_clocks(aware, notified=came.get(Stage.NOTIFICATION))
    due[ANSWER] = received.astimezone(UTC) + WITHIN
    if not personal:
        del due[Stage.PERSONAL_DATA]
    made = [_clock(name, moment, came.get(name), now) for name, moment in due.items()]
    return sorted(made, key=lambda clock: (clock.due, clock.name))


def _clock(name: str, due: datetime, came: datetime | None, now: datetime) -> Clock:
    if came is not None:
        standing = Standing.MET if came <= due else Standing.LATE
    else:
        standing = Standing.RUNNING if now <= due else Standing.OVERDUE
    return Clock(name=name, title=_TITLES[name], due=due, came=came, standing=standing)


def next_due(found: list[Clock]) -> datetime | None:
    """When the next thing is due that has not come, or was: None when all came."""
    return min((clock.due for clock in found if clock.came is None), default=None)
