"""Lines of a fixed width for the terminal: labels, hanging indents, cuts that are seen."""

from __future__ import annotations

from msgspec import Struct
from rich.console import Console
from rich.text import Text

from tocsin.model.places import Locator
from tocsin.report.untrusted import visible
from tocsin.report.words import SIGNS, Phrase

_TONES = {
    "grave": "red",
    "serious": "yellow",
    "caution": "yellow",
    "blind": "magenta",
    "good": "green",
    "none": "dim",
}
_LABEL = 12
_STEP_LABEL = 20
_NARROW = 60
_NARROWEST = 20


def style_of(tone: str, *, strong: bool = False) -> str:
    """Give the rich style of a tone."""
    return f"bold {_TONES[tone]}" if strong else _TONES[tone]


class Page(Struct):
    """Lines so far. ``most``: so many lines at most, the last ending in ``…``; 0 for no bound."""

    width: int
    lines: list[Text] = []

    def blank(self) -> None:
        """Leave a line free, unless one is."""
        if self.lines and self.lines[-1].plain:
            self.lines.append(Text())

    def text(self, content: str, style: str = "", *, indent: int = 0, most: int = 0) -> None:
        """Add a paragraph."""
        self.spans(Text(content, style), indent=indent, most=most)

    def spans(self, content: Text, *, indent: int = 0, most: int = 0, label: Text | None = None) -> None:
        """Add styled text, wrapped; the label stands before its first line."""
        room = max(self.width - indent, _NARROWEST)
        for place, line in enumerate(wrapped(content, room, most)):
            head = label if place == 0 and label is not None else Text(" " * indent)
            self.lines.append(Text.assemble(_filled(head, indent), line))

    def place(self, locator: Locator, *, indent: int = 0) -> None:
        """Add a place in the evidence on a line of its own, never wrapped: it is there to be copied."""
        self.lines.append(Text(" " * indent + visible(str(locator)), "cyan"))

    def fact(self, label: str, content: str | Text, *, most: int = 0) -> None:
        """Add a labelled fact; an empty one leaves no line."""
        text = Text(content) if isinstance(content, str) else content
        if not text.plain:
            return
        if self.width < _NARROW:
            self.spans(Text.assemble((f"{label}: ", "bold"), text), indent=0, most=most and most + 1)
        else:
            self.spans(text, indent=_LABEL, most=most, label=Text(label, "bold"))

    def statement(self, label: str, phrase: Phrase, says: str, *, most: int = 0) -> None:
        """Add a fact that begins with a sign and a word in its tone."""
        sign = f"{SIGNS[phrase.tone]} {phrase.word}"
        word = Text(sign, style_of(phrase.tone, strong=True))
        self.fact(label, Text.assemble(word, f"  {says}") if says else word, most=most)

    def step(self, label: str, number: int, content: str, *, most: int = 0) -> None:
        """Add a numbered step; the label names its group."""
        mark = f"{number:>2} "
        if self.width < _NARROW:
            if label:
                self.text(label, "bold")
            self.spans(Text(content), indent=len(mark), label=Text(mark, "bold"), most=most and most + 1)
        else:
            head = Text.assemble((label.ljust(_STEP_LABEL)[:_STEP_LABEL], "bold"), mark)
            self.spans(Text(content), indent=_STEP_LABEL + len(mark), label=head, most=most)


def wrapped(content: Text, width: int, most: int) -> list[Text]:
    """Give the text in lines; long words are folded, a cut ends in ``…``."""
    lines = list(content.wrap(_RULER, width, overflow="fold"))
    for line in lines:
        line.rstrip()
    if most and len(lines) > most:
        lines[most - 1] = _cut(lines[most - 1], width)
        return lines[:most]
    return lines or [Text()]


def _cut(line: Text, width: int) -> Text:
    """End in ``…``, after a whole word where there is one."""
    if line.cell_len > width - 2:
        space = line.plain.rfind(" ", 0, width - 2)
        line = line[:space] if space > width // 2 else line[: width - 2]
    line.rstrip()
    line.append(" …")
    return line


def _filled(head: Text, indent: int) -> Text:
    filled = head.copy()
    filled.pad_right(max(indent - filled.cell_len, 0))
    return filled


_RULER = Console(width=_NARROWEST, color_system=None, force_terminal=False, legacy_windows=False)
"""Only measures; nothing is printed to it."""
