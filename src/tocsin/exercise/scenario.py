"""The shape of a scenario: what is true of the simulated server, as YAML.

Scenarios that come with the program stand in ``scenarios/<name>.yaml``. Unknown keys are refused.
"""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct, field


class BuildSpan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A build in force from a moment on. ``dlls`` differs when an update ran without elevation.

    The process runs the libraries that are there: its logs name ``dlls``, ExSetup.exe says ``build``.
    """

    build: str
    since: date
    dlls: str = ""


class MitigationSpan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mitigation of ``products/exchange/mitigations`` in force from a day on.

    ``state``: ``effective``, ``partial`` (one rule of two), ``malformed``, ``disabled``.
    """

    id: str
    since: date
    state: str = "effective"


class Server(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The machine."""

    name: str = "MAIL01"
    domain: str = "contoso.example"
    builds: tuple[BuildSpan, ...] = ()
    utc_offset: str = "+00:00"
    drive: str = "C"
    exchange_root: str = "Program Files\\Microsoft\\Exchange Server\\V15"
    language: str = "en"
    mailboxes: int = 25
    reverse_proxy: str = ""
    """Address of a reverse proxy in front: then the true client stands in X-Forwarded-For only."""
    auditing: bool = False
    sysmon: bool = False
    mitigations: tuple[MitigationSpan, ...] = ()
    retention_days: int = 30
    """Exchange's own logs reach back so far from the collection; IIS logs to the first day."""


class Act(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody does something; the script's name says what (see ``exercise/acts``).

    Attributes:
        script: such as ``proxylogon``, ``shell-scan``, ``ews-mail-theft``, ``administrator-oab-url``.
        at: when it begins, aware UTC.
        address: the client's address.
        agent: user agent; empty for the script's own.
        rung: the last step that is reached, for scripts that climb a ladder.
        shell: URL of the web shell, where the script has one.
        options: further words that the script understands.
    """

    script: str
    at: datetime
    address: str = "198.51.100.23"
    agent: str = ""
    rung: str = ""
    shell: str = ""
    options: dict[str, str] = {}


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What went wrong in logging or collection; ``kind`` names it (see ``exercise/faults``)."""

    kind: str
    on: str = ""
    """Glob over the paths of the collection that it hits; empty for the fault's own choice."""
    options: dict[str, str] = {}


class Collection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the evidence was collected.

    Attributes:
        layout: ``disk``, ``kape``, ``velociraptor``, ``loose``.
        events: ``evtx``, ``xml`` or ``jsonl``.
        withhold: record kinds that were not collected, such as ``exchange.httpproxy``.
        disk: web roots, configuration, versions and compiled files were collected.
    """

    layout: str = "disk"
    events: str = "evtx"
    withhold: tuple[str, ...] = ()
    disk: bool = True
    faults: tuple[Fault, ...] = ()


class Expected(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The right verdict of one campaign."""

    campaign: str
    exposure: str
    compromise: str
    residual: str = ""
    rung: str = ""


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``scenarios/<name>.yaml``. ``traffic``: everyday requests a day; ``innocent``: nobody got in."""

    title: str
    description: str
    innocent: bool
    first_day: date
    collected: datetime
    traffic: int = 400
    server: Server = field(default_factory=Server)
    acts: tuple[Act, ...] = ()
    collection: Collection = field(default_factory=Collection)
    expected: tuple[Expected, ...]
