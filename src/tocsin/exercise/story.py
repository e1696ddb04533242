"""What happened on the simulated server: traces, in the order of time, each with its truth.

A trace is written into every log that a real server would have written it into. ``label`` is the
truth about it, for the score; a trace without a label is everyday noise. Times are aware UTC.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Label(Struct, frozen=True, kw_only=True):
    """The truth about a trace.

    Attributes:
        means: ``benign``, or the word of ``Means`` that a careful human would say of the row alone
            or with the rows linked to it.
        campaign: the pack that it belongs to, or an empty text.
        rung: the step of that pack's ladder that it shows, or an empty text.
        note: what happened, in plain words.
        provable: the meaning can be proved from the row or its linked rows; only such rows count
            for recall.
        kinds: record kinds whose rows show the meaning themselves; in the logs of other kinds the
            same trace stands as a row that proves nothing. Empty: every log that shows the trace.
    """

    means: str
    campaign: str = ""
    rung: str = ""
    note: str = ""
    provable: bool = True
    kinds: tuple[str, ...] = ()


class Request(Struct, frozen=True, kw_only=True):
    """One request to the front end; ``at`` is when it ended.

    ``query`` is the client's own; the server's tail (``&CorrelationID=…;&cafeReqId=…``) is added by the
    writers. ``proxied``: the HttpProxy module of ``protocol`` logged it. ``backend``: it reached the
    back end site. ``anchor`` is the AnchorMailbox column. ``error`` goes to GenericErrors. ``ident`` is
    the GUID that joins its rows (cafeReqId, RequestId); left empty, the server gives one. A server-side
    request asks the back end for something else: then ``backend_stem`` and ``backend_query`` stand in the
    back end's log instead of ``stem`` and ``query``. ``front``: it came by the front end; the server's own
    probes also ask the back end directly. Of calls of the web services: ``action`` is the SOAP action (empty:
    an everyday one), ``mailbox`` the mail address of the mailbox that is opened in another's name.
    """

    at: datetime
    protocol: str
    method: str
    stem: str
    client: str
    agent: str
    status: int
    query: str = ""
    host: str = ""
    forwarded: str = ""
    user: str = ""
    backend_status: int | None = None
    substatus: int = 0
    win32: int = 0
    taken_ms: int = 15
    request_bytes: int = 0
    response_bytes: int = 0
    anchor: str = ""
    routing_hint: str = ""
    referer: str = ""
    error: str = ""
    proxied: bool = True
    backend: bool = False
    front: bool = True
    backend_stem: str = ""
    backend_query: str = ""
    action: str = ""
    mailbox: str = ""
    ident: str = ""
    label: Label | None = None


class Command(Struct, frozen=True, kw_only=True):
    """One Exchange cmdlet; ``via`` is ``ecp`` (control panel) or ``powershell``.

    ``parameters``: name and value in order; a value of None is ``$null``, True is a switch.
    ECP Server logs those of the control panel, CmdletInfra those of PowerShell, MSExchange
    Management both.
    """

    at: datetime
    cmdlet: str
    parameters: tuple[tuple[str, str | bool | None], ...]
    user: str
    via: str = "ecp"
    url: str = ""
    canary: str = ""
    error: str = ""
    label: Label | None = None


class FileWritten(Struct, frozen=True, kw_only=True):
    """A file appeared; Sysmon 11 logs it, and it stands on the disk unless removed later.

    ``content`` is what the file holds at collection: inert, and shaped like the real thing.
    """

    at: datetime
    path: str
    image: str
    content: bytes
    user: str = "NT AUTHORITY\\SYSTEM"
    label: Label | None = None


class FileRemoved(Struct, frozen=True, kw_only=True):
    """A file went; ``by`` is ``hand`` (no log) or ``defender`` (event 1117)."""

    at: datetime
    path: str
    by: str = "hand"
    label: Label | None = None


class PageCompiled(Struct, frozen=True, kw_only=True):
    """ASP.NET compiled a page on its first request: a ``.compiled`` file stays behind."""

    at: datetime
    url: str
    label: Label | None = None


class ProcessStarted(Struct, frozen=True, kw_only=True):
    """A program started: Security 4688 (if audited) and Sysmon 1 (if installed)."""

    at: datetime
    image: str
    parent: str
    command_line: str
    user: str = "NT AUTHORITY\\SYSTEM"
    parent_command_line: str = ""
    label: Label | None = None


class EventWritten(Struct, frozen=True, kw_only=True):
    """Any other event of a Windows event log. ``data``: values, or pairs of name and value."""

    at: datetime
    channel: str
    provider: str
    event_id: int
    level: int
    data: tuple[str | tuple[str, str], ...]
    label: Label | None = None


class Refused(Struct, frozen=True, kw_only=True):
    """A request that HTTP.SYS ended before IIS saw it: a row of httperr."""

    at: datetime
    client: str
    method: str
    url: str
    status: str
    reason: str
    queue: str = "-"
    label: Label | None = None


Trace = Request | Command | FileWritten | FileRemoved | PageCompiled | ProcessStarted | EventWritten | Refused
