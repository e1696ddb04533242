"""What ``tocsin hub report`` does once the hub is open."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tocsin.errors import EnvironmentFault, UsageFault
from tocsin.hub.situation import publishing, reporting, selectors
from tocsin.hub.situation.chores import CHORES
from tocsin.hub.situation.figures import Situation


def work_off() -> int:
    """Bring the kept figures up to the events; gives how many pieces of work that were."""
    done = 0
    for chore in CHORES:
        while chore():
            done += 1
    return done


def write_report(
    out: Path, *, campaign: str = "", as_of: datetime | None = None, publish: bool = False
) -> None:
    """Write the report, or only what of it may be published; the file's ending says in which form.

    Raises:
        UsageFault: no such campaign or form, or nothing was known by then.
        EnvironmentFault: the file cannot be written, or PDF is wanted and WeasyPrint missing.
    """
    form = out.suffix.lstrip(".").lower()
    forms = publishing.FORMS if publish else reporting.FORMS
    if form not in forms:
        raise UsageFault(f"no form {form!r}.", where=str(out), remedy=f"End it in {', '.join(forms)}.")
    chosen = selectors.campaign_named(campaign)
    if chosen is None:
        raise UsageFault(f"no campaign {campaign!r}.", where="--campaign")
    if as_of is None:
        work_off()
    found = reporting.found_as_of(chosen, as_of)
    if found is None:
        raise UsageFault("no census had been taken in by then.", where="--as-of")
    try:
        out.write_bytes(_content(found, form, publish=publish))
    except OSError as fault:
        raise EnvironmentFault(f"{fault.strerror or fault}.", where=str(out)) from fault


def _content(found: Situation, form: str, *, publish: bool) -> bytes:
    if publish:
        return publishing.written(publishing.published(found), form)
    return reporting.written(found, form)
