"""Send e-mail over several connections at once, each with no more than one message whose fate is unknown.

A connection's transaction says two things at once: the message before has gone, the next one is being sent.
It is on the disk before the mail server hears of the next one. So a hub that dies leaves at most one message
in the state ``sending`` for each connection, and that one is marked in doubt: it may have been taken or not.
Everything else either went out and says so, or did not and is still queued.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from django.db import connection, connections, transaction
from django.utils import timezone

from tocsin.errors import TocsinError
from tocsin.hub.outbox import outcomes
from tocsin.hub.outbox.models import Message
from tocsin.hub.outbox.smtp import NoWay, Session
from tocsin.hub.outbox.surroundings import Post
from tocsin.hub.outbox.wire import Envelope, envelope
from tocsin.hub.rules.mail import State
from tocsin.hub.rules.sending import Outcome

REFUSED_IN_A_ROW = 25
"""Refusals without a message taken in between, after which the way out is at fault, not the addresses."""

CLOSED_IN_A_ROW = 3
"""Connections that end without a message taken, after which the way out is left alone for a while."""

UNWRITABLE = (UnsupportedAlgorithm, ValueError, TypeError, LookupError, AttributeError, RuntimeError, OSError)
"""What libraries raise at a stranger's key or text: one such message must not end the way of the others."""

SMTP = "smtp"
_one_at_a_time = threading.Lock()


class Work(NamedTuple):
    """What the lanes share: messages to send, and until when.

    Attributes:
        rows: claimed from the left; each lane claims in the database, too.
        enclosed: numbers of those with attachments.
        deadline: by the monotonic clock; no message is begun after it.
    """

    post: Post
    rows: deque[Message]
    enclosed: frozenset[int]
    deadline: float


class Lane:
    """One connection after another, until the work, the time or the way out is at its end."""

    def __init__(self, work: Work) -> None:
        """Nothing is opened before `run`."""
        self._work = work
        self._done: tuple[Message, Outcome] | None = None
        self._refused = self._closed = 0
        self._looked = 0.0
        self.shut = ""  # why the way out is at fault
        self.no_way = ""  # why no connection was made: the server may allow fewer than there are lanes
        self.taken = 0

    def run_in_thread(self) -> None:
        """As `run`, with a database connection of its own."""
        try:
            self.run()
        finally:
            connections.close_all()

    def run(self) -> None:
        """Send. What goes wrong with a message stands in its row, with the way out in ``shut``."""
        _write_through()
        while self._work.rows and not self.shut and not self._is_time():
            try:
                session = Session(self._work.post)
            except NoWay as fault:
                self.no_way = str(fault)
                return
            try:
                self._converse(session)
            finally:
                self._turn(None)
                session.close()

    def _converse(self, session: Session) -> None:
        taken = self.taken
        while not (session.over or self.shut or self._is_time()) and (row := self._next()) is not None:
            written = self._written(row)
            if written is not None and self._turn(row):
                self._note(row, session.send(written, row.tries))
        self._closed = 0 if self.taken > taken else self._closed + session.over
        if self._closed >= CLOSED_IN_A_ROW:
            self.shut = "the mail server closes each connection"

    def _next(self) -> Message | None:
        try:
            return self._work.rows.popleft()
        except IndexError:
            return None

    def _written(self, row: Message) -> Envelope | None:
        row.began = timezone.now()
        try:
            return envelope(row, self._work.post, enclosed=row.pk in self._work.enclosed)
        except TocsinError as fault:
            outcomes.unsendable(row, str(fault))
        except UNWRITABLE as fault:
            outcomes.unsendable(row, f"it cannot be written: {type(fault).__name__}: {fault}")
        return None

    def _turn(self, row: Message | None) -> bool:
        """One transaction: the last message is done, and this one begins. False if it begins no longer."""
        if self._done is None and row is None:
            return False
        now = timezone.now()
        with _alone(), transaction.atomic():
            if self._done:
                outcomes.finish(*self._done, now)
            claimed = row is not None and outcomes.claim(row, now)
        self._done = None
        return claimed

    def _note(self, row: Message, outcome: Outcome) -> None:
        self._done = (row, outcome)
        if outcome.state == State.SENT:
            self.taken, self._refused = self.taken + 1, 0
        elif outcome.state == State.REFUSED:
            self._refused += 1
        if outcome.outage or self._refused >= REFUSED_IN_A_ROW:
            self.shut = outcome.fault

    def _is_time(self) -> bool:
        """Whether the time is over or somebody holds everything, asked once a second."""
        now = time.monotonic()
        if now - self._looked >= 1:
            self._looked = now
            if outcomes.is_held():
                self._work.rows.clear()
        return now >= self._work.deadline or not self._work.rows


def _alone() -> AbstractContextManager[object]:
    """SQLite has one writer at a time: lanes queue here instead of asking it again and again."""
    return _one_at_a_time if connection.vendor == "sqlite" else nullcontext()


def _write_through() -> None:
    """Each commit waits for the disk: also a machine that loses its power sends nothing twice."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=FULL")
