"""Take in what came back: delivery reports from a file, an mbox or a maildir, matched to the messages."""

from __future__ import annotations

import mailbox
import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tocsin.errors import UsageFault
from tocsin.hub.outbox import outcomes
from tocsin.hub.outbox.models import Message
from tocsin.hub.outbox.surroundings import setup
from tocsin.hub.rules import dsn
from tocsin.hub.rules.dsn import Kind, Returned
from tocsin.hub.rules.mail import State, legible
from tocsin.hub.rules.mail_returns import number_in
from tocsin.hub.rules.sending import bounce_of
from tocsin.hub.rules.words import Bounce

PIECE = 100
MOST = 100_000
TAKEN, UNKNOWN, WAITING = "taken", "unknown", "waiting"
"""Folders beside the watched one's messages: what was matched, and what was not and a person may read."""


def take_in(content: bytes, now: datetime | None = None) -> str:
    """Take in one returned message. Gives a word on what it was: a `Kind`, ``unknown``, or ``waiting``.

    ``waiting``: it is faster than the hub, which has not yet written down that its message went out.

    A bounce that names no message of this hub's, by a token or a Message-ID that only its receivers know,
    changes nothing.
    """
    returned = dsn.read(content)
    row = _meant(returned)
    if row is None or returned.kind == Kind.OTHER:
        return UNKNOWN
    if row.state == State.SENDING:
        return WAITING
    with transaction.atomic():
        _note(row, returned, now or timezone.now())
    return returned.kind


def _meant(returned: Returned) -> Message | None:
    for text in returned.to:
        number = number_in(text, settings.SECRET_KEY)
        if number is not None and (row := Message.objects.filter(pk=number).first()) is not None:
            return row
    return Message.objects.filter(message_id__in=returned.numbers).order_by("pk").first()


def _note(row: Message, returned: Returned, now: datetime) -> None:
    rows = Message.objects.filter(pk=row.pk)
    says = legible(f"{returned.status} {returned.says}")
    if returned.kind == Kind.FAILED:
        bounce = bounce_of(returned.status) if returned.status else Bounce.HARD
        if outcomes.become(rows, State.BOUNCED, answered=now, fault=says):
            outcomes.came_back(row.contact_id, bounce, now)
    elif returned.kind == Kind.DELIVERED:
        outcomes.become(rows, State.DELIVERED, answered=now)
    elif returned.kind == Kind.DELAYED:
        rows.filter(state__in=[State.SENT, State.IN_DOUBT]).update(fault=legible(f"delayed: {says}"))
    elif returned.kind == Kind.COMPLAINT:
        outcomes.unwanted(row, now)


def messages_in(path: Path) -> Iterator[bytes]:
    """The messages of a file (one, or an mbox), a maildir, or a folder of files; in no order.

    Raises:
        UsageFault: there is no such thing.
    """
    try:
        if path.is_dir():
            for one in _files(path):
                yield _content(one)
        else:
            yield from _mbox(path)
    except OSError as error:
        raise UsageFault(f"it cannot be read: {error.strerror}", where=str(path)) from error


def _files(folder: Path) -> list[Path]:
    """Files of a maildir (``new`` and ``cur``), or of the folder itself."""
    places = [folder / name for name in ("new", "cur") if (folder / name).is_dir()] or [folder]
    found = (one for place in places for one in sorted(os.scandir(place), key=lambda entry: entry.name))
    return [
        Path(one.path) for one in found if one.is_file(follow_symlinks=False) and not one.name.startswith(".")
    ][:MOST]


def _content(path: Path) -> bytes:
    with path.open("rb") as handle:
        return handle.read(dsn.LARGEST)


def _mbox(path: Path) -> Iterator[bytes]:
    content = _content(path)
    if not content.startswith(b"From "):
        yield content
        return
    box = mailbox.mbox(path, create=False)
    try:
        for key in box.iterkeys():
            yield box.get_bytes(key)[: dsn.LARGEST]
    finally:
        box.close()


def take_in_all(messages: Iterator[bytes]) -> Counter[str]:
    """Take in many. Gives how many there were of each kind."""
    return Counter(take_in(content) for content in messages)


def watch() -> bool:
    """Take in some of what lies in the folder that ``TOCSIN_HUB_BOUNCES`` names. Tells whether there was any.

    Each file is moved away once it is taken in; killed in between, it is taken in again, which changes
    nothing more. A folder that is missing is no fault: the mail server may make it with the first message.
    """
    named = setup().bounces
    if not named or not Path(named).is_dir():
        return False
    moved = 0
    for path in _files(Path(named))[:PIECE]:
        kind = take_in(_content(path))
        if kind != WAITING:
            _put_away(path, Path(named), UNKNOWN if kind == UNKNOWN else TAKEN)
            moved += 1
    return bool(moved)


def _put_away(path: Path, folder: Path, where: str) -> None:
    place = folder / where
    place.mkdir(mode=0o700, exist_ok=True)
    path.replace(place / path.name)
