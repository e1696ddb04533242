"""What the content of a web shell's file adds: its state, what it can do, and which others are alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from tocsin.detections.page_contents import PageContent
from tocsin.detections.webshells.examine import Examination, Verdict
from tocsin.detections.webshells.explaining import Place
from tocsin.detections.webshells.sketch import ALIKE, likeness
from tocsin.model.examined import Alike, CodePath, CodePlace, ShellExamination
from tocsin.model.verdicts import WebShell
from tocsin.model.words import ShellContent

_MOST_ALIKE = 10
_MOST_COMPARED = 500
_MOST_PLACES = 10
_CLEAN = " The file was examined: nothing in it does what web shells do, as it stands there now."


class Contents(Struct, frozen=True, kw_only=True):
    """The examined files of the evidence.

    Attributes:
        pages: by path, those in which something speaks for a shell or what is left of one.
        clean: paths of those in which nothing does.
    """

    pages: Mapping[str, PageContent] = {}
    clean: frozenset[str] = frozenset()

    def told(self, shell: WebShell, files: Iterable[str]) -> WebShell:
        """Give the shell with what its file says.

        Args:
            shell: as findings and logs tell of it.
            files: paths that may hold it, the likeliest first.
        """
        paths = [*([shell.path] if shell.path else []), *files]
        page = next((self.pages[path] for path in paths if path in self.pages), None)
        if page is None:
            clean = shell.content is ShellContent.UNKNOWN and any(path in self.clean for path in paths)
            return replace(shell, why=f"{shell.why}{_CLEAN}") if clean else shell
        found = page.found
        unsure = found.state is ShellContent.UNKNOWN
        return replace(
            shell,
            content=shell.content if unsure else found.state,
            sha256=shell.sha256 or found.sha256,
            examination=examination_of(found),
            similar=tuple(self._alike(page)),
        )

    def _alike(self, page: PageContent) -> Iterator[Alike]:
        """Yield other pages with the same bytes or like code, the likest first."""
        others = [other for path, other in self.pages.items() if path != page.path][:_MOST_COMPARED]
        alike = [(_likeness(page.found, other.found), other.found) for other in others]
        alike.sort(key=lambda pair: (-pair[0], pair[1].path))
        for share, other in alike[:_MOST_ALIKE]:
            if share >= ALIKE:
                yield Alike(path=other.path, sha256=other.sha256, likeness=round(share, 2))


def examination_of(found: Examination) -> ShellExamination:
    """Give the examination as reports tell it."""
    return ShellExamination(
        path=found.path,
        sha256=found.sha256,
        size=found.size,
        language=found.language,
        encoding=found.encoding,
        score=found.score,
        verdict=str(found.verdict),
        reason=found.reason,
        state=found.state,
        state_reason=found.state_reason,
        state_why=found.state_why,
        family=found.family,
        capabilities=found.capabilities,
        spans=tuple(map(_place, found.spans[:_MOST_PLACES])),
        flow=tuple(
            CodePath(
                source=way.source,
                sink=way.sink,
                capability=way.capability,
                places=tuple(map(_place, way.places)),
            )
            for way in found.flow[:_MOST_PLACES]
        ),
        excerpts=found.excerpts,
        sketch=found.sketch,
    )


def _place(place: Place) -> CodePlace:
    return CodePlace(start=place.start, end=place.end, line=place.line, why=place.why)


def _likeness(one: Examination, other: Examination) -> float:
    if Verdict.CLEAN in {one.verdict, other.verdict}:
        return 0.0
    return 1.0 if one.sha256 == other.sha256 else likeness(one.sketch, other.sketch)
