"""Event 6200 of IIS reads as the row of a log file would."""

from __future__ import annotations

import pytest

from tocsin.evidence.events import Event, record_of
from tocsin.model.places import Locator


def agent_of(written: str) -> str | None:
    data = (("EnabledFieldsFlags", "2478079"), ("csUser-Agent", written))
    event = Event(provider="Microsoft-Windows-IIS-Logging", event_id="6200", data=data)
    return record_of(event, Locator(path="Logs.evtx", record=1)).fields["cs-user-agent"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Mozilla/5.0+(X11;+Linux+x86_64)", "Mozilla/5.0 (X11; Linux x86_64)"),
        ("Mozilla/5.0 (X11; a+b)", "Mozilla/5.0 (X11; a+b)"),
        ("zgrab/0.x", "zgrab/0.x"),
        ("-", None),
    ],
)
def test_a_traced_user_agent_has_its_spaces_as_in_a_log_file(written: str, read: str | None) -> None:
    assert agent_of(written) == read
