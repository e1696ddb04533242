"""Which files go through the fast lane, and what the lane needs to know for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from tocsin.artefacts.registry import ArtefactModule, RowModule, as_row_module, modules
from tocsin.detections.matching import Matcher
from tocsin.detections.scanning.columns import Verdicts
from tocsin.detections.scanning.engines import AUTOMATIC, Engine, MakeEngine, engine_named
from tocsin.detections.scanning.gates import Dialect, Gate, hidden_gates, name_gate, page_gates
from tocsin.detections.scanning.lane import Log, SeenBlock, Taker, scan_again, scan_rows
from tocsin.detections.scanning.scope import Scope, Scopes
from tocsin.detections.scanning.unknown_pages import unknown_page_gate
from tocsin.detections.served_names import ServedNames
from tocsin.evidence.blocks import in_blocks
from tocsin.evidence.parts import Part
from tocsin.evidence.row_shape import ReaderState, RowReader
from tocsin.evidence.source import Source
from tocsin.packs.loading import Pack
from tocsin.packs.products import Product

SHORTEST = 8_192
"""Bytes of the shortest file for which the lane is the faster way."""


class Scanning(Struct, frozen=True, kw_only=True):
    """How logs of plain rows are read.

    Attributes:
        engine: a name of ``engines.NAMES``; ``none`` reads every line.
        shortest: bytes of the shortest file that goes through the fast lane.
    """

    engine: str = AUTOMATIC
    shortest: int = SHORTEST


class FirstLook(Struct, frozen=True, kw_only=True):
    """What the reading of a file left behind.

    Attributes:
        state: in which its reader ended.
        names: unusual names of directories that were known.
        blocks: of the file, one after the other.
    """

    state: ReaderState
    names: tuple[str, ...]
    blocks: tuple[SeenBlock, ...]


class _Look(Struct, frozen=True):
    """What a second look looks for: in rows, and first of all in whole blocks."""

    scope: Scope
    pages: Engine


class Lanes:
    """The fast lane for every kind of log that has one."""

    def __init__(
        self, matcher: Matcher, packs: Sequence[Pack], products: Sequence[Product], scanning: Scanning
    ) -> None:
        """Choose the engine; gates are compiled when the first file of a kind comes.

        Raises:
            UsageFault: there is no such engine here.
        """
        self._matcher = matcher
        self._packs = tuple(packs)
        self._products = tuple(products)
        self._own_pages = tuple(page for product in products for page in product.file.own_pages)
        self._make = engine_named(scanning.engine)
        self._shortest = scanning.shortest
        self._scopes: dict[str, Scopes] = {}
        self._looks: dict[tuple[str, frozenset[str], tuple[str, ...]], _Look] = {}
        self._verdicts: dict[str, Verdicts] = {}

    def takes(self, source: Source, module: ArtefactModule | None) -> bool:
        """Tell whether a file can go through the lane."""
        rows = self._make is not None and module is not None and as_row_module(module) is not None
        return rows and source.size >= self._shortest and in_blocks(source)

    def gates(self) -> Iterator[Gate]:
        """Yield the gates of every kind of log that goes through the lane, but those of unusual names."""
        for module in modules():
            scopes = self._of_kind(module)
            if scopes is not None:
                yield from scopes.scope(()).gates

    def can(self, module: ArtefactModule) -> bool:
        """Tell whether every rule of a kind has a gate; else every line must be parsed for its sake."""
        return self._of_kind(module) is not None

    def read(
        self,
        source: Source,
        module: ArtefactModule,
        taker: Taker,
        *,
        served: ServedNames,
        signs: Callable[[], tuple[str, ...]],
        part: Part | None = None,
    ) -> FirstLook:
        """Read a file that the lane takes; give what is worth knowing when it is read again.

        Args:
            source: the file.
            module: its artefact module.
            taker: what is told.
            served: the names under which directories are served.
            signs: gives the texts that would show a product that has not been seen.
            part: of the file, which the source holds alone.

        Raises:
            ArtefactError: the file cannot be read to its end.
            TypeError: it is of a kind that the lane does not take.
        """
        scopes = self._of_kind(module)
        if scopes is None or not isinstance(module, RowModule):
            raise TypeError(f"{module.KIND} does not go through the fast lane")
        verdicts = self._verdicts.setdefault(module.KIND, Verdicts(self._matcher.index(module.KIND)))
        reader = _reader(module, source, part)
        log = Log(module.KIND, reader, lambda: scopes.scope(signs(), served.names), verdicts, served)
        seen = scan_rows(source, log, taker, before=part.before if part else 0)
        return FirstLook(state=reader.state, names=served.names, blocks=seen)

    def revisit(  # noqa: PLR0913 - what read was told, and what it gave
        self,
        source: Source,
        module: ArtefactModule,
        urls: Iterable[str],
        taker: Taker,
        *,
        served: ServedNames,
        part: Part | None = None,
        first: FirstLook | None = None,
    ) -> None:
        """Read a file again, or a part of it, for the requests for some pages.

        ``first`` is what ``read`` gave, or None if it came to no end.

        Raises:
            ArtefactError: the file cannot be read to its end.
        """
        if isinstance(module, RowModule) and self._make is not None:
            look = self._look_for(module, frozenset(urls), served.names, self._make)
            log = Log(module.KIND, _reader(module, source, part), lambda: look.scope, Verdicts(None), served)
            seen = first.blocks if first and first.names == served.names else ()
            before = part.before if part else 0
            scan_again(source, log, taker, seen=seen, wanted=look.pages, before=before)

    def _look_for(
        self, module: RowModule, urls: frozenset[str], names: tuple[str, ...], make: MakeEngine
    ) -> _Look:
        """Give the gates for requests for some pages, compiled once for all the files of a second look."""
        key = (module.KIND, urls, names)
        if key not in self._looks:
            dialect = self._dialect(module)
            pages = page_gates(urls, dialect)
            gates = (*pages, *hidden_gates(dialect))
            scope = Scope(gates, (), name_gate(names, dialect), dialect, make, keep=False)
            self._looks[key] = _Look(scope, make(pages, keep=False))
        return self._looks[key]

    def _of_kind(self, module: ArtefactModule) -> Scopes | None:
        scopes = self._scopes.get(module.KIND)
        if scopes is None and isinstance(module, RowModule) and self._make is not None:
            index = self._matcher.index(module.KIND)
            dialect = self._dialect(module)
            behaves = any(pack.behaviours for pack in self._packs)
            pages = unknown_page_gate(self._own_pages, dialect) if behaves else None
            scopes = Scopes(index, self._packs, dialect, self._make, pages)
            self._scopes[module.KIND] = scopes
        return scopes if scopes is not None and scopes.open else None

    def _dialect(self, module: RowModule) -> Dialect:
        lines = [line for product in self._products for line in product.ordinary.get(module.KIND, ())]
        front_ends = ServedNames.front_ends() if module.KIND == "exchange.httpproxy" else ()
        return Dialect(between=module.DELIMITER, ordinary=tuple(lines), front_ends=front_ends)


def _reader(module: RowModule, source: Source, part: Part | None) -> RowReader:
    reader = module.reader(source)
    if part is not None and part.state is not None:
        reader.resume(part.state)
    return reader
