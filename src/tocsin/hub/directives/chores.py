"""What this app does in the background: who is addressed, where each stands, what is late, what has ended."""

from __future__ import annotations

from collections.abc import Callable

from tocsin.hub.directives.judging import end_excuses, judge, mark_overdue
from tocsin.hub.directives.scoping import find_subjects

CHORES: list[Callable[[], bool]] = [find_subjects, judge, mark_overdue, end_excuses]
