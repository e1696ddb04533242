"""Verify removal: an earlier assessment and later evidence of the same server in, an answer per shell out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin import __version__
from tocsin.assessment.removal import FileSeen, Known, Look, Refusal, Removed, Renewed, judge
from tocsin.assessment.shell_contents import examination_of
from tocsin.detections.page_contents import PageContent
from tocsin.detections.pages import Page
from tocsin.detections.pipeline import Detections
from tocsin.detections.webshells.sketch import ALIKE, likeness
from tocsin.model.coverage import Coverage
from tocsin.model.examined import ShellExamination
from tocsin.model.findings import Finding
from tocsin.model.places import Locator
from tocsin.model.times import spoken
from tocsin.model.verdicts import Assessment, ToolInfo, WebShell
from tocsin.model.verification import (
    EarlierDocument,
    Identity,
    Looked,
    NewShell,
    Order,
    Overall,
    Removal,
    ShellAnswer,
    Verification,
)
from tocsin.model.words import Presence, ShellContent
from tocsin.packs.logsources import WEB_KINDS

EXIT_REMOVED = 0
EXIT_NOT_REMOVED = 20
EXIT_CANNOT_TELL = 4

_GRAVEST = (
    Presence.PRESENT,
    Presence.UNKNOWN,
    Presence.NOT_SERVED_SINCE,
    Presence.ABSENT_ON_DISK,
    Presence.REMOVAL_EVIDENCED,
)
_TOKEN = re.compile(r"(?:host|internal|domain)-\d+")
_MOMENT = timedelta(seconds=1)


class Between(Struct, frozen=True, kw_only=True):
    """How two evidences stand to one another."""

    identity: Identity
    identity_because: str
    order: Order
    order_because: str

    @property
    def not_comparable(self) -> str:
        """Why no answer about a shell is possible, or an empty text."""
        if self.identity is Identity.DIFFERENT:
            return self.identity_because
        return self.order_because if self.order is Order.EARLIER else ""


def known_shells(before: Assessment) -> tuple[Known, ...]:
    """Give every web shell of an assessment once, by key, whichever packs name it."""
    found: dict[str, list[tuple[str, WebShell]]] = {}
    for verdict in before.verdicts:
        for shell in verdict.webshells:
            key = _key(shell)
            if key:
                found.setdefault(key, []).append((verdict.campaign, shell))
    vdirs = _virtual_directories(before)
    return tuple(_known(key, found[key], before, vdirs) for key in sorted(found))


def urls_of(before: Assessment) -> tuple[str, ...]:
    """Give the URLs whose requests the later evidence has to be searched for."""
    return tuple(known.url for known in known_shells(before) if known.url)


def verify(
    before: Assessment,
    after: Assessment,
    found: Detections,
    *,
    digest: str,
    attested: bool = False,
) -> Verification:
    """Compare.

    Args:
        before: the earlier assessment.
        after: the assessment of the later evidence.
        found: what was found in it; requests for ``urls_of(before)`` were followed.
        digest: SHA-256 of the earlier document.
        attested: somebody says that both are of one server.
    """
    between = compare(before, after, attested=attested)
    known = known_shells(before)
    answers = tuple(_answer(one, look_for(one, found, between), found) for one in known)
    new = tuple(_new(after, known if between.identity is not Identity.DIFFERENT else ()))
    overall, because = _overall(answers, new, between, after)
    return Verification(
        tool=ToolInfo(name="tocsin", version=__version__),
        packs=after.packs,
        verified_at=after.assessed_at,
        before=EarlierDocument(
            sha256=digest,
            assessed_at=before.assessed_at,
            server=_server(before),
            evidence=before.evidence,
            ends=ends_of(before),
        ),
        evidence=after.evidence,
        server=_server(after),
        ends=ends_of(after),
        identity=between.identity,
        identity_because=between.identity_because,
        order=between.order,
        order_because=between.order_because,
        shells=answers,
        new=new,
        answer=overall,
        answer_because=because,
        notes=after.coverage.notes,
        exit_status={
            Overall.REMOVED: EXIT_REMOVED,
            Overall.NOT_REMOVED: EXIT_NOT_REMOVED,
            Overall.CANNOT_TELL: EXIT_CANNOT_TELL,
        }[overall],
    )


# -- the two evidences


def compare(before: Assessment, after: Assessment, *, attested: bool = False) -> Between:
    """Say whether the later evidence is of the same server, and later."""
    identity, because = _identity(_server(before), _server(after), attested=attested)
    order, order_because = _order(before, after)
    return Between(identity=identity, identity_because=because, order=order, order_because=order_because)


def ends_of(assessment: Assessment) -> datetime | None:
    """Give when the evidence was collected, or the last moment that its logs tell."""
    return assessment.evidence.custody.collected_at or _last(assessment.coverage)


def _last(coverage: Coverage) -> datetime | None:
    return max((row.end for row in coverage.artefacts if row.end is not None), default=None)


def _server(assessment: Assessment) -> str:
    return assessment.server.name or assessment.evidence.custody.host or ""


def _identity(before: str, after: str, *, attested: bool) -> tuple[Identity, str]:
    one, other = (name.partition(".")[0].lower() for name in (before, after))
    redacted = bool(_TOKEN.fullmatch(one))
    if one and other and not redacted:
        if one == other:
            return Identity.SAME, f"Both are evidence of {after}."
        why = f"The earlier assessment is of {before}, this evidence of {after}: nothing can be compared."
        return Identity.DIFFERENT, why
    if attested:
        return Identity.ATTESTED, "You said that both are of the same server; the evidence does not tell."
    lacking = "The earlier document is redacted" if redacted else "The evidence does not name the server"
    return Identity.UNKNOWN, (
        f"{lacking}, so that it is the same one is not shown. If you know it, say --same-server."
    )


def _order(before: Assessment, after: Assessment) -> tuple[Order, str]:
    first, second = ends_of(before), ends_of(after)
    collected = after.evidence.custody.collected_at
    if first is None or second is None:
        return Order.UNKNOWN, "When the evidence was collected is not known: give custody.json."
    if second > first:
        return Order.LATER, f"The earlier evidence ends at {spoken(first)}, this one at {spoken(second)}."
    if collected is not None and collected < first:
        return Order.EARLIER, (
            f"This evidence was collected at {spoken(collected)}, before the earlier one ended "
            f"({spoken(first)}): it cannot show what was done since."
        )
    return Order.UNKNOWN, (
        f"The logs of this evidence end at {spoken(second)}, not after the earlier one ({spoken(first)}):"
        " that it was collected later is not shown. Give custody.json with the time of collection."
    )


# -- one shell


def look_for(known: Known, found: Detections, between: Between) -> Look:
    """Gather what the later evidence shows of a shell."""
    page = found.pages.get(known.url) if known.url else None
    anything = found.pages.answers_anything
    served = page.served.last if page and not anything and not page.served.last_weak else None
    base = max((moment for moment in (known.there_until, served) if moment), default=None)
    return Look(
        comparable=between.not_comparable,
        file=_file(known, found),
        folder=found.disk.sample_of(known.url, known.path),
        removals=tuple(
            Removed(locator=one.locator, at=one.at) for one in found.disk.removals_of(known.url or "")
        ),
        renewed=_renewed(known, found),
        served=served,
        served_at=page.served.locators() if page and served else (),
        refusal=_refusal(page, base) if page else None,
    )


def _file(known: Known, found: Detections) -> FileSeen | None:
    file = found.disk.file_at(known.url) if known.url else found.disk.file_named(known.path or "")
    if file is None:
        return None
    content = found.contents.get(file.locator.path)
    if content is None:
        clean = file.locator.path in found.clean
        why = "Nothing in it does what web shells do." if clean else ""
        return FileSeen(locator=file.locator, sha256=file.sha256, content=ShellContent.UNKNOWN, why=why)
    examined = content.found
    why = f"Its content: {examined.state}, {examined.state_why or examined.reason}."
    return FileSeen(locator=file.locator, sha256=file.sha256, content=examined.state, why=why)


def _renewed(known: Known, found: Detections) -> Renewed | None:
    """Give the latest settings of the shell's virtual directory, if later than it and without script."""
    if known.vdir is None or known.there_until is None:
        return None
    same = [one for one in found.disk.settings() if one.name.lower() == known.vdir.lower() and one.changed]
    last = max(same, key=lambda one: (str(one.changed), one.script), default=None)
    if last is None or last.script or last.changed is None or last.changed <= known.there_until:
        return None
    return Renewed(locator=last.locator, at=last.changed)


def _refusal(page: Page, base: datetime | None) -> Refusal | None:
    at = page.refused.first if base is None else page.refused.first_after(base)
    if at is None:
        return None
    statuses = tuple(sorted(status for status, last in page.refusals.items() if last + _MOMENT > at))
    return Refusal(at=at, statuses=statuses, locators=page.refused.locators())


def _answer(known: Known, look: Look, found: Detections) -> ShellAnswer:
    judged = judge(known, look)
    content = found.contents.get(look.file.locator.path) if look.file else None
    return ShellAnswer(
        key=known.key,
        url=known.url,
        path=known.path,
        campaigns=known.campaigns,
        was=known.presence,
        content_was=known.content,
        sha256_was=known.sha256,
        answer=judged.answer,
        why=judged.why,
        locators=judged.locators,
        looked=tuple(_looked(look, found)),
        content=look.file.content if look.file else None,
        sha256=look.file.sha256 if look.file else None,
        examination=_examination(content) if look.file else None,
    )


def _examination(content: PageContent | None) -> ShellExamination | None:
    return examination_of(content.found) if content is not None else None


def _looked(look: Look, found: Detections) -> Iterator[Looked]:
    held = "holds the file" if look.file else "does not hold the file"
    yield _at("folder", "folder of the page", look.folder or (look.file.locator if look.file else None), held)
    for row in found.account.rows({}):
        if row.kind in WEB_KINDS and row.records:
            yield Looked(
                what="log", name=row.kind, place=None, start=row.start, end=row.end, found=_requests(look)
            )
    for row in found.account.rows({}):
        if row.kind == "event.defender" and row.records:
            told = "tells of its removal" if look.removals else "does not tell of it"
            place = look.removals[0].locator if look.removals else None
            yield Looked(what="scanner", name=row.kind, place=place, start=row.start, end=row.end, found=told)
    if look.renewed is not None:
        yield _at("settings", "virtual directory", look.renewed.locator, "written again without script")


def _at(what: str, name: str, place: Locator | None, told: str) -> Looked:
    return Looked(
        what=what, name=name, place=place, start=None, end=None, found=told if place else "not collected"
    )


def _requests(look: Look) -> str:
    served = f"last answered at {spoken(look.served)}" if look.served else "no answer to a request for it"
    if look.refusal is None:
        return served
    return f"{served}; refused since {spoken(look.refusal.at)} ({', '.join(look.refusal.statuses)})"


# -- the earlier assessment


def _key(shell: WebShell) -> str:
    return (shell.url or shell.path or "").lower()


def _known(
    key: str, named: Sequence[tuple[str, WebShell]], before: Assessment, vdirs: Mapping[str, str]
) -> Known:
    shells = [shell for _, shell in named]
    presence = min((shell.presence for shell in shells), key=_GRAVEST.index)
    examined = [shell.examination for shell in shells if shell.examination]
    return Known(
        key=key,
        url=next((shell.url for shell in shells if shell.url), None),
        path=next((shell.path for shell in shells if shell.path), None),
        campaigns=tuple(dict.fromkeys(campaign for campaign, _ in named)),
        presence=presence,
        content=next(
            (one.content for one in shells if one.content is not ShellContent.UNKNOWN), ShellContent.UNKNOWN
        ),
        sha256=next((shell.sha256 for shell in shells if shell.sha256), None),
        there_until=_there_until(shells, presence, before),
        vdir=vdirs.get(key),
        sketch=examined[0].sketch if examined else "",
    )


def _there_until(shells: Iterable[WebShell], presence: Presence, before: Assessment) -> datetime | None:
    """Give the last moment at which it was there: the evidence's end, or its last answer."""
    if presence is Presence.PRESENT:
        return ends_of(before)
    served = [client.last_seen for shell in shells for client in shell.clients if client.last_seen]
    begun = [shell.written_at or shell.first_seen for shell in shells]
    return max((*served, *(moment for moment in begun if moment)), default=None)


def _virtual_directories(before: Assessment) -> dict[str, str]:
    """Give the virtual directory whose property list a shell's file holds, by the shell's key."""
    lists = (one for verdict in before.verdicts for one in verdict.findings if _is_list(one))
    found: dict[str, str] = {}
    for one in lists:
        for name in (one.details.get("shell_url"), one.details.get("shell_path")):
            if name:
                found.setdefault(name.lower(), one.details["Name"])
    return found


def _is_list(finding: Finding) -> bool:
    return finding.kind == "exchange.vdir-dump" and bool(finding.details.get("Name"))


# -- what is new, and the answer about all


def _new(after: Assessment, known: Sequence[Known]) -> Iterator[NewShell]:
    """Yield the shells of the later evidence that are none of the known ones."""
    keys = {name for one in known for name in (one.key, (one.path or "").lower()) if name}
    found: dict[str, list[tuple[str, WebShell]]] = {}
    for verdict in after.verdicts:
        for shell in verdict.webshells:
            if _key(shell) and not keys & {_key(shell), (shell.path or "").lower()}:
                found.setdefault(_key(shell), []).append((verdict.campaign, shell))
    for key in sorted(found):
        campaigns = tuple(dict.fromkeys(campaign for campaign, _ in found[key]))
        shell = found[key][0][1]
        yield NewShell(campaigns=campaigns, shell=shell, like=_like(shell, known))


def _like(shell: WebShell, known: Sequence[Known]) -> str | None:
    for one in known:
        if shell.sha256 and one.sha256 == shell.sha256:
            return one.key
    sketch = shell.examination.sketch if shell.examination else ""
    return next((one.key for one in known if likeness(one.sketch, sketch) >= ALIKE), None)


def _overall(
    answers: Sequence[ShellAnswer], new: Sequence[NewShell], between: Between, after: Assessment
) -> tuple[Overall, str]:
    there = [one for one in answers if one.answer.there]
    if there or new:
        parts = [f"{len(there)} of {len(answers)} known web shells are still there or back"] if there else []
        parts += [f"new since then: {', '.join(_key(one.shell) for one in new[:5])}"] if new else []
        return Overall.NOT_REMOVED, f"Not removed: {'; '.join(parts)}."
    open_questions = list(_open(answers, between, after))
    if open_questions:
        return Overall.CANNOT_TELL, "Cannot tell: " + " ".join(open_questions)
    return Overall.REMOVED, (
        f"Removed: every one of the {len(answers)} known web shells is shown to be gone, and no other was"
        " found. That is no word about what else the intruder left."
    )


def _open(answers: Sequence[ShellAnswer], between: Between, after: Assessment) -> Iterator[str]:
    """Yield what stands between the answers and "removed"."""
    if between.identity in {Identity.UNKNOWN, Identity.DIFFERENT}:
        yield between.identity_because
    if between.order is not Order.LATER:
        yield between.order_because
    unsure = [one.key for one in answers if not one.answer.gone]
    if unsure:
        yield f"Nothing shows that these are gone: {', '.join(unsure[:5])}."
    unread = [one.key for one in answers if one.answer is Removal.EVIDENCED and not _folder_read(one)]
    if unread:
        names = ", ".join(unread[:5])
        yield f"Whether these came back is not shown, their folders are not in the evidence: {names}."
    if not any(row.kind == "web.file" and row.records and not row.errors for row in after.coverage.artefacts):
        yield "No folder of web pages was collected, so that new ones would not be seen."


def _folder_read(answer: ShellAnswer) -> bool:
    return any(one.what == "folder" and one.place is not None for one in answer.looked)
