"""One file read: identified, parsed, every item counted and handed on.

This is the only place that catches broadly, and only around one artefact: whatever a parser does,
the other files are still read, and the failure becomes missing coverage. Lines that a failed parser
left are counted as unreadable and still handed on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from msgspec import Struct

from tocsin.artefacts.registry import ArtefactModule, as_asked_module, identify
from tocsin.detections.account import CoverageAccount, KindAccount
from tocsin.detections.scanning.lane import Plain
from tocsin.errors import ArtefactError, EnvironmentFault, EvidenceError
from tocsin.evidence.event_frames import Interest
from tocsin.evidence.source import Source
from tocsin.model.coverage import Skipped
from tocsin.model.places import Locator
from tocsin.model.records import Given, Unreadable

OTHER_FILES = "file.other"
"""Kind under which files of no known kind are counted."""

Take = Callable[[Given], None]
Change = Callable[[Given], "Given | None"]
"""From an item to what is counted and handed on in its stead; None for an item that counts for nothing."""
Shortcut = Callable[[Source, ArtefactModule, "FileTally"], bool]
"""Reads a file and counts it in another way, if it can; False, with nothing read, if it cannot."""


def read_file(
    source: Source,
    take: Take,
    account: CoverageAccount,
    *,
    change: Change | None = None,
    shortcut: Shortcut | None = None,
    interest: Interest | None = None,
) -> list[Skipped]:
    """Identify and parse one file, count every item and hand it on; give what went wrong.

    Of a file whose parser fails, or whose items are not taken, every further line is counted as
    unreadable and handed on as such.

    Raises:
        EvidenceError: the evidence as a whole cannot be read.
        EnvironmentFault: the machine lacks something; no file is to blame for that.
    """
    tally = FileTally(source.size)
    why = fault_of(partial(_parse, source, tally, take, _Ways(change, shortcut, interest)))
    skipped = list(_left(source, tally, take, why)) if why else []
    tally.close(account)
    return skipped


class _Ways(Struct, frozen=True):
    """What is done otherwise than by the parser alone."""

    change: Change | None
    shortcut: Shortcut | None
    interest: Interest | None


def _parse(source: Source, tally: FileTally, take: Take, ways: _Ways) -> None:
    tally.module = identify(source)
    if tally.module is None or (ways.shortcut and ways.shortcut(source, tally.module, tally)):
        return
    for given in _items(tally.module, source, ways.interest):
        item = ways.change(given) if ways.change else given
        if item is not None:
            tally.count(item)
            take(item)


def _items(module: ArtefactModule, source: Source, interest: Interest | None) -> Iterator[Given]:
    asked = as_asked_module(module) if interest is not None else None
    if interest is not None and asked is not None:
        return asked.parse_asked(source, interest)
    return module.parse(source)


def _left(source: Source, tally: FileTally, take: Take, why: str) -> Iterator[Skipped]:
    """Count what the parser left, all of it, and hand it on as far as that goes."""
    tally.errors += 1
    yield Skipped(path=source.path, why=why)
    if tally.module is None or not tally.module.LINES:
        return
    after = tally.last_line
    for item in _rest(source, tally.module.KIND, after):
        tally.count(item)
    again = fault_of(partial(_take_rest, source, tally.module.KIND, after, take))
    if again:
        yield Skipped(path=source.path, why=f"what was left of it could not be searched: {again}")


def _take_rest(source: Source, kind: str, after: int, take: Take) -> None:
    for item in _rest(source, kind, after):
        take(item)


def fault_of(step: Callable[[], None]) -> str:
    """Do something with one artefact; give in words why it failed, or an empty text."""
    try:
        step()
    except (EvidenceError, EnvironmentFault):
        raise
    except ArtefactError as error:
        return error.what
    except Exception as error:  # noqa: BLE001 - the one broad catch: a parser's fault is missing coverage
        return f"the parser failed: {type(error).__name__}: {error}"
    return ""


class Counted(Struct, frozen=True, kw_only=True):
    """What a ``FileTally`` counted, fit to be handed to another process."""

    kinds: dict[str, KindAccount]
    last_line: int


class FileTally:
    """The account of one file of so many bytes, before it joins the account of its kind."""

    def __init__(self, size: int) -> None:
        """Start with nothing read of the file."""
        self.module: ArtefactModule | None = None
        self.last_line = 0
        self.errors = 0
        self._size = size
        self._kinds: dict[str, KindAccount] = {}

    def count(self, item: Given) -> None:
        """Add one item of the file."""
        line = item.locator.line
        if line is not None and line > self.last_line:
            self.last_line = line
        kind = self._kinds.get(item.kind)
        if kind is None:
            kind = self._kinds[item.kind] = KindAccount()
        kind.count(item)

    def count_plain(self, kind: str, plain: Plain, last_line: int) -> None:
        """Add plain rows of the file."""
        account = self._kinds.setdefault(kind, KindAccount())
        account.count_plain(plain.records, plain.first, plain.last, plain.hours)
        self.last_line = max(self.last_line, last_line)

    @property
    def counted(self) -> Counted:
        """What was counted so far."""
        return Counted(kinds=self._kinds, last_line=self.last_line)

    def join(self, counted: Counted) -> None:
        """Add what was counted of another part of the file."""
        for kind, account in counted.kinds.items():
            self._kinds.setdefault(kind, KindAccount()).join(account)
        self.last_line = max(self.last_line, counted.last_line)

    def close(self, total: CoverageAccount) -> None:
        """Join the account of the file's kind; an event log joins one account a channel."""
        main = self._main_kind()
        for name, account in self._kinds.items():
            kind = main if self._by_lines else name
            total.of(kind).join(account)
            total.of(kind).files += kind != main
        if self._by_lines:
            total.of(main).lines += self.last_line
        total.of(main).errors += self.errors
        total.of(main).files += 1
        total.of(main).bytes += self._size

    @property
    def _by_lines(self) -> bool:
        return self.module is not None and self.module.LINES

    def _main_kind(self) -> str:
        module = self.module
        if module is None:
            return OTHER_FILES
        counts = [
            (-one.records, kind != module.KIND, kind) for kind, one in self._kinds.items() if one.records
        ]
        return min(counts)[2] if counts else module.KIND


def _rest(source: Source, kind: str, after: int) -> Iterator[Unreadable]:
    """Give the lines that a failed parser did not reach."""
    try:
        for line in source.lines():
            if line.number > after:
                place = Locator(path=source.path, line=line.number)
                yield Unreadable(kind=kind, locator=place, why="the parser failed before", text=line.text)
    except (ArtefactError, OSError):
        return
