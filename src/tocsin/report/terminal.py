"""The assessment on a terminal: an answer that fits one screen, then everything, if asked for.

Lines are laid out here for the width at hand, so that the same text comes out with and without colour
and in a pipe. All text from evidence passes ``untrusted``; rich sees it as plain ``Text``, never as markup.
"""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from tocsin.model.verdicts import Assessment, Verdict
from tocsin.model.words import Exposure, MitigationStatus
from tocsin.report import words
from tocsin.report.prose import first_sentence, plain
from tocsin.report.terminal_details import details
from tocsin.report.terminal_lines import Page, style_of
from tocsin.report.untrusted import defang, visible
from tocsin.report.view import (
    Sight,
    by_gravity,
    campaign_title,
    days,
    exposure_phrase,
    headline,
    plural,
    rung_place,
    sight,
    stamp,
    steps_in_order,
)

_OTHERS = 2
_STEPS = 12
_SCREEN = 40
_HEAD = 24
_FEW = 4


def show(assessment: Assessment, console: Console, *, detail: bool = False) -> None:
    """Print the answer, and with ``detail`` everything behind it.

    Without ``detail`` the whole fits 40 lines of 100 columns, and what comes before the next steps
    24 lines of 80. Colour follows the console (and so ``NO_COLOR``); no meaning hangs on it. Where the
    console's encoding has no such signs, ASCII stands for them.
    """
    page = _answer(assessment, console.width, most=0 if detail else 2)
    if not detail and len(page.lines) > _HEAD:
        page = _answer(assessment, console.width, most=1)
    _steps(page, assessment, brief=not detail)
    if detail:
        details(page, assessment)
    else:
        page.blank()
        page.text("Everything, line by line: --detail, or --output DIR for report.html.", "dim")
    print_lines(page, console)


def print_lines(page: Page, console: Console) -> None:
    """Print lines that are laid out already."""
    for line in page.lines:
        console.print(
            _spelt(line, console.encoding), no_wrap=True, overflow="ignore", crop=False, highlight=False
        )


_ASCII = str.maketrans(
    {"■": "#", "▲": "!", "◆": "*", "✓": "+", "→": "->", "…": "...", "·": "-", "█": "#", "░": ".", "●": "o",
     "○": "-", "─": "-", "│": "|", "▸": ">"}
)  # fmt: skip


def _spelt(line: Text, encoding: str) -> Text:
    """Give the line in characters that the encoding has."""
    if encoding.lower().replace("-", "").startswith("utf"):
        return line
    spelt = Text()
    for piece in line.divide([edge for span in line.spans for edge in (span.start, span.end)]):
        plain_text = piece.plain.translate(_ASCII).encode(encoding, "backslashreplace").decode(encoding)
        spelt.append(plain_text, piece.spans[0].style if piece.spans else "")
    return spelt


def _answer(assessment: Assessment, width: int, *, most: int) -> Page:
    """Give all that comes before the next steps; each fact in so many lines at most, 0 for no bound."""
    page = Page(width=width)
    phrase, sentence = headline(assessment)
    page.text(f"{words.SIGNS[phrase.tone]} {phrase.word.upper()}", style_of(phrase.tone, strong=True))
    page.text(defang(sentence), "bold", most=2 if most else 0)
    page.text(_server(assessment), "dim", most=min(most, 1))
    verdicts = by_gravity(assessment)
    for verdict in verdicts[:1] if most else verdicts:
        page.blank()
        _verdict(page, verdict, most=most)
    page.fact("Sight", _sight(assessment), most=2 if most else 0)
    if most:
        _others(page, verdicts[1:])
    return page


def _server(assessment: Assessment) -> str:
    server, evidence = assessment.server, assessment.evidence
    parts = [server.name or "server not named", server.product, f"evidence {evidence.name}"]
    return visible(" · ".join(part for part in parts if part))


def _verdict(page: Page, verdict: Verdict, *, most: int) -> None:
    cves = f" ({', '.join(verdict.cves)})" if verdict.cves else ""
    page.text(visible(f"{campaign_title(verdict)}{cves}"), "bold underline", most=min(most, 1))
    exposure = exposure_phrase(verdict)
    page.statement("Exposure", exposure, defang(verdict.exposure_because), most=most)
    page.fact("Fix", _fix(verdict), most=min(most, 1))
    page.statement(
        "Compromise", words.COMPROMISE[verdict.compromise], defang(verdict.compromise_because), most=most
    )
    residual = words.RESIDUAL[verdict.residual]
    page.statement("Residual", residual, residual.says, most=most)
    page.fact("Rung", _rung(verdict), most=most)
    page.fact("Seen", _seen(verdict), most=most)
    page.fact("Window", _window(verdict), most=min(most, 1))
    page.fact("Shells", _shells(verdict), most=most)
    page.fact("Mail", _mail(verdict), most=min(most, 1))
    _mitigations(page, verdict, most=most)


def _fix(verdict: Verdict) -> str:
    return defang(verdict.fix) if verdict.fix else ""


def _rung(verdict: Verdict) -> str:
    place, top, title = rung_place(verdict)
    if not verdict.rung:
        return "none shown" if top else ""
    if not place:
        return visible(f"beside the ladder: {title}")
    return visible(f"{place} of {top}  {'●' * place}{'○' * (top - place)}  {title}")


def _seen(verdict: Verdict) -> str:
    attempts = plural(verdict.attempts, "attempt") if verdict.attempts else ""
    if verdict.first_seen is None:
        return attempts
    span = f"{stamp(verdict.first_seen)} → {stamp(verdict.last_seen)} UTC"
    return f"{span} · {attempts}" if attempts else span


def _window(verdict: Verdict) -> str:
    window = verdict.exposure_window
    if window.start is None and window.end is None:
        return ""
    told = " (first cited exploitation to the fix, or to the end of the evidence)" if verdict.cves else ""
    return f"{days(window.start)} → {days(window.end)}{told}"


def _shells(verdict: Verdict) -> str:
    if not verdict.webshells:
        return ""
    first = verdict.webshells[0]
    name = visible(first.url or first.path or "unnamed")
    since = f" {stamp(first.not_served_since)}" if first.not_served_since else ""
    count = f"{len(verdict.webshells)} pages, first " if len(verdict.webshells) > 1 else ""
    return f"{count}{name}: {words.PRESENCE[first.presence].word.lower()}{since}"


def _mail(verdict: Verdict) -> str:
    count = len(verdict.impact.mailboxes)
    return f"may have been read: {plural(count, 'mailbox', 'mailboxes')}" if count else ""


def _mitigations(page: Page, verdict: Verdict, *, most: int) -> None:
    seen = [each for each in verdict.mitigations if each.status is not MitigationStatus.ABSENT]
    for each in seen[:2] if most else verdict.mitigations:
        told = (f"{each.title}.", *each.caveats) if most else (f"{each.title}.", each.why, *each.caveats)
        says = " ".join(defang(part) for part in told if part)
        page.statement("Mitigation", words.MITIGATION[each.status], says, most=most)
    if not seen and verdict.exposure not in {Exposure.PATCHED, Exposure.NOT_AFFECTED}:
        page.fact("Mitigation", "none seen")


def _sight(assessment: Assessment) -> str:
    seen = sight(assessment.coverage)
    parts = [_reach(seen)]
    skipped = assessment.coverage.skipped
    if skipped:
        parts.append(f"not read: {plural(len(skipped), 'file')}, see --detail")
    if seen.missing:
        count = f"{len(seen.missing)} kinds, " if len(seen.missing) > _FEW else ""
        parts.append(f"missing: {count}{visible(', '.join(seen.missing))}")
    if seen.gaps:
        parts.append(plural(seen.gaps, "gap"))
    if seen.excerpts:
        parts.append(f"excerpts only: {visible(', '.join(seen.excerpts))}")
    return " · ".join(parts)


def _reach(seen: Sight) -> str:
    if not seen.by_kind:
        return "nothing that carries a time could be read"
    first, last = seen.by_kind[0], seen.by_kind[-1]
    if days(first.start) == days(last.start):
        return f"back to {days(first.start)}"
    return f"all logs read reach back to {days(last.start)}, {visible(first.kind)} to {days(first.start)}"


def _others(page: Page, verdicts: tuple[Verdict, ...]) -> None:
    shown = len(verdicts) if len(verdicts) <= _OTHERS else _OTHERS - 1
    for verdict in verdicts[:shown]:
        says = (
            f"{words.COMPROMISE[verdict.compromise].word}; exposure: {exposure_phrase(verdict).word.lower()}"
        )
        page.text(visible(f"Also {campaign_title(verdict)}: {says}"), "dim", most=1)
    if len(verdicts) > shown:
        page.text(f"and {len(verdicts) - shown} more campaigns", "dim", most=1)


def _steps(page: Page, assessment: Assessment, *, brief: bool) -> None:
    groups = steps_in_order(by_gravity(assessment))
    if not groups:
        return
    page.blank()
    page.text("What now", "bold underline")
    number = 0
    total = sum(len(steps) for _, steps in groups)
    most = 2 if len(page.lines) + 2 * total + 2 <= _SCREEN else 1
    for kind, steps in groups:
        for place, step in enumerate(steps):
            number += 1
            if brief and number > _STEPS:
                continue
            who = (
                ""
                if step.audience == "everyone"
                else f" [{words.AUDIENCE.get(step.audience, step.audience).lower()}]"
            )
            text = first_sentence(step.text) if brief else plain(step.text)
            label = words.STEP[kind] if place == 0 else ""
            page.step(label, number, visible(text + who), most=most if brief else 0)
    if brief and total > _STEPS:
        page.text(f"and {total - _STEPS} more steps", "dim")
