"""The assessment of one server: what ``tocsin assess --json`` prints.

The shape is stable and versioned (``tocsin/assessment/1``); ``tocsin schema`` prints its JSON Schema.
"""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct, field

from tocsin.model.coverage import Coverage
from tocsin.model.examined import Alike, ShellExamination
from tocsin.model.findings import Finding
from tocsin.model.places import Locator, TimeSpan
from tocsin.model.words import (
    Compromise,
    Exposure,
    MitigationStatus,
    Presence,
    Residual,
    ShellContent,
    StepKind,
)

SCHEMA = "tocsin/assessment/1"


class ToolInfo(Struct, frozen=True, kw_only=True):
    """Which program reached the verdict."""

    name: str
    version: str


class PackInfo(Struct, frozen=True, kw_only=True):
    """Which body of knowledge it used."""

    id: str
    version: str
    sha256: str


class Transfer(Struct, frozen=True, kw_only=True):
    """One hand-over of the evidence."""

    at: datetime | None = None
    giver: str = field(name="from", default="")
    receiver: str = field(name="to", default="")
    note: str = ""


class Custody(Struct, frozen=True, kw_only=True):
    """Who collected the evidence, when, on which host, and who held it since."""

    collector: str | None = None
    collected_at: datetime | None = None
    host: str | None = None
    clock_offset_s: float | None = None
    manifest_sha256: str | None = None
    transfers: tuple[Transfer, ...] = ()


class EvidenceInfo(Struct, frozen=True, kw_only=True):
    """What was read. ``sha256`` is that of a container, or of the sorted list of a folder's hashes."""

    name: str
    sha256: str
    files: int
    bytes: int
    custody: Custody


class BuildSeen(Struct, frozen=True, kw_only=True, rename={"start": "from", "end": "until"}):
    """A build that the evidence names. Rank 1 is the strongest kind of source."""

    build: str
    start: datetime | None
    end: datetime | None
    source: str
    rank: int
    locator: Locator
    product: str = ""
    label: str = ""


class Conflict(Struct, frozen=True, kw_only=True):
    """Two sources that do not agree, and which one was followed."""

    what: str
    locators: tuple[Locator, ...]
    followed: str


class ServerInfo(Struct, frozen=True, kw_only=True):
    """The server as the evidence shows it."""

    name: str
    product: str
    utc_offset: str | None
    builds: tuple[BuildSeen, ...]
    conflicts: tuple[Conflict, ...]


class MitigationSeen(Struct, frozen=True, kw_only=True, rename={"start": "from", "end": "until"}):
    """A mitigation, and whether files prove that it works."""

    id: str
    title: str
    status: MitigationStatus
    start: datetime | None
    end: datetime | None
    locator: Locator | None
    caveats: tuple[str, ...]
    protects: tuple[str, ...] = ()
    why: str = ""


class ConsistentWith(Struct, frozen=True, kw_only=True):
    """An intrusion set whose published behaviour a cluster resembles: never more than that."""

    intrusion_set: str
    because: str
    source: str
    disputed_by: tuple[str, ...] = ()


class Run(Struct, frozen=True, kw_only=True, rename={"start": "from", "end": "until"}):
    """One uninterrupted piece of work by a cluster."""

    start: datetime | None
    end: datetime | None
    hosts: tuple[str, ...] = ()


class Cluster(Struct, frozen=True, kw_only=True):
    """Findings that look like one hand.

    ``role`` is ``intruder``, ``shell-user``, ``shell-scanner`` or ``prober``.
    """

    id: str
    role: str
    finding_ids: tuple[str, ...]
    first_seen: datetime | None
    last_seen: datetime | None
    source_ips: tuple[str, ...]
    runs: tuple[Run, ...]
    consistent_with: tuple[ConsistentWith, ...]
    why: str


class ShellClient(Struct, frozen=True, kw_only=True):
    """One address that asked for a web shell. ``tasked``: it sent more than a bare request."""

    ip: str
    requests: int
    first_seen: datetime | None
    last_seen: datetime | None
    tasked: bool


class WebShell(Struct, frozen=True, kw_only=True):
    """A web shell over time: presence and content are two questions.

    ``examination``: what its content says, where the file is in the evidence. ``similar``: other pages of
    this evidence whose code is alike but for names, texts and numbers.
    """

    path: str | None
    url: str | None
    presence: Presence
    content: ShellContent
    first_seen: datetime | None
    last_seen: datetime | None
    not_served_since: datetime | None = None
    written_at: datetime | None = None
    requests: int = 0
    tasked: bool = False
    clients: tuple[ShellClient, ...] = ()
    locators: tuple[Locator, ...] = ()
    sha256: str | None = None
    why: str = ""
    examination: ShellExamination | None = None
    similar: tuple[Alike, ...] = ()


class MailboxImpact(Struct, frozen=True, kw_only=True, rename={"start": "from", "end": "until"}):
    """Mail that may have been read; ``bytes_floor`` and ``bytes_ceiling`` bound what left the server."""

    mailbox: str
    start: datetime | None
    end: datetime | None
    requests: int
    bytes_floor: int
    bytes_ceiling: int | None
    finding_ids: tuple[str, ...]


class Impact(Struct, frozen=True, kw_only=True):
    """What the intruder reached."""

    mailboxes: tuple[MailboxImpact, ...] = ()


class NextStep(Struct, frozen=True, kw_only=True):
    """One course of action. ``audience`` is ``everyone``, ``forensic`` or ``without-forensics``."""

    id: str
    kind: StepKind
    text: str
    audience: str = "everyone"


class RungShown(Struct, frozen=True, kw_only=True):
    """One step of the campaign's ladder: whether it is shown, by what, and what would show it.

    ``strand``: steps of another strand than ``main`` stand beside the ladder, not on it.
    """

    id: str
    title: str
    shown: bool
    finding_ids: tuple[str, ...]
    would_show: tuple[str, ...]
    strand: str = "main"


class KeyDate(Struct, frozen=True, kw_only=True):
    """A day of the campaign and who says so: ``first-exploited``, ``disclosed``, ``patch-available``."""

    what: str
    day: date
    source: str


class Verdict(Struct, frozen=True, kw_only=True):
    """What we tell the owner of the server about one campaign, and why.

    ``title``, ``cves`` and ``dates`` come from the pack, so that a report needs nothing but this.
    """

    campaign: str
    exposure: Exposure
    exposure_because: str
    fix: str | None
    exposure_window: TimeSpan
    mitigations: tuple[MitigationSeen, ...]
    compromise: Compromise
    compromise_because: str
    residual: Residual
    attempts: int
    rung: str | None
    first_seen: datetime | None
    last_seen: datetime | None
    ladder: tuple[RungShown, ...]
    clusters: tuple[Cluster, ...]
    webshells: tuple[WebShell, ...]
    findings: tuple[Finding, ...]
    folded: dict[str, int]
    impact: Impact
    next_steps: tuple[NextStep, ...]
    title: str = ""
    cves: tuple[str, ...] = ()
    dates: tuple[KeyDate, ...] = ()


class Assessment(Struct, frozen=True, kw_only=True):
    """One server, all campaigns: the document that Tocsin writes.

    ``answer`` is one sentence of plain words, such as ``An intruder had a session and wrote a web shell.``
    """

    schema: str = SCHEMA
    tool: ToolInfo
    packs: tuple[PackInfo, ...]
    assessed_at: datetime
    evidence: EvidenceInfo
    server: ServerInfo
    verdicts: tuple[Verdict, ...]
    coverage: Coverage
    exit_status: int
    answer: str
