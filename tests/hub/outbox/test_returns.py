"""What comes back marks its message and its contact, and nothing that was made up marks any."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from tests.hub import making as people
from tests.hub.outbox import making
from tests.hub.rules.test_dsn import COMPLAINT, NUMBER, report

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import Act
from tocsin.hub.constituency.models import Contact
from tocsin.hub.outbox.commands import take_in_returns
from tocsin.hub.outbox.models import Message
from tocsin.hub.outbox.returns import TAKEN, UNKNOWN, take_in, watch
from tocsin.hub.rules.dsn import Kind
from tocsin.hub.rules.mail import State
from tocsin.hub.rules.mail_returns import return_path
from tocsin.hub.rules.words import Bounce

pytestmark = pytest.mark.django_db
Set = Callable[..., None]


@pytest.fixture
def sent() -> Message:
    """A message that went out to a contact."""
    contact = people.contact(people.organisation())
    return making.message(contact=contact.pk, state=State.SENT)


def about(row: Message, **rest: str) -> bytes:
    """A report that returns this message."""
    return report(**rest).replace(NUMBER.encode(), row.message_id.encode())


def to_the_return_path(row: Message, **rest: str) -> bytes:
    """A report that names the message by its return path alone."""
    path = return_path("cert@hub.example", row.pk, settings.SECRET_KEY)
    return report(**rest).replace(b"cert+17-abcdefghijklmnop@hub.example", path.encode())


@pytest.mark.parametrize("made", [about, to_the_return_path])
@pytest.mark.parametrize(("status", "bounce"), [("5.1.1", Bounce.HARD), ("5.2.2", Bounce.SOFT)])
def test_a_bounce_marks_message_and_contact(
    sent: Message, made: Callable[..., bytes], status: str, bounce: Bounce
) -> None:
    assert take_in(made(sent, status=status)) == Kind.FAILED
    sent.refresh_from_db()
    contact = Contact.objects.get()
    assert (sent.state, contact.bounce) == (State.BOUNCED, bounce)
    assert sent.answered == contact.bounced
    assert status in sent.fault


def test_what_it_says_is_kept_legible(sent: Message) -> None:
    take_in(about(sent).replace(b"Recipient address rejected", b"\x00\xff\xfe Recipient \x1b[31m rejected"))
    sent.refresh_from_db()
    assert sent.state == State.BOUNCED
    assert sent.fault.isprintable()


def test_what_is_soft_does_not_soften_what_is_hard(sent: Message) -> None:
    take_in(about(sent, status="5.1.1"))
    again = making.message(contact=sent.contact_id, state=State.SENT)
    take_in(about(again, status="5.2.2"))
    assert Contact.objects.get().bounce == Bounce.HARD


@pytest.mark.parametrize(
    ("action", "state"),
    [("delayed", State.SENT), ("delivered", State.DELIVERED), ("relayed", State.DELIVERED)],
)
def test_other_reports(sent: Message, action: str, state: State) -> None:
    take_in(about(sent, action=action, status="4.4.1"))
    sent.refresh_from_db()
    assert sent.state == state
    assert Contact.objects.get().bounce == Bounce.NONE
    assert ("delayed" in sent.fault) == (action == "delayed")


@pytest.mark.parametrize("state", [State.QUEUED, State.CANCELLED, State.REFUSED])
def test_what_never_went_out_cannot_come_back(state: State) -> None:
    row = making.message(contact=people.contact(people.organisation()).pk, state=state)
    take_in(about(row))
    row.refresh_from_db()
    assert Contact.objects.get().bounce == (Bounce.HARD if row.state == State.BOUNCED else Bounce.NONE)
    assert row.state in {state, State.BOUNCED}
    assert (row.state == State.BOUNCED) == (state == State.QUEUED)  # sent again after a doubt, it may


def test_a_made_up_report_changes_nothing(sent: Message) -> None:
    forged = report().replace(b"cert+17-abcdefghijklmnop", f"cert+{sent.pk}-aaaaaaaaaaaaaaaa".encode())
    assert take_in(forged) == UNKNOWN
    assert take_in(b"\xff\x00 anything") == UNKNOWN
    sent.refresh_from_db()
    assert (sent.state, Contact.objects.get().bounce) == (State.SENT, Bounce.NONE)


def test_a_doubt_is_settled_by_what_comes_back(sent: Message) -> None:
    Message.objects.update(state=State.IN_DOUBT)
    take_in(about(sent))
    sent.refresh_from_db()
    assert sent.state == State.BOUNCED


def complaint(row: Message) -> bytes:
    """A reader's mark, as his mail system passes it on (RFC 5965)."""
    return COMPLAINT.replace(NUMBER, row.message_id).encode()


@pytest.mark.parametrize("state", [State.SENT, State.DELIVERED, State.IN_DOUBT])
def test_a_complaint_opts_its_contact_out_once(sent: Message, state: State) -> None:
    Message.objects.update(state=state)
    for _ in range(2):
        assert take_in(complaint(sent)) == Kind.COMPLAINT
    sent.refresh_from_db()
    contact = Contact.objects.get()
    assert (sent.state, sent.complained) == (State.DELIVERED, sent.answered)
    assert (contact.opted_out is not None, contact.bounce) == (True, Bounce.NONE)
    assert Act.objects.filter(kind="contact opted-out").count() == 1


def test_who_opted_in_again_is_not_opted_out_by_an_old_complaint(sent: Message) -> None:
    take_in(complaint(sent))
    Contact.objects.update(opted_out=None)
    take_in(complaint(sent))
    assert Contact.objects.get().opted_out is None


@pytest.mark.parametrize("state", [State.QUEUED, State.HELD, State.CANCELLED, State.REFUSED])
def test_nobody_complains_about_what_never_went_out(sent: Message, state: State) -> None:
    Message.objects.update(state=state)
    take_in(complaint(sent))
    sent.refresh_from_db()
    assert (sent.state, sent.complained, Contact.objects.get().opted_out) == (state, None, None)


def test_a_report_of_failed_authentication_silences_nobody(sent: Message) -> None:
    failed = complaint(sent).replace(b"Feedback-Type: abuse", b"Feedback-Type: auth-failure")
    assert take_in(failed) == UNKNOWN
    assert Contact.objects.get().opted_out is None


def test_a_folder_is_watched(sent: Message, tmp_path: Path, mail_settings: Set) -> None:
    folder = tmp_path / "returns"
    mail_settings(BOUNCES=str(folder))
    assert watch() is False
    (folder / "new").mkdir(parents=True)
    (folder / "new" / "1.host").write_bytes(about(sent))
    (folder / "new" / "2.host").write_bytes(b"From: a@contoso.example\n\nhello\n")
    (folder / "new" / ".hidden").write_bytes(about(sent))
    assert watch() is True
    assert watch() is False
    assert [path.name for path in (folder / TAKEN).iterdir()] == ["1.host"]
    assert [path.name for path in (folder / UNKNOWN).iterdir()] == ["2.host"]
    assert Contact.objects.get().bounce == Bounce.HARD


def test_a_report_that_is_faster_than_the_hub_waits(
    sent: Message, tmp_path: Path, mail_settings: Set
) -> None:
    mail_settings(BOUNCES=str(tmp_path / "returns"))
    (tmp_path / "returns").mkdir()
    (tmp_path / "returns" / "1").write_bytes(about(sent))
    Message.objects.update(state=State.SENDING)
    assert watch() is False
    Message.objects.update(state=State.SENT)
    assert watch() is True
    sent.refresh_from_db()
    assert sent.state == State.BOUNCED


def test_an_mbox_and_a_single_file(sent: Message, tmp_path: Path) -> None:
    other = making.message(state=State.SENT)
    mbox = b"".join(
        b"From MAILER-DAEMON Thu Mar  4 10:00:00 2021\n" + about(row) + b"\n" for row in (sent, other)
    )
    (tmp_path / "mbox").write_bytes(mbox)
    (tmp_path / "one").write_bytes(about(sent))
    assert take_in_returns(tmp_path / "mbox") == {"failed": 2}
    assert take_in_returns(tmp_path / "one") == {"failed": 1}
    assert take_in_returns(None, b"nothing") == {"unknown": 1}
    assert set(Message.objects.values_list("state", flat=True)) == {State.BOUNCED}
    with pytest.raises(UsageFault):
        take_in_returns(tmp_path / "missing")
