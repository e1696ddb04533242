"""What the foreman and the workers tell one another. Pickled, between processes of our own only."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from tocsin.detections.one_pass import Collected, PartRead
from tocsin.detections.scanning.lanes import Scanning
from tocsin.detections.served_names import ServedNames
from tocsin.evidence.entries import Entry
from tocsin.evidence.giving import Given
from tocsin.evidence.opening import Shared
from tocsin.evidence.parts import Part
from tocsin.model.coverage import Skipped
from tocsin.packs.loading import Pack
from tocsin.packs.products import Product


class Setup(Struct, frozen=True, kw_only=True):
    """What a worker starts with.

    Attributes:
        shared: the evidence.
        served: names of directories, as the configuration gives them; None for the usual ones.
        seen: products of which there were signs already.
        copied: places of which there is a shadow copy.
        memory: bytes that the worker may hold, or None.
    """

    packs: tuple[Pack, ...]
    products: tuple[Product, ...]
    scanning: Scanning
    shared: Shared
    served: ServedNames | None = None
    seen: frozenset[str] = frozenset()
    copied: frozenset[str] = frozenset()
    memory: int | None = None


class Job(Struct, frozen=True, kw_only=True):
    """One entry, by its turn; its name where the worker lists the container itself."""

    index: int
    entry: Entry | str
    size: int


# --- tasks ----------------------------------------------------------------------------------------


class ReadFiles(Struct, frozen=True):
    """Read these, in this order."""

    jobs: tuple[Job, ...]


class Divide(Struct, frozen=True):
    """Find where a big log can be divided into parts of about so many bytes; read it if it cannot."""

    job: Job
    size: int


class ReadPart(Struct, frozen=True, kw_only=True):
    """Read a part of a log of a certain kind."""

    job: Job
    number: int
    kind: str
    where: str
    head: bytes
    part: Part


class HashContainer(Struct, frozen=True):
    """Hash the container that the evidence is."""


class Revisit(Struct, frozen=True):
    """Look again for requests for these pages, but not in parts of the files to be forgotten."""

    urls: frozenset[str]
    forget: frozenset[int]


Task = ReadFiles | Divide | ReadPart | HashContainer | Revisit

# --- answers: one ends a task, the first two come in between ----------------------------------------


class Progressed(Struct, frozen=True):
    """So many bytes more of a file were read."""

    path: str
    size: int


class PartFound(Struct, frozen=True):
    """A part of a log that is being divided."""

    task: ReadPart


class Account(Struct, frozen=True, kw_only=True):
    """The account of one entry."""

    index: int
    given: Given
    skipped: tuple[Skipped, ...]


class FilesRead(Struct, frozen=True, kw_only=True):
    """Files were read; ``alone``: only a single pass can tell what they mean."""

    accounts: Sequence[Account]
    collected: Collected
    alone: bool


class Divided(Struct, frozen=True, kw_only=True):
    """A log was divided into so many parts, none of which counts if there was a fault."""

    job: Job
    account: Account
    collected: Collected
    parts: int
    fault: str
    alone: bool


class PartDone(Struct, frozen=True, kw_only=True):
    """A part was read."""

    index: int
    number: int
    read: PartRead
    collected: Collected


class ContainerHashed(Struct, frozen=True):
    """The account of the container."""

    given: Given


class Revisited(Struct, frozen=True, kw_only=True):
    """Logs were read again."""

    collected: Collected
    skipped: tuple[Skipped, ...]


Answer = FilesRead | Divided | PartDone | ContainerHashed | Revisited
