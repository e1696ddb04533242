"""The content of pages: every file that a server would run or that holds code is examined, within bounds.

The vendor's own files, by hash, are let be. What is kept is small: of pages in which nothing speaks for a
shell only how many there were. Nothing that is examined is run.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct

from tocsin.artefacts.registry import identify
from tocsin.artefacts.web_file import CONTENT
from tocsin.detections.known_good import KnownFile, known_file
from tocsin.detections.reading import fault_of
from tocsin.detections.webshells.content import Content, content_of
from tocsin.detections.webshells.examine import Context, Examination, Verdict, examine
from tocsin.detections.webshells.inventory import Served, served_as
from tocsin.detections.webshells.score import FLAGGED
from tocsin.evidence.server_pages import extension_of, is_server_page, page_text
from tocsin.evidence.source import Source
from tocsin.evidence.vdir_lists import looks_like_list
from tocsin.evidence.web_roots import url_of
from tocsin.model.places import Locator
from tocsin.model.records import Item, Record
from tocsin.packs.products import Product

MOST_FILES = 100_000
"""Files that one pass examines."""
MOST_SECONDS = 1_800.0
"""What all examinations of one pass may take together."""
MOST_KEPT = 2_000
"""Examinations that are kept: of more, those with the highest score."""
_WHOLE = 1 << 20
"""A file below a web root that is no larger is searched for code whatever its name."""
_KINDS = frozenset({"web.file", "exchange.vdir-dump", "text.unknown", "iis.config"})
_CODE = re.compile(
    rb"<%|<\?(?:php|=)|<\s{0,4}script\b[^>]{0,200}\brunat|<jsp:|#@~\^|<xsl:|\bMetabasePath\b"
    rb"|\bExtendedProtectionTokenChecking\b|\bOfflineAddressBooks\b",
    re.IGNORECASE,
)
_TRACES = frozenset({"template-only", "wiped"})
"""States that tell of a shell by themselves; others only where the code that is left has a shell's score."""


class PageContent(Struct, frozen=True, kw_only=True):
    """A file whose content says something.

    Attributes:
        where: its place on the server's disk, as ``Source.where``.
        url: under which IIS serves it, or None outside known web roots.
        on_disk: it stands in the evidence as the disk has it at collection, not in a copy or an archive.
        dump: it holds the property list of a virtual directory.
        named: its name is one that a server runs, by itself.
        mapped: how it would be judged if the server ran files of its name; None where it does.
    """

    where: str
    url: str | None
    on_disk: bool
    dump: bool
    named: bool
    found: Examination
    mapped: Examination | None = None

    @property
    def path(self) -> str:
        """The file in the evidence."""
        return self.found.path


class HandlerMap(Struct, frozen=True, kw_only=True):
    """Where the configuration hands files of an extension to code."""

    extension: str
    handler: str
    locator: Locator


class PagesExamined(Struct, kw_only=True):
    """What was examined: fit for another process.

    Attributes:
        pages: by path in the evidence.
        handlers: by extension.
        files: examined.
        clean: paths of pages in which nothing was found that speaks for a shell.
        left: paths that were not examined, or not to their end, with the reason.
    """

    pages: dict[str, PageContent] = {}
    handlers: dict[str, HandlerMap] = {}
    files: int = 0
    clean: set[str] = set()
    left: dict[str, str] = {}

    def add(self, page: PageContent) -> None:
        """Add a page; of too many the least suspicious is let go."""
        self.pages[page.path] = page
        if len(self.pages) > MOST_KEPT:
            least = max(self.pages.values(), key=lambda one: (-one.found.score, one.path))
            del self.pages[least.path]

    def merge(self, other: PagesExamined) -> None:
        """Add what was examined elsewhere."""
        self.files += other.files
        self.left.update(other.left)
        self.clean |= other.clean
        for handler in other.handlers.values():
            self.add_handler(handler)
        for page in other.pages.values():
            self.add(page)

    def add_handler(self, handler: HandlerMap) -> None:
        """Add a handler; the first by place speaks for its extension."""
        known = self.handlers.get(handler.extension)
        if known is None or handler.locator.order < known.locator.order:
            self.handlers[handler.extension] = handler

    def notices(self) -> Iterator[str]:
        """Say which files were not examined, or not to their end."""
        if self.left:
            some = ", ".join(f"{path} ({why})" for path, why in sorted(self.left.items())[:5])
            yield (
                f"{len(self.left):,} files that may hold code were not examined to their end for what"
                f" their code can do: {some}. Look at them by hand, or with tocsin webshells."
            )

    def settled(self) -> dict[str, PageContent]:
        """Give the pages, judged by what the configuration says of their names."""
        return {path: self._settled(page) for path, page in sorted(self.pages.items())}

    def _settled(self, page: PageContent) -> PageContent:
        extension = extension_of(page.where.rpartition("/")[2])
        if page.mapped is None or extension not in self.handlers:
            return page
        return PageContent(
            where=page.where,
            url=page.url,
            on_disk=page.on_disk,
            dump=page.dump,
            named=True,
            found=page.mapped,
        )


class PageExaminer:
    """Examines the files of one pass."""

    def __init__(self, products: Sequence[Product]) -> None:
        """Take the products whose own files are known."""
        self._products = tuple(products)
        self._spent = 0.0
        self.seen = PagesExamined()

    def take(self) -> PagesExamined:
        """Give what was examined, and begin anew; what time was spent stays spent."""
        seen, self.seen = self.seen, PagesExamined()
        return seen

    def observe(self, item: Item) -> None:
        """Take what the configuration says of handlers."""
        if item.kind != "iis.config" or not isinstance(item, Record):
            return
        if item.fields.get("Element") == "handler" and item.fields.get("Op", "add") != "remove":
            for handler in _handlers(item):
                self.seen.add_handler(handler)

    def look(self, source: Source, known: Collection[str]) -> None:
        """Examine a file if it may hold code.

        Args:
            source: the file.
            known: paths of files that are known to be the vendor's.
        """
        if source.path in known or not _may_hold_code(source):
            return
        if self.seen.files >= MOST_FILES or self._spent >= MOST_SECONDS:
            self.seen.left[source.path] = "so many files were examined before it that the bound was met"
            return
        started = time.monotonic()
        why = fault_of(lambda: self._examine(source))
        if why:
            self.seen.left[source.path] = why
        self._spent += time.monotonic() - started

    def _examine(self, source: Source) -> None:
        content = content_of(source)
        data = content.data
        if any(
            known_file(one, source.path, content.sha256) is not KnownFile.UNKNOWN for one in self._products
        ):
            return
        if not _is_served_name(source) and not _CODE.search(data.replace(b"\0", b"")):
            return
        self.seen.files += 1
        found = examine(content, path=source.path)
        if found.limits:
            self.seen.left[source.path] = "; ".join(found.limits)
        dump = looks_like_list(page_text(data[:CONTENT]))
        if _is_told(found):
            self.seen.add(_content(source, content, found, dump=dump))
        elif found.verdict is not Verdict.UNDETERMINED:
            self.seen.clean.add(source.path)


def _content(source: Source, content: Content, found: Examination, *, dump: bool) -> PageContent:
    named = is_server_page(source.where) and served_as(extension_of(source.name)) is not Served.NO
    other = None
    if found.state_reason in {"wrong-extension", "included-only"}:
        other = examine(content, path=source.path, context=Context(served=Served.YES))
    return PageContent(
        where=source.where,
        url=url_of(source.where),
        on_disk=not source.shadow_copy and "!/" not in source.path,
        dump=dump,
        named=named,
        found=found,
        mapped=other,
    )


def _is_told(found: Examination) -> bool:
    """Tell whether a report has something to say of it."""
    if found.verdict in {Verdict.SHELL, Verdict.SUSPICIOUS}:
        return True
    return found.verdict is Verdict.INERT and (found.state_reason in _TRACES or found.score >= FLAGGED)


def _may_hold_code(source: Source) -> bool:
    """Tell cheaply whether it is worth reading the file."""
    if _is_served_name(source):
        return True
    head = _CODE.search(source.head.replace(b"\0", b"")) is not None
    if not head and (source.size > _WHOLE or url_of(source.where) is None):
        return False
    module = identify(source)
    return module is None or module.KIND in _KINDS


def _is_served_name(source: Source) -> bool:
    extension = extension_of(source.name)
    return is_server_page(source.where) or (extension != "" and served_as(extension) is not Served.NO)


_RUNNERS = re.compile(
    r"aspnet_isapi|asp\.dll|isapimodule|managedpipeline|System\.Web\.|FastCgi|php|PageHandler", re.IGNORECASE
)
_HARMLESS = re.compile(r"StaticFile|HttpForbidden|DefaultDocument|HttpNotFound", re.IGNORECASE)


def _handlers(record: Record) -> Iterator[HandlerMap]:
    fields = record.fields
    runs = " ".join(fields.get(name) or "" for name in ("ScriptProcessor", "Type", "Modules"))
    if not _RUNNERS.search(runs) or _HARMLESS.search(runs):
        return
    for pattern in (fields.get("Path") or "").split(","):
        if re.fullmatch(r"\s{0,4}\*\.[\w-]{1,20}\s{0,4}", pattern):
            yield HandlerMap(
                extension=pattern.strip()[1:].lower(),
                handler=fields.get("Name") or "",
                locator=record.locator,
            )
