"""One conversation with the mail server, step by step, so that it is known how far each message got."""

from __future__ import annotations

import re
import smtplib

from tocsin.hub.outbox.surroundings import Post
from tocsin.hub.outbox.wire import Envelope
from tocsin.hub.rules.mail_setup import Server
from tocsin.hub.rules.sending import SENT, Outcome, Phase, answered, lost

STEP_SECONDS = 30
BODY_SECONDS = 120
DOTS = re.compile(rb"^\.", re.MULTILINE)
BROKEN = (OSError, smtplib.SMTPServerDisconnected)
NO_WAY = (*BROKEN, smtplib.SMTPException)


class NoWay(Exception):
    """The mail server does not take mail from the hub now. Says why; caught where mail is sent."""


class Session:
    """A connection that takes one message after another until it is ``over``."""

    def __init__(self, post: Post) -> None:
        """Connect, demand TLS as the settings say, log in.

        Raises:
            NoWay: one of these failed.
        """
        server = post.setup.server
        if server is None:
            raise NoWay("no mail server is named")
        try:
            self._smtp = _connected(server, post)
        except NO_WAY as error:
            raise NoWay(f"{server.host}:{server.port}: {error}"[:400]) from error
        self.over = False

    def send(self, envelope: Envelope, tries: int) -> Outcome:
        """Hand over one message. Never raises: what went wrong stands in the outcome."""
        steps = (
            (Phase.SENDER, f"MAIL FROM:<{envelope.sender}>", {250}),
            (Phase.RECIPIENT, f"RCPT TO:<{envelope.recipient}>", {250, 251}),
            (Phase.DATA, "DATA", {354}),
        )
        for phase, command, good in steps:
            if (outcome := self._step(phase, command, good, tries)) is not None:
                return outcome
        return self._body(envelope.content, tries)

    def _step(self, phase: Phase, command: str, good: set[int], tries: int) -> Outcome | None:
        try:
            code, text = self._smtp.docmd(command)
        except BROKEN as error:
            self.over = True
            return lost(phase, tries, str(error))
        if code in good:
            return None
        self._after_refusal(code)
        return answered(phase, code, text.decode("utf-8", "replace"), tries)

    def _body(self, content: bytes, tries: int) -> Outcome:
        try:
            self._patience(BODY_SECONDS)
            self._smtp.send(DOTS.sub(b"..", content) + b".\r\n")
            code, text = self._smtp.getreply()
            self._patience(STEP_SECONDS)
        except BROKEN as error:
            self.over = True
            return lost(Phase.BODY, tries, str(error))
        if code == 250:  # noqa: PLR2004 - taken
            return SENT
        self._after_refusal(code)
        return answered(Phase.BODY, code, text.decode("utf-8", "replace"), tries)

    def _after_refusal(self, code: int) -> None:
        """Begin anew within the same connection, unless the server closes it."""
        try:
            self.over = code == 421 or self._smtp.rset()[0] != 250  # noqa: PLR2004 - reply codes
        except BROKEN:
            self.over = True

    def _patience(self, seconds: int) -> None:
        if self._smtp.sock is not None:
            self._smtp.sock.settimeout(seconds)

    def close(self) -> None:
        """Take leave; a server that is gone already is no fault."""
        try:
            self._smtp.quit()
        except NO_WAY:
            self._smtp.close()


def _connected(server: Server, post: Post) -> smtplib.SMTP:
    name = post.setup.domain
    smtp: smtplib.SMTP
    if server.tls == "tls":
        smtp = smtplib.SMTP_SSL(
            server.host, server.port, local_hostname=name, timeout=STEP_SECONDS, context=post.tls
        )
    else:
        smtp = smtplib.SMTP(server.host, server.port, local_hostname=name, timeout=STEP_SECONDS)
    try:
        smtp.ehlo_or_helo_if_needed()
        if server.tls == "starttls":
            smtp.starttls(context=post.tls)
            smtp.ehlo()
        if server.user:
            smtp.login(server.user, post.password)
    except NO_WAY:
        smtp.close()
        raise
    return smtp
