"""Have evidence looked at and examined in a process of its own, look after that, and take its answer.

The rows are the queue. First looks take seconds and do not wait for examinations: after one, evidence rests
as held until its turn comes. A killed worker leaves a row that says when it began: after the longest time
that one may take, another begins.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import msgspec
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from tocsin.errors import TocsinError
from tocsin.hub.census.bulk import writing
from tocsin.hub.lists import quarantine
from tocsin.hub.owners import handing
from tocsin.hub.owners.examination import Examined, Shell, Task
from tocsin.hub.owners.known import known_shells
from tocsin.hub.owners.models import HandIn, Nonce
from tocsin.hub.rules import handins
from tocsin.hub.rules.cases_identity import key_of
from tocsin.hub.rules.handins import Form, State
from tocsin.hub.rules.words import Grade

PATIENCE = 0.5
"""Seconds that one look at a running examination takes at most: other chores wait for it."""

LONGEST = timedelta(seconds=handins.EXAMINED_FOR + 120)
MOST_EARLIER = 20
"""Earlier assessments that one examination compares with. Where more name web shells, none is shown gone."""

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
    """One first look and one examination at a time; a worker has one of these."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self.looking: Running | None = None
        self.running: Running | None = None

    def work(self) -> bool:
        """The chore: look after what runs, or begin the next. Gives whether there is any."""
        self.looking = _on(self.looking, begin_look)
        self.running = _on(self.running, begin)
        return self.looking is not None or self.running is not None


def _on(running: Running | None, start: Callable[[datetime], Running | None]) -> Running | None:
    if running is None:
        return start(timezone.now())
    if not running.ended():
        return running
    finish(running.row, running.result())
    return start(timezone.now())


def begin_look(now: datetime) -> Running | None:
    """Start the first look at the evidence that has waited longest, or at which the look was killed."""
    return _begin(now, State.WAITING, look=True)


def begin(now: datetime) -> Running | None:
    """Start the examination of the evidence that is held longest, or whose examination was killed."""
    return _begin(now, State.HELD, look=False)


def _begin(now: datetime, state: State, *, look: bool) -> Running | None:
    killed = Q(state=State.EXAMINING, began__lt=now - LONGEST)
    turn = HandIn.objects.filter(Q(state=state) | killed, form=Form.EVIDENCE, looked__isnull=look)
    row = turn.select_related("server", "campaign").order_by("received", "id").first()
    if row is None:
        return None
    claimed = HandIn.objects.filter(pk=row.pk, state=row.state, began=row.began)
    if not claimed.update(state=State.EXAMINING, began=now, attempts=F("attempts") + 1):
        return None
    if row.attempts >= handins.TRIES:
        handing.unreadable(row, row.fault or BROKE)
        return None
    return Running(row, look_of(row) if look else task_of(row))


def look_of(row: HandIn) -> Task:
    """What is to be looked at, with the nonces that it may carry: those of its owner's links."""
    nonces = Nonce.objects.filter(
        link__servers=row.server_id, link__campaign=row.campaign_id, link__organisation=row.organisation_id
    )
    return Task(
        path=str(quarantine.place_of(row.digest)),
        campaign=row.campaign.key,
        look=True,
        nonces=tuple(nonces.order_by("-issued", "-id").values_list("value", flat=True)[:500]),
    )


def task_of(row: HandIn) -> Task:
    """What is to be examined, with every web shell that is known of its server."""
    shells = {one.key: one for one in _of_others(row)}
    earlier: list[msgspec.Raw] = []
    named, whole = set[str](), True
    for one in _before(row).iterator(chunk_size=1):
        keys = _keys(one) - named
        if _all_gone(one):
            told = [] if one.grade == Grade.RE_ASSESSED else keys
            shells |= {key: Shell(key=key, path=path) for key, path in _shells(one) if key in told}
        elif keys and len(earlier) < MOST_EARLIER:
            named |= keys
            earlier.append(msgspec.Raw(msgspec.json.encode(one.report)))
        elif keys:
            whole = False
    return msgspec.structs.replace(
        look_of(row), look=False, earlier=tuple(earlier), shells=tuple(shells.values()), whole=whole
    )


def _before(row: HandIn) -> QuerySet[HandIn]:
    """Assessments of the same server that count, the newest first: each web shell is asked after by one."""
    same = HandIn.objects.filter(server_id=row.server_id, campaign_id=row.campaign_id, report__isnull=False)
    known = same.exclude(state=State.REFUSED).exclude(identity=handins.DIFFERENT).exclude(pk=row.pk)
    return known.order_by("-id")


def _of_others(row: HandIn) -> Iterator[Shell]:
    for one in known_shells(row):
        yield Shell(key=one.key, path=one.path, until=one.until)


def _webshells(row: HandIn) -> Iterator[dict[str, Any]]:
    for verdict in (row.report or {}).get("verdicts") or []:
        yield from verdict.get("webshells") or []


def _shells(row: HandIn) -> Iterator[tuple[str, str]]:
    for one in _webshells(row):
        path = str(one.get("path") or "")
        if key := key_of(str(one.get("url") or ""), path):
            yield key, path


def _keys(row: HandIn) -> set[str]:
    return {key for key, _ in _shells(row)}


def _all_gone(row: HandIn) -> bool:
    return all(one.get("presence") in handins.GONE for one in _webshells(row))


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
    row.looked, row.addresses = timezone.now(), list(examined.addresses)
    row.nonce = Nonce.objects.filter(value=examined.nonce).first() if examined.nonce else None
    if examined.look:
        _rest(row, examined)
    else:
        _open(row, examined)


def _rest(row: HandIn, examined: Examined) -> None:
    """Evidence is held: whose it is and its nonce are known; its examination has its own tries."""
    row.hosts = list(examined.hosts)
    row.collected_by_custody = examined.custody
    row.identity, row.matched = handins.identify(handing.shows(row), handing.known(row))
    row.grade = _grade(row, assessed=False)
    row.state, row.fault, row.began, row.attempts = State.HELD, "", None, 0
    row.save()


def _grade(row: HandIn, *, assessed: bool) -> Grade:
    nonce = row.nonce is not None
    return handins.grade_of(Form.EVIDENCE, nonce=nonce, identity=row.identity, assessed=assessed)


def _open(row: HandIn, examined: Examined) -> None:
    reading = handins.read(handins.parse(bytes(examined.assessment), most=MOST_ANSWER), row.campaign.key)
    handing.fill(row, reading)
    row.identity, row.matched = handins.identify(handing.shows(row, reading.builds), handing.known(row))
    row.window_covered, row.shells_gone = examined.window_covered, examined.shells_gone
    row.asked = examined.asked
    row.grade = _grade(row, assessed=True)
    row.state, row.fault = State.OPEN, ""
    row.save()
    handing.raise_alarm(row)


EXAMINER = Examiner()
