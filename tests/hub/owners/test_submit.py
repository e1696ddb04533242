"""``tocsin submit`` against a hub that listens: a report, evidence, what is refused, a line that breaks."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request

import pytest
from pytest_django.live_server_helper import LiveServer
from tests.hub import making
from tests.hub.owners import rows
from typer.testing import CliRunner, Result

from tocsin.cli import app, sending
from tocsin.cli.sending import Place, place
from tocsin.errors import EnvironmentFault, UsageFault
from tocsin.hub.accounts.services import make_token
from tocsin.hub.owners.models import HandIn


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["submit", *map(str, words)])


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "assessment.json"
    path.write_bytes(rows.as_file(rows.report()))
    return path


@pytest.fixture
def hub(loopback: None, transactional_db: None) -> Iterator[str]:  # noqa: ARG001 - must stand before the server
    server = LiveServer("127.0.0.1")
    yield server.url
    server.stop()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_report_and_evidence_arrive(hub: str, report: Path, tmp_path: Path) -> None:
    made, path = rows.link(rows.server())
    done = run(report, "--link", f"{hub}{path}")
    assert (done.exit_code, done.stdout) == (0, f"taken in: hand-in {HandIn.objects.get().pk}, open\n")
    again = run(report, "--link", f"{hub}{path}")
    assert "it had this file already" in again.stdout
    packed = tmp_path / "evidence.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("C/inetpub/logs/a.log", "x")
    sent = run(packed, "--link", f"{hub}{path}")
    assert sent.exit_code == 0
    assert rows.newest_nonce(made) in sent.stderr
    assert "waiting" in sent.stdout
    assert HandIn.objects.count() == 2


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_by_a_token(hub: str, report: Path, tmp_path: Path) -> None:
    person, server = making.person(), rows.server()
    file = tmp_path / "token"
    file.write_text(make_token(person, "t", ["owners:write"], days=1, by=person)[1] + "\n")
    words = (report, "--hub", hub, "--token-file", file)
    assert run(*words).exit_code != 0  # about which server?
    done = run(*words, "--server", server.pk, "--campaign", "proxylogon")
    assert done.exit_code == 0
    assert HandIn.objects.get().given_by == f"user:{person.pk}"


def test_what_is_wrong_is_said_before_anything_is_sent(tmp_path: Path, report: Path) -> None:
    none = tmp_path / "x.json"
    none.write_text("{}")
    link = "https://hub.example/o/token/"
    for words, says in (
        ((report,), "one of them"),
        ((report, "--link", "https://hub.example/"), "no address of an owner's page"),
        ((report, "--link", "http://hub.example/o/token/"), "in the clear"),
        ((report, "--link", link, "--hub", "https://other.example"), "not one of this hub"),
        ((none, "--link", link), "not an assessment"),
    ):
        done = run(*words)
        assert isinstance(done.exception, UsageFault), words
        assert says in str(done.exception)


def test_places() -> None:
    assert (
        place("", "https://hub.example/below/o/abc/", "").api == "https://hub.example/below/api/owners/link"
    )
    assert place("https://hub.example/", "", "key") == Place(
        hub="https://hub.example", key="key", by_link=False
    )


class Line:
    """A line to a hub that breaks so many times before it answers; ``known`` is what it has all the same."""

    def __init__(self, breaks: int, answer: bytes, known: bytes = b"[]") -> None:
        """Breaks first."""
        self.left, self.answer, self.known, self.seen = breaks, answer, known, 0
        self.asked: list[str] = []

    def open(self, request: Request, timeout: float) -> io.BytesIO:
        assert timeout == sending.SECONDS
        if request.get_method() == "GET":
            self.asked.append(request.full_url)
            return io.BytesIO(self.known)
        body: Any = request.data
        while body.read(1000):
            pass
        self.seen += 1
        if self.left:
            self.left -= 1
            raise ConnectionResetError("reset")
        return io.BytesIO(self.answer)


def sent(line: Line, report: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[sending.Sent, list[float], int]:
    monkeypatch.setattr(sending, "opener", lambda: line)
    pauses: list[float] = []
    told: list[int] = []
    to = Place(hub="https://hub.example", key="k", by_link=True)
    done = sending.send(to, "reports", report, {"name": "x"}, told.append, pause=pauses.append)
    return done, pauses, sum(told)


def test_a_broken_line_is_tried_again(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(2, b'{"id": 4, "new": true, "state": "open"}')
    done, pauses, _ = sent(line, report, monkeypatch)
    assert (done.id, line.seen, pauses) == (4, 3, [1.0, 2.0])
    assert line.asked == [f"https://hub.example/api/owners/link/hand-ins?digest={digest(report)}"] * 2


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_what_has_come_is_not_sent_again(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the answer was lost: no second hand-in, and no second journey of gigabytes."""
    row = {"id": 9, "state": "waiting", "digest": digest(report), "server_id": 3}
    line = Line(1, b"", json.dumps([{**row, "digest": "0" * 64, "id": 8}, row]).encode())
    done, _, _ = sent(line, report, monkeypatch)
    assert (done.id, done.state, line.seen) == (9, "waiting", 1)


def test_another_content_than_was_sent_is_said(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = json.dumps({"id": 4, "new": True, "state": "open", "digest": "0" * 64}).encode()
    with pytest.raises(EnvironmentFault, match="another content"):
        sent(Line(0, answer), report, monkeypatch)


def test_a_busy_hub_is_given_the_time_that_it_asks_for(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Busy(Line):
        def open(self, request: Request, timeout: float) -> io.BytesIO:
            if self.left and request.get_method() == "POST":
                self.left -= 1
                head = Message()
                head["Retry-After"] = "20"
                raise HTTPError(request.full_url, 503, "busy", head, io.BytesIO())
            return super().open(request, timeout)

    done, pauses, _ = sent(Busy(1, b'{"id": 4, "new": true, "state": "open"}'), report, monkeypatch)
    assert (done.id, pauses) == (4, [20.0])


@pytest.mark.parametrize("answer", [b"<html>", b"[1]", b"{}", b'{"id": "x"}', b"[" * 100_000])
def test_who_is_no_hub(answer: bytes, report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EnvironmentFault, match="no hub"):
        sent(Line(0, answer), report, monkeypatch)


def test_it_ends_some_time(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EnvironmentFault, match="cannot be reached"):
        sent(Line(9, b""), report, monkeypatch)
