"""What the examination of a page's content found: places, ways, excerpts, and pages that are alike."""

from __future__ import annotations

from msgspec import Struct

from tocsin.model.words import ShellContent


class CodePlace(Struct, frozen=True, kw_only=True):
    """A stretch of a file, in bytes from its start, the line it begins in, and what it shows."""

    start: int
    end: int
    line: int
    why: str


class CodePath(Struct, frozen=True, kw_only=True):
    """How a value of the request reaches what acts on it: ``places`` from the source to the sink."""

    source: str
    sink: str
    capability: str
    places: tuple[CodePlace, ...]


class Piece(Struct, frozen=True, kw_only=True):
    """Part of an excerpt; ``marked``: it is what a place shows, not what stands around it."""

    text: str
    marked: bool = False


class Excerpt(Struct, frozen=True, kw_only=True):
    """One line of a file as its server's compiler reads it, shortened; only to be looked at.

    Attributes:
        line: 1-based.
        pieces: put together they are the line, with ``…`` where something was left out.
    """

    line: int
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """The line as one text."""
        return "".join(piece.text for piece in self.pieces)


class ShellExamination(Struct, frozen=True, kw_only=True):
    """What the content of a page says of it, whoever asked for it.

    Attributes:
        path: of the file in the evidence.
        size: bytes.
        encoding: of its text, with what was peeled off.
        score: 0 to 1; 0.5 or more is called a shell.
        verdict: ``shell suspicious inert clean``.
        reason: one sentence, why it is called so.
        state: what became of its code.
        state_reason: one word, such as ``served-code``, ``template-only`` or ``wrong-extension``.
        state_why: a sentence.
        family: a plain name by what it can do, or an empty text.
        capabilities: gravest first.
        spans: where it shows, the weightiest first.
        flow: from the request to what acts on it.
        excerpts: the lines of ``spans`` and ``flow``, in order.
        sketch: for the comparison with other pages, here and on other servers; empty without code.
    """

    path: str
    sha256: str
    size: int
    language: str
    encoding: str
    score: float
    verdict: str
    reason: str
    state: ShellContent
    state_reason: str
    state_why: str = ""
    family: str = ""
    capabilities: tuple[str, ...] = ()
    spans: tuple[CodePlace, ...] = ()
    flow: tuple[CodePath, ...] = ()
    excerpts: tuple[Excerpt, ...] = ()
    sketch: str = ""


class Alike(Struct, frozen=True, kw_only=True):
    """Another page of the same evidence whose code is alike; ``likeness`` from 0 to 1."""

    path: str
    sha256: str
    likeness: float
