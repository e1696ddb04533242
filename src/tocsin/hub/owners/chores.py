"""What this app does in the background: held evidence is examined, links get nonces and end."""

from __future__ import annotations

from collections.abc import Callable

from tocsin.hub.exposure.seldom import seldom
from tocsin.hub.owners.ending import end_links, renew_nonces
from tocsin.hub.owners.examinations import EXAMINER

CHORES: list[Callable[[], bool]] = [EXAMINER.work, seldom(renew_nonces), seldom(end_links)]
