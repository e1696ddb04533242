"""Mail that may have been read without any shell: per mailbox, interval and bytes.

The proxy log tells how many bytes the back end answered. Of these at least the answers of some
size are mail (the floor counts answers over 2 KiB, less than which an error or an empty folder
takes); at most everything is (the ceiling).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from urllib.parse import unquote

from tocsin.assessment.ladder import Ladder
from tocsin.model.findings import Finding
from tocsin.model.verdicts import Impact, MailboxImpact
from tocsin.model.words import Means

STRAND = "mail-read"
UNNAMED = "(the log does not name the mailbox)"
_SMALL_ANSWER = 2048
_ADDRESS = re.compile(r"[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_NAMING = (
    "mailbox",
    "AnchorMailbox",
    "UrlQuery",
    "query",
    "AuthenticatedUser",
    "ActAsUser",
    "ImpersonatedUser",
)


def impact(findings: Iterable[Finding], *, ladder: Ladder) -> Impact:
    """Give what was reached: findings on the strand ``mail-read``, by mailbox."""
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        rung = ladder.rung_of(finding)
        if rung is not None and rung.strand == STRAND and finding.means is Means.COMPROMISED:
            groups[_mailbox(finding)].append(finding)
    return Impact(mailboxes=tuple(_reached(name, groups[name]) for name in sorted(groups)))


def _mailbox(finding: Finding) -> str:
    for name in _NAMING:
        value = unquote(finding.details.get(name, ""))
        # the anchor's own part before the query is a host, which may hold an @ as well
        found = _ADDRESS.search(value.partition("?")[2] if name == "AnchorMailbox" else value)
        if found:
            return found[0].lower()
    return UNNAMED


def _reached(mailbox: str, findings: Sequence[Finding]) -> MailboxImpact:
    ordered = sorted(findings, key=lambda finding: finding.order)
    times = [finding.time for finding in ordered if finding.time is not None]
    sizes = [_size(finding) for finding in ordered]
    known = [size for size in sizes if size is not None]
    return MailboxImpact(
        mailbox=mailbox,
        start=min(times, default=None),
        end=max(times, default=None),
        requests=len(ordered),
        bytes_floor=sum(size for size in known if size > _SMALL_ANSWER),
        bytes_ceiling=sum(known) if len(known) == len(sizes) else None,
        finding_ids=tuple(finding.id for finding in ordered),
    )


def _size(finding: Finding) -> int | None:
    text = finding.details.get("ResponseBytes") or finding.details.get("sc-bytes") or ""
    return int(text) if text.isdigit() else None
