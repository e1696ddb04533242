"""What became of the web shells of an earlier assessment: what ``tocsin verify --format json`` prints.

The shape is stable and versioned (``tocsin/verification/1``); ``tocsin schema verification`` prints its
JSON Schema.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from tocsin.model.examined import ShellExamination
from tocsin.model.places import Locator
from tocsin.model.verdicts import EvidenceInfo, PackInfo, ToolInfo, WebShell
from tocsin.model.words import Presence, ShellContent

SCHEMA = "tocsin/verification/1"


class Removal(StrEnum):
    """What later evidence shows of a web shell: exactly one of these."""

    EVIDENCED = "removal-evidenced"
    ABSENT = "absent-on-disk"
    NOT_SERVED = "not-served-since"
    PRESENT = "still-present"
    CHANGED = "changed"
    REAPPEARED = "reappeared"
    CANNOT_TELL = "cannot-tell"

    @property
    def gone(self) -> bool:
        """Whether it is shown that the shell is no more on the disk."""
        return self in {Removal.EVIDENCED, Removal.ABSENT}

    @property
    def there(self) -> bool:
        """Whether it is shown that the shell, or something in its place, is there."""
        return self in {Removal.PRESENT, Removal.CHANGED, Removal.REAPPEARED}


class Overall(StrEnum):
    """The answer about all shells together."""

    REMOVED = "removed"
    NOT_REMOVED = "not-removed"
    CANNOT_TELL = "cannot-tell"


class Identity(StrEnum):
    """Whether the later evidence is of the same server."""

    SAME = "same"
    ATTESTED = "attested"
    """Nothing in the evidence tells; whoever asked says so."""
    DIFFERENT = "different"
    UNKNOWN = "unknown"


class Order(StrEnum):
    """Whether the evidence was collected after the earlier one."""

    LATER = "later"
    EARLIER = "earlier"
    UNKNOWN = "unknown"


class Looked(Struct, frozen=True, kw_only=True, rename={"start": "from", "end": "until"}):
    """Where it was looked: ``what`` is ``folder``, ``log``, ``scanner`` or ``settings``.

    ``found``: what was seen there. ``place`` is None where there was nothing to read.
    """

    what: str
    name: str
    place: Locator | None
    start: datetime | None
    end: datetime | None
    found: str


class ShellAnswer(Struct, frozen=True, kw_only=True):
    """One web shell of the earlier assessment, and what became of it.

    Attributes:
        key: its URL path, or its path where it has none, in lower case: the row's name.
        campaigns: packs that counted it among their shells.
        was: presence then.
        content_was: content then.
        sha256_was: of the file then.
        answer: what the later evidence shows.
        why: one or two sentences.
        locators: where a reader finds what the answer rests on, in the later evidence.
        looked: what was read for it, from when to when.
        content: of the file now, if it is there.
        sha256: of the file now, if it is there.
        examination: of the file now, if something in it speaks for a shell or what is left of one.
    """

    key: str
    url: str | None
    path: str | None
    campaigns: tuple[str, ...]
    was: Presence
    content_was: ShellContent
    sha256_was: str | None
    answer: Removal
    why: str
    locators: tuple[Locator, ...]
    looked: tuple[Looked, ...]
    content: ShellContent | None = None
    sha256: str | None = None
    examination: ShellExamination | None = None


class NewShell(Struct, frozen=True, kw_only=True):
    """A web shell that the earlier assessment did not name; ``like`` names one that it did."""

    campaigns: tuple[str, ...]
    shell: WebShell
    like: str | None = None


class EarlierDocument(Struct, frozen=True, kw_only=True):
    """The assessment that is verified: its evidence, when it was made, and the document's digest."""

    sha256: str
    assessed_at: datetime
    server: str
    evidence: EvidenceInfo
    ends: datetime | None


class Verification(Struct, frozen=True, kw_only=True):
    """The document: every shell of the earlier assessment has one row, in the order of their keys."""

    schema: str = SCHEMA
    tool: ToolInfo
    packs: tuple[PackInfo, ...]
    verified_at: datetime
    before: EarlierDocument
    evidence: EvidenceInfo
    server: str
    ends: datetime | None
    identity: Identity
    identity_because: str
    order: Order
    order_because: str
    shells: tuple[ShellAnswer, ...]
    new: tuple[NewShell, ...]
    answer: Overall
    answer_because: str
    notes: tuple[str, ...] = ()
    exit_status: int
