"""The server's disk at collection: web roots, what was written and removed there, versions, the setup log."""

from __future__ import annotations

from datetime import UTC, datetime, time

from tocsin.errors import ScenarioError
from tocsin.evidence.server_pages import is_server_page, page_text
from tocsin.evidence.vdir_lists import find_lists
from tocsin.evidence.web_roots import web_root_of
from tocsin.exercise.installing import cumulative_updates, installed_at, spans_of
from tocsin.exercise.pe import write_executable
from tocsin.exercise.setup_log import PATH as SETUP_LOG
from tocsin.exercise.setup_log import setup_log
from tocsin.exercise.standing_pages import standing_files
from tocsin.exercise.story import FileRemoved, FileWritten, Trace
from tocsin.exercise.workshop import Workshop

_PAGE, _DUMP, _VERSION, _SETUP = (
    "web.file",
    "exchange.vdir-dump",
    "exchange.file-version",
    "exchange.setup-log",
)
_SETUP_FILE = "bin/ExSetup.exe"
_PATCHED_FILE = "FrontEnd/HttpProxy/bin/Microsoft.Exchange.FrontEndHttpProxy.dll"


class Disk:
    """Writes what a collection of web roots and versions would hold; nothing if none was taken."""

    KINDS: tuple[str, ...] = (_PAGE, _DUMP, _VERSION, _SETUP)

    def __init__(self, workshop: Workshop) -> None:
        """Start with the disk as it was installed."""
        self._workshop = workshop
        self._taken = workshop.scenario.collection.disk
        self._withheld = set(workshop.scenario.collection.withhold)
        self._paths: dict[str, str] = {}
        self._written: dict[str, FileWritten] = {}
        if self._wanted(_PAGE):
            for path, content in standing_files(workshop):
                workshop.tree.write(self._one(path), content, installed_at(workshop))

    def take(self, trace: Trace) -> None:
        """Keep what was written where a collection looks; let go what was removed."""
        if isinstance(trace, FileRemoved):
            path = self._one(_collected(trace.path))
            self._written.pop(path, None)
            self._workshop.tree.remove(path)
        elif isinstance(trace, FileWritten) and self._taken:
            self._keep(trace)

    def close(self) -> None:
        """Write versions and the setup log; say what is true of the files that were left."""
        if self._wanted(_VERSION):
            self._versions()
        if self._wanted(_SETUP):
            *_, (ended, _build) = cumulative_updates(self._workshop)
            self._workshop.tree.write(SETUP_LOG, setup_log(self._workshop), ended)
        for path, trace in self._written.items():
            self._note(path, trace)

    def _wanted(self, kind: str) -> bool:
        return self._taken and kind not in self._withheld

    # --- pages --------------------------------------------------------------------------------

    def _keep(self, trace: FileWritten) -> None:
        path = _collected(trace.path)
        dump = next(find_lists(page_text(trace.content)), None)
        served = web_root_of(path) is not None or is_server_page(path.lower())
        if (dump is None and not served) or _PAGE in self._withheld or (dump and _DUMP in self._withheld):
            return
        path = self._one(path)
        self._written[path] = trace
        self._workshop.tree.write(path, trace.content, trace.at)

    def _one(self, path: str) -> str:
        """Give the one way of writing a path: Windows tells no case."""
        return self._paths.setdefault(path.lower(), path)

    def _note(self, path: str, trace: FileWritten) -> None:
        """A property list is a row of its own, at its line; the file is one as a whole besides."""
        dump = next(find_lists(page_text(trace.content)), None)
        if dump is not None:
            self._workshop.ledger.note(trace, kind=_DUMP, path=path, line=dump.line)
        if dump is None or web_root_of(path) is not None:
            self._workshop.ledger.note(trace, kind=_PAGE, path=path)

    # --- versions -----------------------------------------------------------------------------

    def _versions(self) -> None:
        """An update that ran without elevation replaced ExSetup.exe and left the libraries behind."""
        span = spans_of(self._workshop)[-1]
        at = datetime.combine(span.since, time(), UTC)
        root = self._workshop.exchange
        for name, build in ((_SETUP_FILE, span.build), (_PATCHED_FILE, span.dlls or span.build)):
            self._workshop.tree.write(f"{root}/{name}", _executable(name, build), at)


def _collected(path: str) -> str:
    r"""Give the place in the collection of ``C:\inetpub\x.aspx`` or ``\\127.0.0.1\c$\inetpub\x.aspx``.

    Raises:
        ScenarioError: the path would lead outside the collection.
    """
    plain = path.replace("\\", "/")
    if ".." in plain.split("/"):
        raise ScenarioError(f"a path that leads upwards: {path}.", remedy="Name a shell without '..'.")
    if plain.startswith("//"):
        share = plain[2:].partition("/")[2]
        drive, _, rest = share.partition("/")
        return f"{drive.rstrip('$').upper()}/{rest}"
    drive, colon, rest = plain.partition(":")
    return f"{drive.upper()}/{rest.lstrip('/')}" if colon and len(drive) == 1 else plain.lstrip("/")


def _executable(name: str, build: str) -> bytes:
    parts = [int(part) for part in build.split(".")]
    numbers = (parts[0], parts[1], parts[2], parts[3])
    shown = f"{parts[0]:02d}.{parts[1]:02d}.{parts[2]:04d}.{parts[3]:03d}"
    texts = {
        "CompanyName": "Simulated for an exercise",
        "FileVersion": shown,
        "OriginalFilename": name.rpartition("/")[2],
        "ProductName": "Microsoft® Exchange",
        "ProductVersion": shown,
    }
    return write_executable(numbers, texts)
