"""Notices as rules: kinds, how urgent each is, whom a plan groups, when and how an owner is told again.

Numbers that somebody may want to change stand in `data/notices.yaml`. What may be said to whom is decided
in `secrecy`, who is asked first in `ladder`.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path

import msgspec
import yaml
from msgspec import Struct

from tocsin.hub.rules.words import OPEN, Channel, Compromise, Exposure

FILE = Path(__file__).parent / "data" / "notices.yaml"
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Letters and digits of a reference: none that is mistaken for another on the telephone."""
DRAWN = 12
LONGEST = 200
LISTED = 200
"""Servers that one message lists; of more it says how many."""


class Kind(StrEnum):
    """What a batch of notices is about."""

    VULNERABLE = "vulnerable"
    MITIGATED = "mitigated"
    COMPROMISE = "compromise"
    WEBSHELL = "webshell"
    DIRECTIVE = "directive"


INSISTENT = frozenset({Kind.COMPROMISE, Kind.WEBSHELL, Kind.DIRECTIVE})
"""Opting out changes the channel of these; it never silences them."""

SECRET = frozenset({Kind.COMPROMISE, Kind.WEBSHELL})
"""Their very subject is a finding that an intruder must not read in mail."""

SETTLED = frozenset({Compromise.VERIFIED_CLEAN, Compromise.ACCEPTED_RISK})
TROUBLED = frozenset(set(Compromise) - {Compromise.UNKNOWN, Compromise.TARGETED, Compromise.VERIFIED_CLEAN})
"""States of compromise in which somebody was, or may have been, inside. A claim of removal ends none."""


class State(StrEnum):
    """Where one notice stands. Silence is a state of its own: no answer yet."""

    PLANNED = "planned"
    SENDING = "sending"
    NO_ANSWER = "no-answer-yet"
    ANSWERED = "answered"
    FIXED = "fixed"
    UNREACHED = "unreached"
    CANCELLED = "cancelled"


LIVE = frozenset({State.PLANNED, State.SENDING, State.NO_ANSWER, State.ANSWERED})
"""States in which an organisation is not told the same again by another batch."""


class BatchState(StrEnum):
    """Where a batch stands. Nothing leaves before ``approved``."""

    PLANNING = "planning"
    PLANNED = "planned"
    APPROVED = "approved"
    DONE = "done"
    CANCELLED = "cancelled"


class Part(StrEnum):
    """What one message of a notice is for."""

    FIRST = "first"
    DETAILS = "details"  # what the first could not say, by a way that an intruder does not read
    REMINDER = "reminder"


class Numbers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `data/notices.yaml` holds.

    Attributes:
        second_person_over: batches with more notices than this need two people.
        link_days: how long an owner's link lives.
        urgency: of each kind; 0 is the most urgent.
        remind_after_days: by kind, days after the first message on which the next channel is tried.
        channels: in the order in which reminders change them.
    """

    second_person_over: int
    link_days: int
    urgency: dict[Kind, int]
    remind_after_days: dict[Kind, tuple[int, ...]]
    channels: tuple[Channel, ...]


@cache
def numbers() -> Numbers:
    """The figures of schedule and approval."""
    return msgspec.convert(yaml.safe_load(FILE.read_text("utf-8")), Numbers)


class Seen(Struct, frozen=True, kw_only=True):
    """What is told of one server: fields as in the census. ``day`` and ``source`` say who saw it last."""

    server: int
    ip: str
    port: int = 443
    hostname: str = ""
    name: str = ""
    build: str = ""
    exposure: Exposure = Exposure.UNKNOWN
    compromise: Compromise = Compromise.UNKNOWN
    shell: date | None = None
    day: date | None = None
    source: str = ""

    @property
    def gravity(self) -> tuple[int, int, str, int]:
        """The gravest first."""
        return (-_RISK[self.compromise], list(Exposure).index(self.exposure), self.ip, self.server)


_RISK = dict.fromkeys(Compromise, 0) | {
    Compromise.CONFIRMED: 5,
    Compromise.SUSPECTED: 4,
    Compromise.CONTAINED: 3,
    Compromise.REMOVED: 2,
    Compromise.ACCEPTED_RISK: 1,
}


def grouped(servers: Iterable[tuple[int, Seen]]) -> dict[int, tuple[Seen, ...]]:
    """All servers of each organisation together, each once and the gravest first; so are organisations."""
    found: dict[int, dict[int, Seen]] = {}
    for organisation, seen in servers:
        found.setdefault(organisation, {})[seen.server] = seen
    sorted_each = {
        key: tuple(sorted(own.values(), key=lambda one: one.gravity)) for key, own in found.items()
    }
    return dict(sorted(sorted_each.items(), key=lambda pair: (pair[1][0].gravity[:2], pair[0])))


def plain(value: object, most: int = LONGEST) -> str:
    """A value from outside as one line of text: no control, format or private characters, cut at ``most``."""
    shown = "".join(" " if char.isspace() else char for char in str(value))
    kept = "".join(char for char in shown if not unicodedata.category(char).startswith("C"))
    line = " ".join(kept.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def new_reference() -> str:
    """A number that nobody guesses (58 bits) and that says nothing: ``T-7K3M-9QXD-24HZ``."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(DRAWN))
    return f"T-{drawn[:4]}-{drawn[4:8]}-{drawn[8:]}"


def read_reference(text: str) -> str:
    """A reference as somebody typed it, in the one way in which it is kept; empty if it is none."""
    typed = "".join(char for char in text.upper() if char.isascii() and char.isalnum())
    letters = typed[1:] if len(typed) == DRAWN + 1 and typed[0] == "T" else typed
    if len(letters) != DRAWN or not set(letters) <= set(ALPHABET):
        return ""
    return f"T-{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def people_needed(notices: int) -> int:
    """How many people have to approve a batch of so many notices."""
    return 2 if notices > numbers().second_person_over else 1


def fixed(kind: Kind, states: Iterable[tuple[Exposure, Compromise]]) -> bool:
    """Whether nothing is left of what a notice was about: by evidence, never by silence."""
    left = list(states)
    if kind in SECRET:
        return all(compromise in SETTLED for _, compromise in left)
    return all(exposure not in OPEN for exposure, _ in left)


def next_reminder(kind: Kind, told: datetime, sent: int) -> datetime | None:
    """When the next reminder is due after ``sent`` of them; None when there are no more."""
    days = numbers().remind_after_days[kind]
    return told + timedelta(days=days[sent]) if sent < len(days) else None


def channels_left(used: Iterable[Channel], available: Iterable[Channel]) -> list[Channel]:
    """The channels to try next: those not used yet, in the order of `Numbers.channels`."""
    have, gone = set(available), set(used)
    return [channel for channel in numbers().channels if channel in have - gone]


def urgency(kind: Kind, servers: Iterable[Seen]) -> int:
    """How urgent a notice is: its kind's figure, or that of a compromise where one is suspected."""
    grave = any(one.compromise in TROUBLED or one.shell for one in servers)
    known: Mapping[Kind, int] = numbers().urgency
    return min(known[kind], known[Kind.COMPROMISE]) if grave else known[kind]
