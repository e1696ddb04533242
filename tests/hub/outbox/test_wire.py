"""A row as a mail: what the hub adds to what was queued."""

from __future__ import annotations

import pytest
from tests.hub.outbox import making

from tocsin.hub.outbox.models import Message
from tocsin.hub.outbox.services import queue
from tocsin.hub.outbox.wire import as_mail
from tocsin.hub.rules.mail_setup import MailSetup

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("domain", "said"), [("lists.hub.example", "advisories.lists.hub.example"), ("", "advisories.localhost")]
)
def test_a_list_has_a_name_also_on_a_hub_without_a_domain(domain: str, said: str) -> None:
    queue([making.draft(list_id="advisories")])
    assert as_mail(Message.objects.get(), MailSetup(list_domain=domain), ()).list_id == said
