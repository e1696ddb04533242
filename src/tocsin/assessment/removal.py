"""What became of one web shell: facts of the later evidence in, exactly one answer out.

An answer that closes a case needs something that shows it: the folder without the file, a scanner's word.
What is merely not seen is never gone; a request that was refused says that the page is not served, no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from tocsin.model.places import Locator
from tocsin.model.times import spoken
from tocsin.model.verification import Removal
from tocsin.model.words import Presence, ShellContent


class Known(Struct, frozen=True, kw_only=True):
    """A web shell as the earlier assessment tells of it.

    Attributes:
        key: URL path, or path, in lower case.
        campaigns: whose shell it was.
        presence: then; of several campaigns the gravest word.
        there_until: the last moment at which it is known to have been there, or None.
        vdir: name of the virtual directory whose property list held it, or None.
        sketch: of its code, or an empty text.
    """

    key: str
    url: str | None
    path: str | None
    campaigns: tuple[str, ...]
    presence: Presence
    content: ShellContent
    sha256: str | None
    there_until: datetime | None
    vdir: str | None = None
    sketch: str = ""


class FileSeen(Struct, frozen=True, kw_only=True):
    """The page in the later evidence. ``content`` and ``why`` are those of its examination."""

    locator: Locator
    sha256: str | None
    content: ShellContent
    why: str = ""


class Removed(Struct, frozen=True, kw_only=True):
    """A scanner's word that it removed the page."""

    locator: Locator
    at: datetime | None


class Renewed(Struct, frozen=True, kw_only=True):
    """The settings of the virtual directory, written again without script."""

    locator: Locator
    at: datetime


class Refusal(Struct, frozen=True, kw_only=True):
    """The first request that was refused after the page was last there, and by which statuses."""

    at: datetime
    statuses: tuple[str, ...]
    locators: tuple[Locator, ...]


class Look(Struct, frozen=True, kw_only=True):
    """What the later evidence shows of one shell.

    Attributes:
        comparable: an empty text, or why this evidence cannot be compared with the earlier one.
        file: the page, if the evidence holds it as the disk has it at collection.
        folder: a file that shows that the page's folder was collected, or None.
        removals: by scanners.
        renewed: settings of its virtual directory, if they were written again after it was last there.
        served: the last answer to a request for it, or None; none of a server that answers anything.
        served_at: where.
        refusal: after ``served`` and after it was last known to be there.
    """

    comparable: str = ""
    file: FileSeen | None = None
    folder: Locator | None = None
    removals: tuple[Removed, ...] = ()
    renewed: Renewed | None = None
    served: datetime | None = None
    served_at: tuple[Locator, ...] = ()
    refusal: Refusal | None = None


class Judged(Struct, frozen=True, kw_only=True):
    """The answer, its reason, and where it is read."""

    answer: Removal
    why: str
    locators: tuple[Locator, ...] = ()


_NO_FOLDER = "Its folder is not in the evidence."
_REDIRECT = " A redirect alone is no proof of removal: a sign-in page or a rewrite rule gives it, too."
_GONE = frozenset({Presence.ABSENT_ON_DISK, Presence.REMOVAL_EVIDENCED})


def judge(known: Known, look: Look) -> Judged:
    """Say what became of a shell; every shell gets exactly one answer.

    The disk outranks what is logged: a file is there or, where its folder was collected, it is not.
    """
    if look.comparable:
        return Judged(answer=Removal.CANNOT_TELL, why=look.comparable)
    if look.file is not None:
        return _with_file(known, look, look.file)
    if look.folder is not None:
        return _without_file(known, look, look.folder)
    return _by_logs(known, look)


def _with_file(known: Known, look: Look, file: FileSeen) -> Judged:
    removed = _after(look.removals, known.there_until)
    content = f" {file.why}" if file.why else ""
    if known.presence in _GONE or removed:
        before = (
            "The earlier evidence shows it removed" if known.presence in _GONE else "A scanner removed it"
        )
        places = (file.locator, *(one.locator for one in removed))
        why = f"{before}, and the file is in the evidence again: {file.locator}.{content}"
        return Judged(answer=Removal.REAPPEARED, why=why, locators=places)
    if known.sha256 and file.sha256 and known.sha256.lower() != file.sha256.lower():
        why = (
            f"A file stands in its place and its content is another one (SHA-256 {file.sha256[:12]}…, was "
            f"{known.sha256[:12]}…): {file.locator}.{content} What is there has to be looked at and removed."
        )
        return Judged(answer=Removal.CHANGED, why=why, locators=(file.locator,))
    same = "" if known.sha256 and file.sha256 else " The hash of the earlier file is not known."
    why = f"The file is in the evidence: {file.locator}.{same}{content}"
    return Judged(answer=Removal.PRESENT, why=why, locators=(file.locator,))


def _without_file(known: Known, look: Look, folder: Locator) -> Judged:
    """The folder was collected and does not hold it; who removed it may be known besides."""
    absent = f"The folder was collected ({folder}) and does not hold the file."
    removed = [*_after(look.removals, known.there_until), *(one for one in look.removals if one.at is None)]
    if removed:
        when = f" at {spoken(removed[0].at)}" if removed[0].at else ", without a time"
        why = f"A scanner's log says that it removed the file{when}: {removed[0].locator}. {absent}"
        return Judged(answer=Removal.EVIDENCED, why=why, locators=(*(one.locator for one in removed), folder))
    if look.renewed is not None:
        why = (
            f"{absent} The settings of its virtual directory ({known.vdir}) were written again at "
            f"{spoken(look.renewed.at)}, without script: {look.renewed.locator}."
        )
        return Judged(answer=Removal.EVIDENCED, why=why, locators=(folder, look.renewed.locator))
    return Judged(answer=Removal.ABSENT, why=absent, locators=(folder,))


def _by_logs(known: Known, look: Look) -> Judged:
    """Neither the file nor its folder was collected: what logs say, the last word first."""
    removed = _after(look.removals, known.there_until)
    last = max((one.at for one in removed if one.at is not None), default=None)
    if look.served is not None and all(
        look.served > moment for moment in (known.there_until, last) if moment is not None
    ):
        return _refused(look.refusal) if look.refusal else _answered(known, look, look.served, removed)
    if removed and last is not None:
        return _scanned(removed, last)
    if look.refusal is not None:
        return _refused(look.refusal)
    return _untold([one for one in look.removals if one.at is None])


def _scanned(removed: Sequence[Removed], last: datetime) -> Judged:
    why = (
        f"A scanner's log says that it removed the file at {spoken(last)}: {removed[-1].locator}."
        f" {_NO_FOLDER} That it did not come back since is therefore not shown."
    )
    return Judged(answer=Removal.EVIDENCED, why=why, locators=tuple(one.locator for one in removed))


def _untold(undated: Sequence[Removed]) -> Judged:
    if undated:
        why = (
            f"A scanner's log says that it removed the file, without a time ({undated[0].locator}): whether "
            f"before or after the earlier evidence cannot be told. {_NO_FOLDER}"
        )
        places = tuple(one.locator for one in undated)
        return Judged(answer=Removal.CANNOT_TELL, why=why, locators=places)
    why = f"{_NO_FOLDER} No log that was read tells of it after the earlier evidence. Collect the folder."
    return Judged(answer=Removal.CANNOT_TELL, why=why)


def _answered(known: Known, look: Look, served: datetime, removed: Sequence[Removed]) -> Judged:
    back = known.presence in _GONE or known.presence is Presence.NOT_SERVED_SINCE or bool(removed)
    says = "It was gone or not served before, and answered again" if back else "It answered a request"
    why = f"{says} at {spoken(served)}; no later request was refused."
    answer = Removal.REAPPEARED if back else Removal.PRESENT
    return Judged(answer=answer, why=why, locators=look.served_at)


def _refused(refusal: Refusal) -> Judged:
    words = ", ".join(refusal.statuses)
    alone = all(status.startswith("3") for status in refusal.statuses)
    why = (
        f"Requests for it were refused since {spoken(refusal.at)} ({words}). Not served is not removed: the "
        f"folder has to be collected.{_REDIRECT if alone else ''}"
    )
    return Judged(answer=Removal.NOT_SERVED, why=why, locators=refusal.locators)


def _after(removals: Iterable[Removed], moment: datetime | None) -> list[Removed]:
    """Give the removals that came after the shell was last known to be there."""
    return list(_dated(removals, moment))


def _dated(removals: Iterable[Removed], moment: datetime | None) -> Iterator[Removed]:
    for one in removals:
        if one.at is not None and (moment is None or one.at > moment):
            yield one
