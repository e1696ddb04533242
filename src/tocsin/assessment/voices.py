"""Several packs, one server: what one campaign explains, a general pack does not claim again.

A pack without CVEs looks for web shells whatever let them in. Where a campaign's pack proves the
way in and counts a page among its shells, the general pack keeps its findings of that page as
context, with the explanation recorded; otherwise one intrusion would read as two. What the general
pack finds without a page, such as a command that the web server started, the campaign takes over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from tocsin.assessment.exposure import first_proof, last_proof
from tocsin.assessment.ladder import Ladder
from tocsin.detections.page_findings import BY_CONTENT
from tocsin.model.expressions import compiled
from tocsin.model.findings import Benign, Finding
from tocsin.model.verdicts import Verdict
from tocsin.model.words import Means, Residual
from tocsin.packs.loading import Pack
from tocsin.packs.logsources import WEB_KINDS

_SUCCESS = frozenset({Means.EXPLOITED, Means.COMPROMISED})


def general_last(packs: Iterable[Pack]) -> list[Pack]:
    """Give the packs with a flaw of their own first, so that the others know what is explained."""
    return sorted(packs, key=lambda pack: (not pack.file.cves, pack.file.id))


def explained_pages(pack: Pack, verdict: Verdict) -> dict[str, str]:
    """Give the pages (lower-case URL) that a campaign explains, with its title; none without proof."""
    if not pack.file.cves or last_proof(verdict.findings, Ladder(pack.file.ladder)) is None:
        return {}
    return {shell.url.lower(): pack.file.title for shell in verdict.webshells if shell.url}


def other_way_in(packs: Iterable[Pack], findings: Mapping[str, Sequence[Finding]]) -> str | None:
    """Give the title of a general pack that shows how somebody else came in, or None."""
    for pack in general_last(packs):
        ladder = Ladder(pack.file.ladder)
        shown = (one for one in findings.get(pack.file.id, ()) if one.means in _SUCCESS)
        if not pack.file.cves and any(_is_way_in(one, ladder) for one in shown):
            return pack.file.title
    return None


def taken_over(
    pack: Pack, own: Sequence[Finding], findings: Mapping[str, Sequence[Finding]]
) -> tuple[Finding, ...]:
    """Give the findings of general packs that are a campaign's, once its way in is proven before them.

    They carry the campaign's step. Findings that name a page are left: pages have their own rules.
    """
    proof = first_proof(own, Ladder(pack.file.ladder))
    if not pack.file.cves or proof is None:
        return ()
    steps = {step: rung.id for rung in pack.file.ladder for step in rung.takes_over}
    return tuple(
        replace(finding, rung=steps[f"{general}/{finding.rung}"])
        for general in sorted(findings)
        for finding in findings[general]
        if f"{general}/{finding.rung}" in steps and _follows(finding, proof)
    )


def shells_taken_over(
    pack: Pack,
    own: Sequence[Finding],
    packs: Iterable[Pack],
    findings: Mapping[str, Sequence[Finding]],
) -> tuple[Finding, ...]:
    """Give the web shells by content, found by packs without CVEs, that are a campaign's.

    They are, once its way in is proven, where they stand in the folders that it writes to and are served.
    """
    meaning = pack.file.web_shells
    if meaning is None or not pack.file.cves or first_proof(own, Ladder(pack.file.ladder)) is None:
        return ()
    folders = [compiled(folder) for folder in meaning.folders]
    return tuple(
        replace(finding, rung=meaning.reachable)
        for general in packs
        if not general.file.cves and general.file.web_shells is not None
        for finding in findings.get(general.file.id, ())
        if finding.rule == BY_CONTENT
        and finding.means is Means.COMPROMISED
        and finding.rung == general.file.web_shells.reachable
        and any(folder.search(_page(finding)) for folder in folders)
    )


def heard(
    pack: Pack, findings: Sequence[Finding], *, explained: Mapping[str, str], other_way: str | None
) -> tuple[Finding, ...]:
    """Give a pack's findings, those that another pack explains reclassified as context.

    ``explained`` maps a page or a finding's id to the title of the campaign that explains it.
    """
    ladder = Ladder(pack.file.ladder)
    if not pack.file.cves:
        return tuple(_explain(finding, _explanation(finding, explained)) for finding in findings)
    if other_way is None or last_proof(findings, ladder) is not None:
        return tuple(findings)
    return tuple(_explain(finding, other_way if _names_page(finding, ladder) else "") for finding in findings)


def answered_anyway(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Give the findings of a server that answers 200 to anything: there a bare request shows nothing."""
    why = (
        "This server answers 200 to whatever is asked, also to files of products that it cannot all run: "
        "that a bare request was answered shows nothing here."
    )
    return tuple(
        _reclassify(one, "the server answers anything", why) if _is_bare(one) else one for one in findings
    )


def in_one_voice(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """One server has one disk: no campaign may say "nothing left" while another shows what is left."""
    if not any(verdict.residual is Residual.PRESENT for verdict in verdicts):
        return tuple(verdicts)
    return tuple(
        replace(verdict, residual=Residual.UNKNOWN) if verdict.residual is Residual.NONE_SEEN else verdict
        for verdict in verdicts
    )


def _is_way_in(finding: Finding, ladder: Ladder) -> bool:
    rung = ladder.rung_of(finding)
    return rung is not None and rung.way_in


def _names_page(finding: Finding, ladder: Ladder) -> bool:
    rung = ladder.rung_of(finding)
    return rung is not None and rung.shell and not rung.proves_open


def _follows(finding: Finding, proof: Finding) -> bool:
    """Tell whether a finding names no page and did not come before the proof, as far as times tell."""
    if _page(finding) or finding.means not in _SUCCESS:
        return False
    return finding.time is None or proof.time is None or finding.time >= proof.time


def _explanation(finding: Finding, explained: Mapping[str, str]) -> str:
    return explained.get(finding.id) or explained.get(_page(finding), "")


def _page(finding: Finding) -> str:
    return (finding.details.get("page") or finding.details.get("shell_url") or "").lower()


def _explain(finding: Finding, by: str) -> Finding:
    if not by or finding.means is Means.CONTEXT:
        return finding
    why = f"{_page(finding) or 'This'} is explained by {by}, where the way in is shown."
    return _reclassify(finding, "explained by another pack", why)


def _is_bare(finding: Finding) -> bool:
    asked = finding.kind in WEB_KINDS and finding.details.get("method", "GET").upper() in {"GET", "HEAD"}
    return asked and finding.means in _SUCCESS


def _reclassify(finding: Finding, rule: str, why: str) -> Finding:
    benign = Benign(rule=rule, why=why, was=finding.means)
    return replace(finding, means=Means.CONTEXT, rung=None, benign=benign)
