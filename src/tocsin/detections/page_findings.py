"""From an examined page to a pack's finding: what its content means on this server.

The content says what a page can do; what that means is decided here. Code that is shown to run what a request
brings, where the server would run it, is a web shell. Lesser or less certain code is something to look at,
unless the place or another finding speaks against the page too. What a pack's YARA rules said of the same
page is said once, in the same finding.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec.structs import replace

from tocsin.detections.findings import LONGEST_DETAIL, finding_id, shown
from tocsin.detections.page_contents import PageContent
from tocsin.detections.pages import pages_named
from tocsin.detections.webshells.examine import Verdict
from tocsin.evidence.web_roots import url_of
from tocsin.model.findings import Benign, Finding
from tocsin.model.places import Locator
from tocsin.model.words import Means, ShellContent
from tocsin.packs.loading import Pack
from tocsin.packs.products import Product
from tocsin.packs.schema import WebShells

BY_CONTENT = "web shell by its content"
"""The rule that a finding from a page's content names."""
AUTHOR = "Tocsin contributors"
SURE = 0.8
"""Code that runs what a request brings is called a shell by itself from this score on."""
_RUNS = frozenset({"eval", "command", "assembly-load", "xslt-script", "tunnel"})
_NOBODYS = re.compile(r"^/aspnet_client/")
"""Folders that hold no page unless somebody put one there."""
_STATES = {
    ShellContent.LIVE: "Live web shell",
    ShellContent.INERT: "Web shell that would not run here",
    ShellContent.NEUTRALISED: "Neutralised web shell",
    ShellContent.UNKNOWN: "Web shell that may run",
}
_MOST_RULES = 10
_YARA = "yara: "
_ELSEWHERE = re.compile(
    r"^(?:users|documents and settings)/|(?:^|/)\$recycle\.bin/|(?:^|/)(?:quarantine|windows defender)/"
)
"""Places from which no server serves pages; people keep samples there, scanners what they took."""


_KEPT = (
    "The file lies where no server serves pages from: a sample that somebody keeps, or what a scanner took"
    " away. That the server ever served it is not shown."
)


def suspect_urls(pages: Mapping[str, PageContent]) -> frozenset[str]:
    """Give the URLs of the pages whose requests are worth following."""
    return frozenset(
        page.url
        for page in pages.values()
        if page.url is not None and (page.dump or page.found.verdict is not Verdict.CLEAN)
    )


def with_contents(
    pack: Pack,
    findings: Sequence[Finding],
    pages: Mapping[str, PageContent],
    *,
    accused: Collection[str],
    own_pages: Collection[str],
    without_dumps: bool = False,
) -> tuple[Finding, ...]:
    """Give a pack's findings with those of the pages' content, each page's file rules told in the same one.

    Args:
        pack: its ``web_shells`` say what a page means; without them it speaks by its rules alone.
        findings: of the pack.
        pages: by path in the evidence.
        accused: URLs in lower case that findings of any pack call a shell.
        own_pages: of products, URLs in lower case.
        without_dumps: property lists of virtual directories are left to a pack whose mark they are.
    """
    meaning = pack.file.web_shells
    if meaning is None or not pages:
        return tuple(findings)
    by_rules = _by_rules(pack, findings, pages)
    rest = [one for one in findings if one.id not in {same.id for each in by_rules.values() for same in each}]
    for path, page in sorted(pages.items()):
        same = by_rules.get(path, [])
        if page.dump is not meaning.dumps_only and (meaning.dumps_only or without_dumps):
            rest += same
            continue
        grounds = _Grounds(page, meaning, accused=accused, own_pages=own_pages)
        rest.append(_joined(pack.file.id, _finding(pack.file.id, page, grounds), same))
    return tuple(sorted(rest, key=lambda finding: finding.order))


def accused_urls(findings: Mapping[str, Sequence[Finding]]) -> frozenset[str]:
    """Give the URLs that findings of a success name, of all packs, by more than the page's content."""
    grave = [
        one
        for each in findings.values()
        for one in each
        if one.means in {Means.COMPROMISED, Means.EXPLOITED} and not one.rule.startswith(_YARA)
    ]
    return frozenset(pages_named(grave))


def marked_by_dumps(packs: Sequence[Pack]) -> bool:
    """Tell whether the property list of a virtual directory is the mark of one of the packs."""
    return any(pack.file.web_shells is not None and pack.file.web_shells.dumps_only for pack in packs)


def own_pages_of(products: Sequence[Product]) -> frozenset[str]:
    """Give the pages that products answer themselves."""
    return frozenset(page for product in products for page in product.own_pages)


class _Grounds:
    """What the page's content and its surroundings say together."""

    def __init__(
        self, page: PageContent, meaning: WebShells, *, accused: Collection[str], own_pages: Collection[str]
    ) -> None:
        self.page = page
        self._meaning = meaning
        url = (page.url or "").lower()
        self.misplaced = bool(_NOBODYS.search(url)) or _in_own_folder(url, own_pages)
        self.accused = url != "" and url in accused

    @property
    def live(self) -> bool:
        """The server would run the code, which is that of a shell."""
        found = self.page.found
        raised = found.verdict is Verdict.SUSPICIOUS and bool(found.flow) and (self.misplaced or self.accused)
        shell = found.verdict is Verdict.SHELL or raised
        return self.page.named and shell and found.state is ShellContent.LIVE

    @property
    def means(self) -> Means:
        """A shell, or something to look at."""
        found = self.page.found
        by_itself = bool(_RUNS.intersection(found.capabilities)) and found.score >= SURE
        surrounded = self.misplaced or self.accused or self.page.dump
        return Means.COMPROMISED if self.live and (by_itself or surrounded) else Means.CONTEXT

    @property
    def elsewhere(self) -> bool:
        """It lies where no server serves pages from."""
        return self.page.url is None and bool(_ELSEWHERE.search(self.page.where))

    @property
    def rung(self) -> str | None:
        """The step that it shows: reachable only where the server is known to serve it."""
        if self.means is Means.CONTEXT:
            return None
        return (self._meaning.reachable if self.page.url else self._meaning.written) or None

    def told(self) -> Iterator[str]:
        """Yield what raised or lowered the answer, in words."""
        if self.misplaced:
            yield "no page belongs where it stands"
        if self.accused:
            yield "other findings name the page"
        if self.page.dump:
            yield "it stands in the property list of a virtual directory"
        if self.page.mapped is not None and not self.page.named:
            yield "no configuration in the evidence maps its name to code"
        if self.page.url is None:
            yield "its place is not known to be served"


def _in_own_folder(url: str, own_pages: Collection[str]) -> bool:
    """Tell whether it stands beside pages of a product and is none of them."""
    folder = url.rpartition("/")[0]
    if not folder or url in own_pages:
        return False
    return f"{folder}/" in _folders(frozenset(own_pages))


_FOLDERS: dict[frozenset[str], frozenset[str]] = {}


def _folders(own_pages: frozenset[str]) -> frozenset[str]:
    if own_pages not in _FOLDERS:
        _FOLDERS.clear()
        _FOLDERS[own_pages] = frozenset(f"{page.rpartition('/')[0]}/" for page in own_pages) - {"/"}
    return _FOLDERS[own_pages]


def _by_rules(
    pack: Pack, findings: Sequence[Finding], pages: Mapping[str, PageContent]
) -> dict[str, list[Finding]]:
    """Give the findings of the pack's YARA rules that speak of the same code, by path."""
    shells = {rung.id for rung in pack.file.ladder if rung.shell}
    found: dict[str, list[Finding]] = {}
    for one in findings:
        of_page = one.rule.startswith(_YARA) and one.details.get("content") and one.benign is None
        if of_page and one.locator.path in pages and (one.rung is None or one.rung in shells):
            found.setdefault(one.locator.path, []).append(one)
    return found


def _joined(pack: str, finding: Finding, same: Sequence[Finding]) -> Finding:
    """Give the finding with what the pack's own rules add: the graver word, its step, their names."""
    if not same:
        return finding
    gravest = max(same, key=lambda one: (one.means.gravity, one.rung is not None))
    rules = [one.rule.removeprefix(_YARA) for one in same][:_MOST_RULES]
    authors = dict.fromkeys((finding.author, *(one.author for one in same if one.author)))
    graver = gravest.means.gravity > finding.means.gravity
    further = "" if not graver else f" {gravest.summary}."
    told = {**finding.details, "rules": ", ".join(rules)}
    if finding.benign is not None:
        return replace(finding, author=", ".join(authors), details=told)
    return replace(
        finding,
        author=", ".join(authors),
        means=gravest.means if graver else finding.means,
        rung=gravest.rung if graver else (finding.rung or gravest.rung),
        summary=f"{finding.summary}{further}",
        details=told,
        weak=finding.weak and all(one.weak for one in same),
        id=finding_id(pack, finding.rule, finding.locator, finding.time),
    )


def _finding(pack: str, page: PageContent, grounds: _Grounds) -> Finding:
    found = page.found
    line = found.spans[0].line if found.spans else None
    where = Locator(path=page.path, line=line)
    kept = grounds.elsewhere and grounds.means is not Means.CONTEXT
    benign = Benign(rule="place of the file", why=_KEPT, was=grounds.means) if kept else None
    return Finding(
        id=finding_id(pack, BY_CONTENT, where, None),
        rule=BY_CONTENT,
        author=AUTHOR,
        means=Means.CONTEXT if benign else grounds.means,
        weak=False,
        rung=None if benign else grounds.rung,
        time=None,
        locator=where,
        summary=_summary(page),
        kind="web.file",
        details={name: shown(value, LONGEST_DETAIL) for name, value in _details(page, grounds) if value},
        benign=benign,
    )


def _summary(page: PageContent) -> str:
    found = page.found
    name = page.path.rpartition("/")[2]
    if found.verdict is Verdict.INERT:
        return f"Trace of a web shell: {found.state_why} ({name})"
    if found.verdict is Verdict.SUSPICIOUS:
        return f"Page to look at: {found.reason} ({name}, score {found.score:.2f})"
    family = f", {found.family}" if found.family else ""
    dead = "" if found.state is ShellContent.LIVE else f" ({found.state_why})"
    return f"{_STATES[found.state]}{family}: {found.reason}{dead} ({name}, score {found.score:.2f})"


def _details(page: PageContent, grounds: _Grounds) -> Iterator[tuple[str, str]]:
    found = page.found
    yield "Path", page.path
    yield "Url", page.url or ""
    yield "Sha256", found.sha256
    yield "Size", str(found.size)
    if page.named:
        yield "shell_path", page.path
        yield "shell_url", (page.url or url_of(page.path) or "").lower()
    yield "score", f"{found.score:.2f}"
    yield "verdict", str(found.verdict)
    yield "content", str(found.state)
    yield "state", f"{found.state_reason}: {found.state_why}"
    yield "family", found.family
    yield "can", ", ".join(found.capabilities)
    yield "language", found.language
    yield "encoding", found.encoding
    if found.spans:
        span = found.spans[0]
        yield "span", f"bytes {span.start} to {span.end}, line {span.line}: {span.why}"
    if found.flow:
        way = found.flow[0]
        lines = " -> ".join(f"{place.why} (line {place.line})" for place in way.places)
        yield "flow", f"{way.source} to {way.sink} ({way.capability}): {lines}"
    yield "context", "; ".join(grounds.told())
