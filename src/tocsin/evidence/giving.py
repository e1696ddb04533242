"""From entries to sources: what is given, in what form, and what is left out and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import BinaryIO

from msgspec import Struct

from tocsin.errors import ArtefactError, EvidenceError
from tocsin.evidence.archive import list_members
from tocsin.evidence.containers import Container, Kind, container_inside
from tocsin.evidence.entries import Entry, RawStream
from tocsin.evidence.layout import Place, place_of
from tocsin.evidence.limits import Account, Budget
from tocsin.evidence.measured import Tally, finish, head_of, measured
from tocsin.evidence.packed import unpacked, unpacked_name, unpacked_place
from tocsin.evidence.shelf import Shelf, open_archive
from tocsin.evidence.source import HEAD, Source
from tocsin.model.coverage import Skipped

_STUBS = (
    ".log",
    ".evtx",
    ".etl",
    ".csv",
    ".json",
    ".jsonl",
    ".xml",
    ".zip",
    ".gz",
    ".zst",
    ".dat",
    ".edb",
    ".db",
)


Watch = Callable[[str, int], None]


class Given(Struct, frozen=True, kw_only=True):
    """The account of what a ``Giver`` gave since it was last asked; see there.

    Attributes:
        read_files: entries met.
        read_bytes: bytes read, unpacked.
        broken: as ``Budget.broken``.
    """

    hashes: dict[str, str]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    files: int
    bytes: int
    read_files: int
    read_bytes: int
    broken: bool


class Giver:
    """Gives entries as sources, each once, and keeps the account.

    Attributes:
        hashes: path to SHA-256 of what was read to its end, containers included.
        skipped: what was not given, and why.
        notes: what a reader of the verdict should know about the evidence.
        files: sources given.
        bytes: bytes of them, as they lie in the evidence.
        watch: told of the bytes of every entry as they are read: its path, and how many.
    """

    def __init__(self, budget: Budget) -> None:
        """Begin with nothing given."""
        self.hashes: dict[str, str] = {}
        self.skipped: dict[Skipped, None] = {}
        self.notes: dict[str, None] = {}
        self.files = 0
        self.bytes = 0
        self.shelf = Shelf()
        self.watch: Watch | None = None
        self._budget = budget
        self._told = (0, 0)

    def take(self) -> Given:
        """Give the account so far and begin a new one."""
        given = Given(
            hashes=self.hashes,
            skipped=tuple(self.skipped),
            notes=tuple(self.notes),
            files=self.files,
            bytes=self.bytes,
            read_files=self._budget.files - self._told[0],
            read_bytes=self._budget.bytes - self._told[1],
            broken=self._budget.broken,
        )
        self.hashes, self.skipped, self.notes = {}, {}, {}
        self.files = self.bytes = 0
        self._told = (self._budget.files, self._budget.bytes)
        return given

    def join(self, given: Given) -> None:
        """Add the account that another giver, in another process, gave of further entries."""
        self.hashes |= given.hashes
        self.skipped.update(dict.fromkeys(given.skipped))
        self.notes.update(dict.fromkeys(given.notes))
        self.files += given.files
        self.bytes += given.bytes

    def skip(self, skipped: Skipped) -> None:
        """Account for an entry that is not given; a second time counts once."""
        self.skipped[skipped] = None

    def give(self, entry: Entry, outer: Place | None = None, depth: int = 0) -> Iterator[Source]:
        """Yield the entry's source, or the sources that it contains.

        Args:
            entry: what to read.
            outer: the place of the container that it lies in, or None.
            depth: how many containers it lies in.
        """
        tally = Tally(entry.path, entry.account, self._budget)
        watch = self.watch if outer is None else None
        tally.watch = watch
        head = self._head(entry, tally)
        if head is None:
            return
        place = outer.inside(entry.inner) if outer and outer.on_disk else place_of(entry.inner)
        container = container_inside(entry.inner, head)
        if container is not None and container.kind.holds_one:
            yield from self._packed(entry, container, place, tally)
            return
        if container is None or place.on_disk:
            yield from self._plain(entry, place, tally, head)
        if container is not None:
            yield from self._contained(entry, container, place, depth, watch)

    def members(self, entry: Entry, tally: Tally, prefix: str) -> list[Entry]:
        """List a zip's members, sorted by path.

        Raises:
            EvidenceError: it cannot be listed.
            ArtefactError: it cannot be read.
        """
        limits = self._budget.limits
        reopen = partial(self.shelf.get, entry.path, partial(open_archive, entry, tally, limits))
        archive = reopen()
        account = Account(entry.size if entry.account is None else tally.reached, entry.account)
        found = list_members(
            archive, prefix=prefix, reopen=reopen, account=account, limits=limits, skip=self.skip
        )
        return sorted(found, key=lambda member: member.path)

    def finish(self, opener: Callable[[], RawStream], tally: Tally) -> None:
        """Hash what nobody has read of an entry."""
        try:
            finish(opener, tally)
        except ArtefactError as error:
            self.notes[f"{tally.path}: could not be hashed to its end: {error.what}"] = None
        else:
            self.hashes[tally.path] = tally.sha256

    def _head(self, entry: Entry, tally: Tally) -> bytes | None:
        self._budget.files += 1
        why = self._budget.spent()
        if not why and entry.size > self._budget.limits.file_bytes:
            why = f"longer than {self._budget.limits.file_bytes:,} bytes, the bound for one file"
        head = b""
        if not why:
            try:
                head = head_of(entry.open, tally, HEAD)
            except (ArtefactError, EvidenceError) as error:
                why = error.what
        if not why and not head and entry.inner.lower().endswith(_STUBS):
            why = "empty: collectors leave such stubs of files that the server held locked"
        if why:
            self.skip(Skipped(path=entry.path, why=why))
        return None if why else head

    def _plain(self, entry: Entry, place: Place, tally: Tally, head: bytes) -> Iterator[Source]:
        yield self._source(entry, place.where, partial(measured, entry.open, tally), head)
        self._count(entry, tally)

    def _packed(self, entry: Entry, container: Container, place: Place, tally: Tally) -> Iterator[Source]:
        own = Tally(entry.path, Account(entry.packed, entry.account), self._budget, hashed=False)
        opener = partial(unpacked, container.kind, partial(measured, entry.open, tally), entry.path)
        try:
            head = head_of(opener, own, HEAD)
        except ArtefactError as error:
            self.skip(Skipped(path=entry.path, why=error.what))
            self.finish(entry.open, tally)
            return
        inner = container_inside(unpacked_name(entry.inner), head)
        if inner is not None:
            why = f"a {inner.name} within {container.name}. {inner.remedy}".strip()
            self.skip(Skipped(path=entry.path, why=why))
            return
        yield self._source(entry, unpacked_place(place.where), partial(measured, opener, own), head)
        self._count(entry, tally)

    def _contained(
        self, entry: Entry, container: Container, place: Place, depth: int, watch: Watch | None
    ) -> Iterator[Source]:
        why, members = "", list[Entry]()
        if container.kind is Kind.REFUSED:
            why = f"{container.name}: its contents are not read. {container.remedy}"
        elif depth >= self._budget.limits.nesting:
            why = f"zip within zip, deeper than {self._budget.limits.nesting}"
        else:
            tally = Tally(entry.path, entry.account, self._budget)
            tally.watch = watch
            try:
                members = self.members(entry, tally, f"{entry.path}!/")
            except (ArtefactError, EvidenceError) as error:
                why = error.what
            self.finish(entry.open, tally)
        if why:
            self.skip(Skipped(path=entry.path, why=why))
        for member in members:
            yield from self.give(member, place, depth + 1)

    def _count(self, entry: Entry, tally: Tally) -> None:
        self.finish(entry.open, tally)
        self.bytes += tally.reached

    def _source(self, entry: Entry, where: str, opener: Callable[[], BinaryIO], head: bytes) -> Source:
        self.files += 1
        return Source(
            path=entry.path, where=where, size=entry.size, modified=entry.modified, opener=opener, head=head
        )
