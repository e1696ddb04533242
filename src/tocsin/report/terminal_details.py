"""Everything behind the answer, on the terminal: shells, hands, findings, coverage, conflicts."""

from __future__ import annotations

from datetime import datetime

from rich.text import Text

from tocsin.model.coverage import ArtefactCoverage, Coverage
from tocsin.model.findings import Finding
from tocsin.model.places import TimeSpan
from tocsin.model.verdicts import Assessment, Cluster, Verdict, WebShell
from tocsin.report import words
from tocsin.report.bars import axis, cells
from tocsin.report.terminal_code import code
from tocsin.report.terminal_lines import Page, style_of
from tocsin.report.untrusted import defang, shorten, visible
from tocsin.report.view import (
    amount,
    by_gravity,
    campaign_title,
    content_phrase,
    finding_groups,
    plural,
    side_strands,
    stamp,
)

_EXCERPT = 240
_BAR = 40


def details(page: Page, assessment: Assessment) -> None:
    """Add all sections."""
    for verdict in by_gravity(assessment):
        _verdict(page, verdict)
    _coverage(page, assessment.coverage)
    _builds(page, assessment)
    _custody(page, assessment)


def _section(page: Page, title: str) -> None:
    page.blank()
    page.text(title, "bold underline")


def _verdict(page: Page, verdict: Verdict) -> None:
    name = visible(campaign_title(verdict))
    if verdict.ladder:
        _section(page, f"{name}: the ladder")
        _ladder(page, verdict)
    if verdict.webshells:
        _section(page, f"{name}: web shells over time")
    for shell in verdict.webshells:
        _shell(page, shell)
    if verdict.clusters:
        _section(page, f"{name}: findings that look like one hand")
    for cluster in verdict.clusters:
        _cluster(page, cluster)
    _mail(page, name, verdict)
    _findings(page, name, verdict)


def _ladder(page: Page, verdict: Verdict) -> None:
    beside = side_strands(verdict)
    for rung in verdict.ladder:
        sign = "●" if rung.shown else "○"
        shown = plural(len(rung.finding_ids), "finding") if rung.shown else _would(rung.would_show)
        strand = " (beside the ladder)" if rung in beside else ""
        line = Text.assemble((f"{sign} ", "bold"), visible(rung.title), strand, (f"  {shown}", "dim"))
        page.spans(line, indent=2)


def _would(kinds: tuple[str, ...]) -> str:
    return f"not shown; would show it: {visible(', '.join(kinds))}" if kinds else "not shown"


def _shell(page: Page, shell: WebShell) -> None:
    page.text(visible(shell.url or shell.path or "unnamed"), "bold", indent=2)
    presence, content = words.PRESENCE[shell.presence], content_phrase(shell)
    since = f" {stamp(shell.not_served_since)} UTC" if shell.not_served_since else ""
    says = f"{presence.word}{since}; content: {content.word.lower()}. {presence.says}"
    page.spans(Text.assemble((f"{words.SIGNS[presence.tone]} ", style_of(presence.tone)), says), indent=4)
    if shell.path and shell.url:
        page.text(visible(shell.path), indent=4)
    times = (
        f"written {stamp(shell.written_at)} · first {stamp(shell.first_seen)} · last {stamp(shell.last_seen)}"
    )
    use = "tasked" if shell.tasked else "not seen to be tasked"
    page.text(f"{times} UTC · {plural(shell.requests, 'request')}, {use}", indent=4)
    for client in shell.clients:
        use = "tasked it" if client.tasked else "only asked for it"
        page.text(
            f"{visible(client.ip)} {use}: {plural(client.requests, 'request')}, "
            f"{stamp(client.first_seen)} → {stamp(client.last_seen)}",
            indent=6,
        )
    if shell.why:
        page.text(defang(shell.why), "dim", indent=4)
    for locator in shell.locators:
        page.place(locator, indent=4)
    if shell.examination:
        code(page, shell.examination, shell.similar, indent=4)


def _cluster(page: Page, cluster: Cluster) -> None:
    role = words.ROLE.get(cluster.role, visible(cluster.role))
    page.text(f"{role} · {visible(', '.join(cluster.source_ips) or 'no address')}", "bold", indent=2)
    page.text(
        f"{stamp(cluster.first_seen)} → {stamp(cluster.last_seen)} UTC · "
        f"{plural(len(cluster.finding_ids), 'finding')} · {visible(cluster.id)}",
        indent=4,
    )
    for number, run in enumerate(cluster.runs, start=1):
        hosts = f" on {visible(', '.join(run.hosts))}" if run.hosts else ""
        page.text(f"run {number}: {_span(run.start, run.end)}{hosts}", indent=4)
    page.text(defang(cluster.why), "dim", indent=4)
    for each in cluster.consistent_with:
        page.text(
            f"consistent with {visible(each.intrusion_set)}, no more than that: {defang(each.because)} "
            f"({visible(each.source)})",
            indent=4,
        )
        for dispute in each.disputed_by:
            page.text(f"disputed: {visible(dispute)}", indent=6)


def _span(start: datetime | None, end: datetime | None) -> str:
    return f"{stamp(start)} → {stamp(end, unknown='open')}"


def _mail(page: Page, name: str, verdict: Verdict) -> None:
    if verdict.impact.mailboxes:
        _section(page, f"{name}: mail that may have been read")
    for each in verdict.impact.mailboxes:
        ceiling = amount(each.bytes_ceiling) if each.bytes_ceiling is not None else "unknown"
        page.text(visible(each.mailbox), "bold", indent=2)
        page.text(
            f"{stamp(each.start)} → {stamp(each.end)} UTC · {plural(each.requests, 'request')} · "
            f"at least {amount(each.bytes_floor)}, at most {ceiling}",
            indent=4,
        )


def _findings(page: Page, name: str, verdict: Verdict) -> None:
    if verdict.findings:
        _section(page, f"{name}: {plural(len(verdict.findings), 'finding')}")
    if any(finding.weak for finding in verdict.findings):
        page.text(
            "weak: from a second-hand record, or one that lacks a column the rule asks about", "dim", indent=2
        )
    for group in finding_groups(verdict):
        phrase = words.MEANS[group.means]
        more = f", {group.folded} more like these counted" if group.folded else ""
        sign = Text(f"{words.SIGNS[phrase.tone]} {phrase.word}", style_of(phrase.tone, strong=True))
        by = ", ".join(sorted({finding.author for finding in group.findings}))
        title = (
            f"  {visible(group.rule)} (rule by {visible(by)})  {plural(len(group.findings), 'finding')}{more}"
        )
        page.spans(Text.assemble(sign, title), indent=2)
        for finding in group.findings:
            _finding(page, finding)


def _finding(page: Page, finding: Finding) -> None:
    weak = " (weak)" if finding.weak else ""
    page.place(finding.locator, indent=4)
    source = f" from {visible(finding.source_ip)}" if finding.source_ip else ""
    time = f"{stamp(finding.time)} UTC" if finding.time else "no time"
    page.text(f"{time}{source}: {defang(finding.summary)}{weak}", indent=6)
    if finding.benign:
        was = words.MEANS[finding.benign.was].word.lower()
        page.text(
            f"explained by {visible(finding.benign.rule)} (was {was}): {defang(finding.benign.why)}", indent=6
        )
    for key, value in sorted(finding.details.items()):
        page.text(f"{visible(key)}: {shorten(defang(value), _EXCERPT)}", "dim", indent=6)


def _coverage(page: Page, coverage: Coverage) -> None:
    _section(page, "Coverage: what could be read")
    span = axis(coverage)
    room = max(min(_BAR, page.width - 40), 10)
    for each in coverage.artefacts:
        page.spans(_bar(each, span, room), indent=2)
        page.text(_account(each), "dim", indent=4)
        for gap in each.gaps:
            page.text(f"gap: {stamp(gap.start)} → {stamp(gap.end)}", indent=4)
    for absent in coverage.missing:
        page.text(f"? missing: {visible(absent.kind)}: {visible(absent.why_wanted)}", "magenta", indent=2)
    if coverage.skipped:
        page.text(f"Not read: {plural(len(coverage.skipped), 'file')}", "bold", indent=2)
    for skipped in coverage.skipped:
        page.text(f"{visible(skipped.path)}: {visible(skipped.why)}", indent=4)
    for note in coverage.notes:
        page.text(f"Note: {visible(note)}", indent=2)


def _bar(each: ArtefactCoverage, span: TimeSpan, room: int) -> Text:
    drawn = "".join({"read": "█", "gap": "░", "none": "·"}[cell] for cell in cells(each, span, room))
    wanted = "" if each.wanted else " (not wanted)"
    excerpt = " (excerpt)" if each.excerpt else ""
    return Text.assemble(drawn, "  ", (visible(each.kind), "bold"), wanted, excerpt)


def _account(each: ArtefactCoverage) -> str:
    times = f"{stamp(each.start)} → {stamp(each.end)}" if each.start else "no times"
    counts = (
        (each.records, "records"),
        (each.unreadable, "unreadable"),
        (each.headers, "headers"),
        (each.blank, "blank"),
        (each.errors, "errors"),
        (each.lost, "lost"),
    )
    told = ", ".join(f"{count:,} {word}" for count, word in counts if count)
    lines = f" of {each.lines:,} lines" if each.lines else ""
    return f"{times} · {plural(each.files, 'file')}, {amount(each.bytes)} · {told or 'nothing'}{lines}"


def _builds(page: Page, assessment: Assessment) -> None:
    server = assessment.server
    if not server.builds and not server.conflicts:
        return
    _section(page, "Builds")
    for build in server.builds:
        label = f" ({visible(build.label)})" if build.label else ""
        page.text(f"{visible(build.build)}{label}", "bold", indent=2)
        page.text(f"{_span(build.start, build.end)} · {visible(build.source)}, rank {build.rank}", indent=4)
        page.place(build.locator, indent=4)
    for conflict in server.conflicts:
        page.text(
            f"▲ conflict: {defang(conflict.what)}; followed: {defang(conflict.followed)}", "yellow", indent=2
        )
        for locator in conflict.locators:
            page.place(locator, indent=4)


def _custody(page: Page, assessment: Assessment) -> None:
    evidence, custody = assessment.evidence, assessment.evidence.custody
    _section(page, "Evidence and custody")
    page.fact(
        "Evidence", visible(f"{evidence.name}, {plural(evidence.files, 'file')}, {amount(evidence.bytes)}")
    )
    page.fact("SHA-256", visible(evidence.sha256))
    if custody.manifest_sha256:
        page.fact("Manifest", visible(custody.manifest_sha256))
    page.fact("Collected", visible(_collected(assessment)))
    for transfer in custody.transfers:
        note = f" ({transfer.note})" if transfer.note else ""
        page.fact(
            "Handed over", visible(f"{stamp(transfer.at)}: {transfer.giver} → {transfer.receiver}{note}")
        )
    for pack in assessment.packs:
        page.fact("Pack", visible(f"{pack.id} {pack.version} sha256 {pack.sha256}"))
    tool = assessment.tool
    page.fact("Tool", visible(f"{tool.name} {tool.version}, assessed {stamp(assessment.assessed_at)} UTC"))
    page.fact("Exit status", str(assessment.exit_status))


def _collected(assessment: Assessment) -> str:
    custody = assessment.evidence.custody
    parts = [stamp(custody.collected_at, unknown="time not recorded")]
    parts += [f"by {custody.collector}"] if custody.collector else []
    parts += [f"on {custody.host}"] if custody.host else []
    if custody.clock_offset_s is not None:
        parts.append(f"clock {custody.clock_offset_s:+g} s")
    return ", ".join(parts)
