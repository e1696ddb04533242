"""``tocsin submit`` against a hub that listens: a report, evidence, what is refused, a line that breaks."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

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
    """A line to a hub that breaks so many times before it answers."""

    def __init__(self, breaks: int, answer: bytes) -> None:
        """Breaks first."""
        self.left, self.answer, self.seen = breaks, answer, 0

    def open(self, request: object, timeout: float) -> io.BytesIO:
        assert timeout == sending.SECONDS
        body = request.data  # type: ignore[attr-defined]  # urllib's request
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


@pytest.mark.parametrize("answer", [b"<html>", b"[1]", b"{}", b'{"id": "x"}', b"[" * 100_000])
def test_who_is_no_hub(answer: bytes, report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EnvironmentFault, match="no hub"):
        sent(Line(0, answer), report, monkeypatch)


def test_it_ends_some_time(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EnvironmentFault, match="cannot be reached"):
        sent(Line(9, b""), report, monkeypatch)
