"""Open evidence: one read-only tree of files, each given once, each left out only with a reason."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from msgspec import Struct

from tocsin.errors import ArtefactError, EvidenceError
from tocsin.evidence.containers import Kind, container_named
from tocsin.evidence.custody import Found, custody_of
from tocsin.evidence.entries import Entry
from tocsin.evidence.folder import single, walk
from tocsin.evidence.giving import Given, Giver, Watch
from tocsin.evidence.layout import age_of, place_of
from tocsin.evidence.limits import Budget, Limits
from tocsin.evidence.manifest import compare, digest_of
from tocsin.evidence.measured import Tally, head_of
from tocsin.evidence.source import HEAD, Source
from tocsin.model.coverage import Skipped
from tocsin.model.verdicts import EvidenceInfo

_DEFAULT = Limits()


class Shared(Struct, frozen=True, kw_only=True):
    """What one process tells another of evidence that both read.

    Attributes:
        path: of the evidence.
        limits: the bounds, with the seconds that are left.
        container: whether it is one container, whose members each process lists for itself; the
            entries of a folder can be handed over.
        folder: whether it is a folder.
    """

    path: Path
    limits: Limits
    container: bool
    folder: bool


class Portion:
    """The evidence as a worker process sees it: entries are given to it one by one."""

    def __init__(self, shared: Shared) -> None:
        """Open what has to be opened.

        Raises:
            EvidenceError: it cannot be opened any more.
        """
        self._shared = shared
        self._whole = Evidence(shared.path, shared.limits, None) if shared.container else None
        self.giver = self._whole.giver if self._whole else Giver(Budget(shared.limits))
        self._by_path = {entry.path: entry for entry in self._whole.listed} if self._whole else {}
        self.giver.take()

    def give(self, entry: Entry | str) -> Iterator[Source]:
        """Yield the sources of an entry, or of the member of that name.

        Raises:
            EvidenceError: there is no such member any more.
        """
        return self.giver.give(self._named(entry), depth=0 if self._shared.folder else 1)

    def hash_container(self) -> None:
        """Hash the container itself, to its end, as if it were an entry."""
        if self._whole is not None:
            self._whole.hash_container()

    def _named(self, entry: Entry | str) -> Entry:
        found = self._by_path.get(entry) if isinstance(entry, str) else entry
        if found is None:
            raise EvidenceError(
                f"{entry} is no longer in it.",
                where=str(self._shared.path),
                remedy="Let nobody change the evidence while it is read.",
            )
        return found


class Evidence:
    """What was collected from one server: a context manager, to be used in one thread.

    Attributes:
        name: of the folder or file.
        total_files: files listed; those inside inner containers come on top.
        total_bytes: their bytes as stated.
    """

    def __init__(self, path: Path, limits: Limits, custody_file: Path | None) -> None:
        """List the evidence. See ``open_evidence``."""
        self.name = path.resolve().name
        self._path = path
        self._custody_file = custody_file
        self._where = str(path)
        self._budget = Budget(limits)
        self._giver = Giver(self._budget)
        self._container: tuple[Entry, Tally] | None = None
        self._packed: Given | None = None
        self._folder = path.is_dir()
        with ExitStack() as until_listed:
            until_listed.callback(self.close)
            entries = self._listed(path)
            self._found: Found = custody_of(entries, custody_file)
            until_listed.pop_all()
        self.listed = tuple(entries)
        self._entries = [entry for entry in entries if entry is not self._found.record]
        self._giver.notes.update(dict.fromkeys(self._found.notes))
        self.total_files = len(self._entries)
        self.total_bytes = sum(entry.size for entry in self._entries)

    @property
    def skipped(self) -> list[Skipped]:
        """Every entry that was not given, with the reason; complete when ``sources`` has ended."""
        return list(self._giver.skipped)

    @property
    def notes(self) -> list[str]:
        """What a reader should know of the evidence as such, such as a manifest that disagrees."""
        return list(self._giver.notes)

    @property
    def hashes(self) -> dict[str, str]:
        """Path to SHA-256 of every file read, as it lies in the evidence (a ``.gz`` packed)."""
        return self._giver.hashes

    def sources(self) -> Iterator[Source]:
        """Yield every file once: the configuration of IIS, the disk, shadow copies from the newest on.

        Each of these is sorted by path. What names the server's directories comes before the logs that
        use the names, and how the server is before how it was; inside inner containers all goes by path.
        The file is hashed while its source is read, and to its end when the next one is asked for.

        Raises:
            EvidenceError: at the end, if no file at all could be given.
        """
        for entry in self.in_turn():
            yield from self.give(entry)
        self.check()

    def in_turn(self) -> list[Entry]:
        """Give the entries in the order of ``sources``."""
        return sorted(self._entries, key=_turn)

    def give(self, entry: Entry) -> Iterator[Source]:
        """Yield the sources of one of the entries, as ``sources`` does."""
        return self._giver.give(entry, depth=0 if self._folder else 1)

    def check(self) -> None:
        """See that there was anything to read.

        Raises:
            EvidenceError: no file at all could be given.
        """
        if not self._giver.files:
            raise _nothing(self._where, self.skipped)

    def watch(self, told: Watch) -> None:
        """Have somebody told of every entry's bytes as they are read: its path, and how many."""
        self._giver.watch = told

    # --- several processes ------------------------------------------------------------------------

    @property
    def shared(self) -> Shared:
        """What another process needs to read entries of the same evidence."""
        return Shared(
            path=self._path,
            limits=msgspec.structs.replace(self._budget.limits, seconds=max(self._budget.seconds_left, 0.0)),
            container=self._container is not None,
            folder=self._folder,
        )

    @property
    def broken(self) -> bool:
        """Whether a bound on the whole was met."""
        return self._budget.broken

    @property
    def limits(self) -> Limits:
        """The bounds."""
        return self._budget.limits

    def join(self, given: Given) -> None:
        """Add the account of entries that were read in another process."""
        self._giver.join(given)

    def join_container(self, given: Given) -> None:
        """Take the hash of the container, from another process."""
        self._packed = given

    def anew(self) -> Evidence:
        """Open the same evidence once more, with nothing read."""
        return Evidence(self._path, self.shared.limits, self._custody_file)

    def info(self) -> EvidenceInfo:
        """Say what was read, once ``sources`` has ended.

        ``sha256`` is the digest of the container or single file. For a folder it is the digest of
        what ``sha256sum`` prints for the files that were read, sorted by path.
        """
        unread = [entry.path for entry in self._giver.skipped]
        if self._found.record is not None:
            unread.append(self._found.record.path)
        for note in compare(self._found.manifest, self._giver.hashes, unread):
            self._giver.notes[note] = None
        return EvidenceInfo(
            name=self.name,
            sha256=self._sha256(),
            files=self._giver.files,
            bytes=self._giver.bytes,
            custody=self._found.custody,
        )

    def close(self) -> None:
        """Close what is open."""
        self._giver.shelf.close()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close what is open."""
        self.close()

    @property
    def giver(self) -> Giver:
        """What gives the entries."""
        return self._giver

    def hash_container(self) -> None:
        """Hash the container that the evidence is, to its end."""
        if self._container is not None:
            entry, tally = self._container
            self._giver.finish(entry.open, tally)

    def _listed(self, path: Path) -> list[Entry]:
        if self._folder:
            found = sorted(
                walk(path, budget=self._budget, skip=self._giver.skip), key=lambda entry: entry.path
            )
        else:
            found = self._within(single(path))
        if not found:
            raise _nothing(self._where, self.skipped)
        return found

    def _within(self, entry: Entry) -> list[Entry]:
        """List the members of a file that is a container, or the file itself."""
        tally = Tally(entry.path, None, self._budget)
        tally.longest = max(tally.longest, entry.size)  # a bound for files, not for all of them in a zip
        try:
            container = container_named(entry.path, head_of(entry.open, tally, HEAD))
            if container is None or container.kind.holds_one:
                return [entry]
            if container.kind is Kind.REFUSED:
                raise EvidenceError(
                    f"a {container.name}, which is not read.", where=self._where, remedy=container.remedy
                )
            self._container = (entry, tally)
            return self._giver.members(entry, tally, "")
        except ArtefactError as error:
            raise EvidenceError(error.what, where=self._where, remedy=error.remedy) from error

    def _sha256(self) -> str:
        if self._container is not None:
            if self._packed is not None:
                self._giver.notes.update(dict.fromkeys(self._packed.notes))
                return self._packed.hashes.get(self._container[0].path, "")
            self.hash_container()
            return self._giver.hashes.pop(self._container[0].path, "")
        if not self._folder:
            return self._giver.hashes.get(self._entries[0].path, "")
        hashes = self._giver.hashes
        return digest_of({one.path: hashes[one.path] for one in self._entries if one.path in hashes})


def names_directories(entry: Entry) -> bool:
    """Tell whether an entry is the configuration that names the server's directories, which comes first."""
    return _turn(entry)[0] < 0


def _turn(entry: Entry) -> tuple[int, str]:
    where = place_of(entry.inner).where
    age = age_of(where)
    return (-1 if not age and where.endswith("applicationhost.config") else age, entry.path)


def open_evidence(path: Path, *, limits: Limits = _DEFAULT, custody_file: Path | None = None) -> Evidence:
    """Open a folder, a zip or a single file for reading; nothing in it is ever written to.

    Args:
        path: the evidence.
        limits: bounds on everything that is read.
        custody_file: a record of custody kept outside the evidence.

    Raises:
        EvidenceError: it is not there, empty, damaged, protected, or of a kind that is not read.
        LimitExceeded: it cannot be listed within the limits.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise EvidenceError("no such file or folder.", where=str(path), remedy="Check the path.") from None
    except (OSError, ValueError) as error:
        raise EvidenceError(
            f"cannot be looked at ({error}).", where=str(path), remedy="Check the path and your rights."
        ) from error
    if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
        raise EvidenceError(
            "neither a folder nor a regular file.", where=str(path), remedy="Give a folder, a zip or a log."
        )
    return Evidence(path, limits, custody_file)


def _nothing(where: str, skipped: list[Skipped]) -> EvidenceError:
    if not skipped:
        return EvidenceError(
            "holds no files.", where=where, remedy="Check that the collection has run and was copied whole."
        )
    reasons = list(dict.fromkeys(entry.why for entry in skipped))
    return EvidenceError(
        f"holds no file that can be read; left out: {len(skipped):,} ({'; '.join(reasons[:3])}).",
        where=where,
        remedy="Give the files in a folder that you can read, or in a zip without a password.",
    )
