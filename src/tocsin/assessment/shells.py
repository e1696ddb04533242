"""Web shells over time: where each was seen, whether it is still there, who asked for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tocsin.assessment.ladder import Ladder
from tocsin.assessment.shell_contents import Contents
from tocsin.detections.disk import DiskState
from tocsin.detections.pages import Page, PageActivity
from tocsin.evidence.layout import is_shadow_copy, place_of
from tocsin.evidence.server_pages import is_server_page
from tocsin.evidence.web_roots import url_of
from tocsin.model.findings import Finding
from tocsin.model.places import Locator
from tocsin.model.times import spoken
from tocsin.model.verdicts import WebShell
from tocsin.model.words import Means, Presence, Residual, ShellContent
from tocsin.packs.logsources import WEB_KINDS

_FILES = frozenset({"web.file", "exchange.vdir-dump"})
_MOST_LOCATORS = 20
_CONTENT = {
    "live": ShellContent.LIVE,
    "true": ShellContent.LIVE,
    "inert": ShellContent.INERT,
    "false": ShellContent.INERT,
    "neutralised": ShellContent.NEUTRALISED,
}


@dataclass(slots=True)
class _Named:
    """What findings say of one shell."""

    url: str | None = None
    path: str | None = None
    findings: list[Finding] = field(default_factory=list)

    def of_kinds(self, kinds: frozenset[str]) -> list[Finding]:
        return [finding for finding in self.findings if finding.kind in kinds]

    def writes(self) -> list[datetime]:
        silent = WEB_KINDS | {"web.file"}
        return [one.time for one in self.findings if one.kind not in silent and one.time is not None]


def web_shells(
    findings: Sequence[Finding],
    *,
    ladder: Ladder,
    pages: PageActivity,
    disk: DiskState,
    contents: Contents | None = None,
) -> tuple[WebShell, ...]:
    """Give every shell that findings of meaning ``compromised`` name, by URL or by path."""
    known = contents or Contents()
    ordered = sorted(findings, key=lambda finding: finding.order)
    named = _named(ordered, ladder)
    writes = _nameless_writes(ordered, ladder)
    shells = [
        known.told(_shell(one, pages=pages, disk=disk, writes=writes), _files_of(one))
        for one in named.values()
    ]
    return tuple(sorted(shells, key=lambda shell: (str(shell.first_seen), shell.url or "", shell.path or "")))


def in_shadow_copy(finding: Finding) -> bool:
    """Tell whether a finding shows how the disk was, and not how it is."""
    return is_shadow_copy(place_of(finding.locator.path).where)


def residual_of(
    shells: Sequence[WebShell], *, compromised: bool, looked: bool, besides: bool = False
) -> Residual:
    """Say what is still there at collection.

    Args:
        shells: all that were found.
        besides: something that is no web shell was left: a script in the settings, a ransom note.
        compromised: an intrusion is shown.
        looked: server pages were collected, so that what is on disk was looked at.
    """
    if besides or any(shell.presence is Presence.PRESENT for shell in shells):
        return Residual.PRESENT
    gone = {Presence.ABSENT_ON_DISK, Presence.REMOVAL_EVIDENCED}
    if shells and all(shell.presence in gone for shell in shells) and looked:
        return Residual.NONE_SEEN
    if not shells and looked and not compromised:
        return Residual.NONE_SEEN
    return Residual.UNKNOWN


def _named(findings: Iterable[Finding], ladder: Ladder) -> dict[str, _Named]:
    named: dict[str, _Named] = {}
    for finding in findings:
        if finding.means is not Means.COMPROMISED:
            continue
        url, path = _names(finding, ladder)
        key = (url or path or "").lower()
        if not key:
            continue
        one = named.setdefault(key, _Named())
        one.url = one.url if one.url is not None and one.url != one.url.lower() else (url or one.url)
        one.path = one.path or path
        one.findings.append(finding)
    return named


def _names(finding: Finding, ladder: Ladder) -> tuple[str | None, str | None]:
    """Give the URL and the path under which a finding names a shell, as the log spells them."""
    rung = ladder.rung_of(finding)
    if finding.kind in WEB_KINDS:
        page = finding.details.get("page")
        if rung is None or not rung.shell or rung.proves_open or not page:
            return None, None
        spelled = finding.url or page
        return (spelled if spelled.lower() == page else page), None
    path = finding.details.get("shell_path") or None
    url = finding.details.get("shell_url") or (url_of(path) if path else None)
    return url or None, path


def _nameless_writes(findings: Iterable[Finding], ladder: Ladder) -> list[Finding]:
    """Give the writes whose log does not name the file: steps that name a shell, seen at a proxy."""
    found = []
    for finding in findings:
        rung = ladder.rung_of(finding)
        wrote = rung is not None and rung.shell and rung.proves_open and finding.kind in WEB_KINDS
        if wrote and finding.means is Means.COMPROMISED and not finding.details.get("shell_path"):
            found.append(finding)
    return found


def _shell(one: _Named, *, pages: PageActivity, disk: DiskState, writes: Sequence[Finding]) -> WebShell:
    page = pages.get(one.url) if one.url else None
    on_disk = disk.file_at(one.url) if one.url else None
    presence, why = _presence(one, page, disk)
    written, how = _written(one, page, writes)
    clients = page.clients() if page else ()
    seen = [finding.time for finding in one.findings if finding.time is not None]
    last = [*seen, *([page.last_asked] if page and page.last_asked else [])]
    return WebShell(
        path=one.path or (on_disk.path if on_disk else None),
        url=one.url,
        presence=presence,
        content=_content(one),
        first_seen=min([*seen, *([page.served.first] if page and page.served.first else [])], default=None),
        last_seen=max(last, default=None),
        not_served_since=page.not_served_since if page else None,
        written_at=written,
        requests=page.requests if page else 0,
        tasked=any(client.tasked for client in clients) or _asked(one),
        clients=clients,
        locators=_places(one, page),
        sha256=on_disk.sha256 if on_disk else None,
        why=f"{why}{how}",
    )


def _files_of(one: _Named) -> tuple[str, ...]:
    """Give the files in the evidence that findings of its content name, those on the disk first."""
    files = [finding for finding in one.of_kinds(_FILES) if is_server_page(finding.locator.path.lower())]
    files.sort(key=in_shadow_copy)
    return tuple(dict.fromkeys(finding.locator.path for finding in files))


def _asked(one: _Named) -> bool:
    return any(finding.details.get("tasked") == "yes" for finding in one.findings)


def _presence(one: _Named, page: Page | None, disk: DiskState) -> tuple[Presence, str]:
    files = [finding for finding in one.of_kinds(_FILES) if not in_shadow_copy(finding)]
    url = one.url or ""
    if files or disk.file_at(url):
        place = files[0].locator if files else one.findings[0].locator
        return Presence.PRESENT, f"The file is in the evidence: {place}."
    removal = disk.removal_of(url)
    if removal is not None:
        return Presence.REMOVAL_EVIDENCED, f"A scanner's log says that it removed the file: {removal}."
    if url and disk.folder_collected(url):
        return Presence.ABSENT_ON_DISK, "The folder was collected and does not hold the file."
    if page is None or page.served.last is None:
        return Presence.UNKNOWN, "No file and no answer to a request for it is in the evidence."
    if page.not_served_since is not None:
        return Presence.NOT_SERVED_SINCE, (
            f"Last answered at {spoken(page.served.last)}; a later request was refused "
            f"({page.refused.locators()[0]}). Not served is not removed: a moved file, an access rule or a "
            "rewrite looks the same."
        )
    if page.served.last_weak:
        return Presence.UNKNOWN, (
            f"It answered at {spoken(page.served.last)}; an excerpt does not tell what was asked after that."
        )
    return Presence.PRESENT, f"It answered the last request in the logs, at {spoken(page.served.last)}."


def _written(one: _Named, page: Page | None, writes: Sequence[Finding]) -> tuple[datetime | None, str]:
    own = one.writes()
    if own:
        return min(own), ""
    first = page.served.first if page else None
    before = [write for write in writes if write.time and (first is None or write.time <= first)]
    if not before:
        return None, ""
    last = max(before, key=lambda write: write.order)
    return last.time, f" Written by the last write before it was first served, {last.locator}."


def _content(one: _Named) -> ShellContent:
    words = {
        _CONTENT[value]
        for finding in one.findings
        for value in (finding.details.get("content", ""), finding.details.get("ScriptPresent", ""))
        if value in _CONTENT
    }
    for word in (ShellContent.LIVE, ShellContent.NEUTRALISED, ShellContent.INERT):
        if word in words:
            return word
    return ShellContent.UNKNOWN


def _places(one: _Named, page: Page | None) -> tuple[Locator, ...]:
    asked = (*page.served.locators(), *page.refused.locators()) if page else ()
    places = [finding.locator for finding in one.findings]
    unique = {place.order: place for place in (*places, *asked)}
    return tuple(unique[key] for key in sorted(unique))[:_MOST_LOCATORS]
