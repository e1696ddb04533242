"""What ``tocsin hub mail`` does once the hub is open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from tocsin.errors import EnvironmentFault, UsageFault
from tocsin.hub.outbox.returns import messages_in, take_in_all
from tocsin.hub.outbox.smtp import NoWay, Session
from tocsin.hub.outbox.surroundings import content, post, setup
from tocsin.hub.outbox.wire import envelope, passing
from tocsin.hub.rules.mail import State
from tocsin.hub.rules.mail_dkim import new_key, read_key, record
from tocsin.hub.rules.mail_web import key_of, target

TEXT = """This is a test message of the hub at {url}.

If you can read it, mail leaves the hub. Its headers tell whether it is signed: look for DKIM-Signature, and
for what your own server says about it in Authentication-Results.
"""
__all__ = ["described", "make_dkim_key", "send_test", "take_in_returns", "webhook_key"]


def send_test(address: str) -> str:
    """Send one message at once, past the queue. Gives its Message-ID.

    Raises:
        UsageFault: the settings or the address make no sense.
        EnvironmentFault: the mail server did not take it.
    """
    ways = post()
    row = passing(address, "Test message of the Tocsin hub", TEXT.format(url=settings.PUBLIC_URL))
    try:
        session = Session(ways)
    except NoWay as fault:
        raise EnvironmentFault(str(fault), remedy="Look at TOCSIN_HUB_SMTP.") from fault
    outcome = session.send(envelope(row, ways, enclosed=False), 0)
    session.close()
    if outcome.state != State.SENT:
        raise EnvironmentFault(f"the mail server did not take it: {outcome.fault}")
    return row.message_id


def make_dkim_key(path: Path) -> None:
    """Make a DKIM key, readable by its owner alone; one that is there is left as it is.

    Raises:
        UsageFault: the file cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        raise UsageFault(f"it cannot be written: {error.strerror}", where=str(path)) from error
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(new_key())


def described(key: Path | None) -> Iterator[str]:
    """How mail is set up, line by line, and the DNS record of the DKIM key.

    Raises:
        UsageFault: a variable or a key cannot be understood.
        EnvironmentFault: a file cannot be read.
    """
    given, ways = setup(), post()
    server = given.server
    where = f"{server.host}:{server.port} ({server.tls})" if server else "none: no mail leaves"
    yield f"mail server: {where}"
    yield f"sender: {given.name} <{given.address}>" if given.address else "sender: none"
    yield f"mail that comes back goes to: {given.returns or 'nowhere'}"
    yield f"S/MIME: {'yes' if ways.smime else 'no'}; OpenPGP: {'yes' if ways.pgp else 'no'}"
    yield f"signed by default: {given.sign}"
    named = str(key) if key else given.dkim_key
    if not named:
        yield "DKIM: no. Make a key with --make FILE, then name it in TOCSIN_HUB_DKIM_KEY"
        return
    yield f"DKIM: {named}. The DNS record:"
    yield _in_zone(
        f"{given.dkim_selector}._domainkey.{given.dkim_domain}", record(read_key(content(named), named))
    )


def _in_zone(name: str, text: str) -> str:
    """A TXT record as a zone file has it: in strings of at most 255 characters."""
    parts = " ".join(f'"{text[at : at + 250]}"' for at in range(0, len(text), 250))
    return f"{name}. IN TXT ( {parts} )"


def take_in_returns(where: Path | None, given: bytes = b"") -> dict[str, int]:
    """Take in what came back: a file, an mbox, a maildir, or one message as bytes. Gives counts by kind."""
    return dict(take_in_all(messages_in(where) if where else iter([given])))


def webhook_key(url: str) -> str:
    """The key with which the receiver at this address verifies signatures."""
    target(url)
    return key_of(url, settings.SECRET_KEY)
