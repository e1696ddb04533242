"""Several packs, one server: what one campaign explains, a general pack does not claim again.

A pack without CVEs looks for web shells whatever let them in. Where a campaign's pack proves the
way in and counts a page among its shells, the general pack keeps its findings of that page as
context, with the explanation recorded; otherwise one intrusion would read as two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from tocsin.assessment.exposure import last_proof
from tocsin.assessment.ladder import Ladder
from tocsin.model.findings import Benign, Finding
from tocsin.model.verdicts import Verdict
from tocsin.model.words import Means, Residual
from tocsin.packs.loading import Pack


def general_last(packs: Iterable[Pack]) -> list[Pack]:
    """Give the packs with a flaw of their own first, so that the others know what is explained."""
    return sorted(packs, key=lambda pack: (not pack.file.cves, pack.file.id))


def explained_pages(pack: Pack, verdict: Verdict) -> dict[str, str]:
    """Give the pages (lower-case URL) that a campaign explains, with its title; none without proof."""
    if not pack.file.cves or last_proof(verdict.findings, Ladder(pack.file.ladder)) is None:
        return {}
    return {shell.url.lower(): pack.file.title for shell in verdict.webshells if shell.url}


def without_explained(
    pack: Pack, findings: Sequence[Finding], explained: Mapping[str, str]
) -> tuple[Finding, ...]:
    """Give a general pack's findings, those of explained pages reclassified as context."""
    if pack.file.cves or not explained:
        return tuple(findings)
    return tuple(_explain(finding, explained) for finding in findings)


def in_one_voice(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """One server has one disk: no campaign may say "nothing left" while another shows what is left."""
    if not any(verdict.residual is Residual.PRESENT for verdict in verdicts):
        return tuple(verdicts)
    return tuple(
        replace(verdict, residual=Residual.UNKNOWN) if verdict.residual is Residual.NONE_SEEN else verdict
        for verdict in verdicts
    )


def _explain(finding: Finding, explained: Mapping[str, str]) -> Finding:
    page = (finding.details.get("page") or finding.details.get("shell_url") or "").lower()
    campaign = explained.get(page)
    if campaign is None or finding.means is Means.CONTEXT:
        return finding
    why = f"{page} is counted among the web shells of {campaign}, whose way in is shown."
    benign = Benign(rule="explained by another campaign", why=why, was=finding.means)
    return replace(finding, means=Means.CONTEXT, rung=None, benign=benign)
