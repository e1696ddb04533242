"""Mail that may have been read without any shell: per mailbox, interval and bytes.

The proxy log tells how many bytes the back end answered. Of these at least the answers of some
size are mail (the floor counts answers over 2 KiB, less than which an error or an empty folder
takes); at most everything is (the ceiling). Whose mailbox it was, the proxy log tells only where
the forged address names it; else the EWS log does, whose row of the same call ends a moment before
the proxy's, with the same client.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from urllib.parse import unquote

from tocsin.assessment.ladder import Ladder
from tocsin.model.findings import Finding
from tocsin.model.verdicts import Impact, MailboxImpact
from tocsin.model.words import Means

STRAND = "mail-read"
EWS = "exchange.ews"
UNNAMED = "(the log does not name the mailbox)"
_SMALL_ANSWER = 2048
_BEFORE, _AFTER = timedelta(seconds=10), timedelta(seconds=2)
"""So long before the front end, or after it, may the back end have ended the same call."""
_ADDRESS = re.compile(r"[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_NAMING = (
    "mailbox",
    "AnchorMailbox",
    "UrlQuery",
    "query",
    "ActAsUser",
    "ImpersonatedUser",
    "AuthenticatedUser",
)


def impact(findings: Iterable[Finding], *, ladder: Ladder) -> Impact:
    """Give what was reached: findings on the strand ``mail-read``, by mailbox."""
    strand = [one for one in findings if (rung := ladder.rung_of(one)) is not None and rung.strand == STRAND]
    calls = _Calls(one for one in strand if one.kind == EWS)
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in strand:
        if finding.means is Means.COMPROMISED:
            groups[_mailbox(finding) or calls.mailbox_of(finding) or UNNAMED].append(finding)
    return Impact(mailboxes=tuple(_reached(name, groups[name]) for name in sorted(groups)))


class _Calls:
    """Calls of the EWS log that opened a mailbox, by client and time."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self._opened: dict[str, dict[datetime, set[str]]] = defaultdict(lambda: defaultdict(set))
        for one in findings:
            if one.time is not None and one.source_ip and (mailbox := _mailbox(one)):
                self._opened[one.source_ip][one.time].add(mailbox)
        self._moments = {client: sorted(moments) for client, moments in self._opened.items()}

    def mailbox_of(self, request: Finding) -> str | None:
        """Give the mailbox of the call nearest to a request's end; None if that is none or not one alone."""
        client, time = request.source_ip or "", request.time
        moments = self._moments.get(client)
        if moments is None or time is None:
            return None
        at = bisect_right(moments, time)
        around = [one for one in moments[max(at - 1, 0) : at + 1] if -_AFTER <= time - one <= _BEFORE]
        least = min((abs(time - one) for one in around), default=None)
        nearest = {box for one in around if abs(time - one) == least for box in self._opened[client][one]}
        return nearest.pop() if len(nearest) == 1 else None


def _mailbox(finding: Finding) -> str | None:
    for name in _NAMING:
        value = unquote(finding.details.get(name, ""))
        # the anchor's own part before the query is a host, which may hold an @ as well
        found = _ADDRESS.search(value.partition("?")[2] if name == "AnchorMailbox" else value)
        if found:
            return found[0].lower()
    return None


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
