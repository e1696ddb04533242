"""Have held evidence examined in a process of its own, look after it, and take its answer.

The rows are the queue. A killed worker leaves a row that says when its examination began: after the longest
time that one may take, another begins.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

import msgspec
from django.db.models import F, Q
from django.utils import timezone

from tocsin.errors import TocsinError
from tocsin.hub.census.bulk import writing
from tocsin.hub.lists import quarantine
from tocsin.hub.owners import handing
from tocsin.hub.owners.examination import Examined, Task
from tocsin.hub.owners.models import HandIn, Nonce
from tocsin.hub.rules import handins
from tocsin.hub.rules.handins import Form, State

PATIENCE = 0.5
"""Seconds that one look at a running examination takes at most: other chores wait for it."""

LONGEST = timedelta(seconds=handins.EXAMINED_FOR + 120)
MOST_EARLIER = 5
MOST_ANSWER = 64 << 20
TOO_LONG = "reading it took longer than the hub allows"
BROKE = "reading it ended without an answer: it may need more memory than the hub allows"


class Running:
    """An examination that runs."""

    def __init__(self, row: HandIn, task: Task) -> None:
        """Start it."""
        self.row, self.until = row.pk, timezone.now() + LONGEST
        self.answer: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - `result` closes it
        with tempfile.TemporaryFile() as asked:
            asked.write(msgspec.json.encode(task))
            asked.seek(0)
            self.process = subprocess.Popen(  # noqa: S603 - this interpreter, and a module of ours
                [sys.executable, "-m", "tocsin.hub.owners.examining", str(handins.EXAMINED_FOR)],
                stdin=asked,
                stdout=self.answer,
                stderr=subprocess.DEVNULL,
                env=_surroundings(),
                start_new_session=True,
            )

    def ended(self) -> bool:
        """Whether it has ended, by itself or because its time is over; waits a little."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE)
            return True
        if timezone.now() < self.until:
            return False
        self.process.kill()
        self.process.wait()
        return True

    def result(self) -> Examined:
        """What it wrote."""
        self.answer.seek(0)
        written = self.answer.read(MOST_ANSWER + 1)
        self.answer.close()
        if self.process.returncode or not written or len(written) > MOST_ANSWER:
            return Examined(fault=TOO_LONG if timezone.now() >= self.until else BROKE)
        return msgspec.json.decode(written, type=Examined)


def _surroundings() -> dict[str, str]:
    """What the process may know of this one: no database, no keys, no hub."""
    kept = ("PATH", "HOME", "LANG", "PYTHONPATH", "SYSTEMROOT", "TMPDIR", "TOCSIN_CACHE", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"PYTHONPATH": _path()}


def _path() -> str:
    return os.pathsep.join([str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")]).strip(
        os.pathsep
    )


class Examiner:
    """One examination at a time; a worker has one of these."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self.running: Running | None = None

    def work(self) -> bool:
        """The chore: look after the examination that runs, or begin the next. Gives whether there is any."""
        if self.running is None:
            self.running = begin(timezone.now())
            return self.running is not None
        if self.running.ended():
            running, self.running = self.running, None
            finish(running.row, running.result())
        return True


def begin(now: datetime) -> Running | None:
    """Start the examination of the evidence that has waited longest, or whose examination was killed."""
    row = _next(now)
    if row is None:
        return None
    claimed = HandIn.objects.filter(pk=row.pk, state=row.state, began=row.began)
    if not claimed.update(state=State.EXAMINING, began=now, attempts=F("attempts") + 1):
        return None
    if row.attempts >= handins.TRIES:
        handing.unreadable(row, row.fault or BROKE)
        return None
    return Running(row, task_of(row))


def _next(now: datetime) -> HandIn | None:
    killed = Q(state=State.EXAMINING, began__lt=now - LONGEST)
    turn = HandIn.objects.filter(Q(state=State.WAITING) | killed, form=Form.EVIDENCE)
    return turn.select_related("server", "campaign").order_by("received", "id").first()


def task_of(row: HandIn) -> Task:
    """What is to be examined, with the nonces that it may carry and the assessments that came before."""
    nonces = Nonce.objects.filter(link__servers=row.server_id, link__campaign=row.campaign_id)
    before = HandIn.objects.filter(server_id=row.server_id, campaign_id=row.campaign_id, report__isnull=False)
    earlier = before.exclude(state=State.REFUSED).exclude(identity=handins.DIFFERENT).exclude(pk=row.pk)
    return Task(
        path=str(quarantine.place_of(row.digest)),
        campaign=row.campaign.key,
        nonces=tuple(nonces.order_by("-issued", "-id").values_list("value", flat=True)[:500]),
        earlier=tuple(
            msgspec.Raw(msgspec.json.encode(one.report)) for one in earlier.order_by("-id")[:MOST_EARLIER]
        ),
    )


def finish(number: int, examined: Examined) -> None:
    """Write what an examination gave into its hand-in, and raise the alarm where there is bad news."""
    with writing():
        row = HandIn.objects.select_related("server", "campaign").get(pk=number)
        if row.state != State.EXAMINING:
            return
        if examined.fault:
            handing.unreadable(row, examined.fault)
            return
        try:
            _settle(row, examined)
        except TocsinError as fault:
            handing.unreadable(row, str(fault))


def _settle(row: HandIn, examined: Examined) -> None:
    reading = handins.read(handins.parse(bytes(examined.assessment), most=MOST_ANSWER), row.campaign.key)
    handing.fill(row, reading)
    row.nonce = Nonce.objects.filter(value=examined.nonce).first() if examined.nonce else None
    row.identity, row.matched = handins.identify(reading.hosts, reading.builds, handing.known(row))
    row.window_covered, row.shells_gone = examined.window_covered, examined.shells_gone
    row.grade = handins.grade_of(
        Form.EVIDENCE, nonce=row.nonce is not None, identity=row.identity, assessed=True
    )
    row.state, row.fault = State.OPEN, ""
    row.save()
    handing.raise_alarm(row)


EXAMINER = Examiner()
CHORES: list[Callable[[], bool]] = [EXAMINER.work]
