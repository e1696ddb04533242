"""What notices do in the background: plan, send what is due, follow what became of it, count."""

from __future__ import annotations

from collections.abc import Callable

from tocsin.hub.notices.following import close_some, follow_some
from tocsin.hub.notices.guarding import guard_some, watch_trials
from tocsin.hub.notices.planning import plan_some
from tocsin.hub.notices.results import work_out_some
from tocsin.hub.notices.sending import send_some

CHORES: list[Callable[[], bool]] = [
    plan_some,
    guard_some,
    watch_trials,
    send_some,
    follow_some,
    close_some,
    work_out_some,
]
