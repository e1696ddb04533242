"""What became of the web shells, on a terminal: the answer, then every shell with where it was looked."""

from __future__ import annotations

from rich.console import Console

from tocsin.model.verification import Looked, NewShell, ShellAnswer, Verification
from tocsin.report import words
from tocsin.report.terminal import print_lines
from tocsin.report.terminal_code import code
from tocsin.report.terminal_lines import Page, style_of
from tocsin.report.untrusted import defang, visible
from tocsin.report.view import content_phrase, stamp

_MOST_PLACES = 6


def show(found: Verification, console: Console) -> None:
    """Print the answer about all shells, then one paragraph for every shell, then what is new."""
    page = Page(width=console.width)
    phrase = words.OVERALL[found.answer]
    page.text(f"{words.SIGNS[phrase.tone]} {phrase.word.upper()}", style_of(phrase.tone, strong=True))
    page.text(defang(found.answer_because), "bold")
    page.blank()
    page.fact("Server", f"{found.identity.value}: {defang(found.identity_because)}")
    page.fact("Time", f"{found.order.value}: {defang(found.order_because)}")
    page.fact(
        "Before", visible(f"{found.before.evidence.name}, assessed {stamp(found.before.assessed_at)} UTC")
    )
    page.fact("Now", visible(f"{found.evidence.name}, {found.evidence.files:,} files"))
    for shell in found.shells:
        _shell(page, shell)
    for new in found.new:
        _new(page, new)
    for note in found.notes:
        page.blank()
        page.text(f"Note: {visible(note)}")
    print_lines(page, console)


def _shell(page: Page, shell: ShellAnswer) -> None:
    phrase = words.REMOVAL[shell.answer]
    page.blank()
    page.text(
        f"{words.SIGNS[phrase.tone]} {phrase.word.upper()}  {visible(shell.key)}",
        style_of(phrase.tone, strong=True),
    )
    page.text(defang(shell.why), indent=2)
    for locator in shell.locators[:_MOST_PLACES]:
        page.place(locator, indent=2)
    for each in shell.looked:
        page.text(_looked(each), "dim", indent=2)
    if shell.examination is not None:
        code(page, shell.examination, (), indent=2)


def _looked(each: Looked) -> str:
    timed = each.start or each.end
    span = f", {stamp(each.start)} → {stamp(each.end, unknown='open')} UTC" if timed else ""
    place = f" ({visible(str(each.place))})" if each.place else ""
    return f"looked at: {visible(each.name)}{place}{span}: {defang(each.found)}"


def _new(page: Page, new: NewShell) -> None:
    shell = new.shell
    page.blank()
    page.text(
        f"{words.SIGNS['grave']} NEW  {visible(shell.url or shell.path or 'unnamed')}",
        style_of("grave", strong=True),
    )
    like = f" Its code is like that of {visible(new.like)}." if new.like else ""
    content = content_phrase(shell).word.lower()
    says = f"{words.PRESENCE[shell.presence].word}; content: {content}. {defang(shell.why)}{like}"
    page.text(says, indent=2)
    for locator in shell.locators[:_MOST_PLACES]:
        page.place(locator, indent=2)
    if shell.examination is not None:
        code(page, shell.examination, shell.similar, indent=2)
