"""The code of a web shell on a terminal: why it is one, the lines that show it, and which are alike."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from tocsin.model.examined import Alike, CodePath, Excerpt, ShellExamination
from tocsin.report.terminal_lines import Page
from tocsin.report.untrusted import broken, defang, visible
from tocsin.report.view import amount, reason_of

_WAYS = 3


def code(page: Page, found: ShellExamination, similar: Sequence[Alike], *, indent: int) -> None:
    """Add what the content of a page says."""
    page.text(f"{defang(reason_of(found))}{_state(found)}", indent=indent)
    for line in found.excerpts:
        page.spans(_line(line), indent=indent + 2)
    for way in found.flow[:_WAYS]:
        page.text(_way(way), indent=indent + 2)
    can = f" · can: {', '.join(found.capabilities)}" if found.capabilities else ""
    about = f"score {found.score:.2f}{can} · {found.language}, {found.encoding}, {amount(found.size)}"
    page.text(visible(about), "dim", indent=indent)
    page.text(f"sha256 {visible(found.sha256)}", "dim", indent=indent)
    for other in similar:
        share = (
            "the same bytes" if other.sha256 == found.sha256 else f"{100 * other.likeness:.0f} % of its code"
        )
        page.text(f"alike: {visible(other.path)} ({share})", "dim", indent=indent)


def _state(found: ShellExamination) -> str:
    return f"{found.state.value.capitalize()}: {defang(found.state_why or found.state_reason)}."


def _line(line: Excerpt) -> Text:
    pieces = [(broken(piece.text), "bold red" if piece.marked else "") for piece in line.pieces]
    return Text.assemble((f"{line.line:>5} ", "dim"), *pieces)


def _way(way: CodePath) -> str:
    steps = " → ".join(f"{place.why}, line {place.line}" for place in way.places)
    return f"{visible(way.source)} to {broken(way.sink)} ({visible(way.capability)}): {steps}"
