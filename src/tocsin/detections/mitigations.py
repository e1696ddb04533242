"""Are mitigations in force, as far as the configuration in the evidence proves it?

A rule protects only if it stands where requests come in, reaches every directory that matters, is
enabled, asks the right question and stops the request, and if the module that runs it is loaded.
Rules that stop nothing (disabled, acting otherwise, without their module) are ``absent``; anything
between is ``partial``; both say why. A file that IIS cannot read is ``configuration-invalid``,
whatever stands in it. What was not collected proves nothing either way.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from datetime import datetime

from tocsin.artefacts.iis_config import MALFORMED
from tocsin.detections.iis_layout import ConfigFile, Layout, Setting
from tocsin.detections.mitigation_rules import Found, Outcome, rules_at
from tocsin.detections.rewrite import Judge
from tocsin.evidence.source import Source
from tocsin.model.places import Locator, TimeSpan
from tocsin.model.records import Item, Record, Unreadable
from tocsin.model.verdicts import MitigationSeen
from tocsin.model.words import MitigationStatus
from tocsin.packs.products import Product
from tocsin.packs.schema import MitigationFile

_KEPT = frozenset(
    {
        "document",
        "location",
        "site",
        "application",
        "virtual-directory",
        "application-pool",
        "global-module",
        "module",
        "rewrite-section",
        "rewrite-rule",
        "rewrite-precondition",
    }
)
MOST_REASONS = 4
LONGEST_TEXT = 4096
_OF_RULES = re.compile(r"rule|pattern|script-src", re.IGNORECASE)

_Answer = tuple[MitigationStatus, str, Locator | None, TimeSpan]
_NO_SPAN = TimeSpan()
_NOT_INSTALLED = "is not installed"


class MitigationCollector:
    """Takes what one pass over the evidence yields; the order in which it comes never matters."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._files: dict[str, ConfigFile] = {}
        self._refused: dict[str, tuple[TimeSpan, Locator]] = {}

    def observe(self, item: Item, source: Source) -> None:
        """Take one item of a file."""
        if item.kind == "iis.config":
            self._configuration(item, source)
        elif item.kind == "http.err" and isinstance(item, Record):
            self._refusal(item)

    def merge(self, other: MitigationCollector) -> None:
        """Add what was seen elsewhere, in other files."""
        self._files.update(other._files)
        for queue, (span, first) in other._refused.items():
            known, place = self._refused.get(queue, (_NO_SPAN, first))
            earliest = min(first, place, key=lambda one: one.order)
            self._refused[queue] = (known.widen(span.start).widen(span.end), earliest)

    def judge(self, product: Product) -> tuple[MitigationSeen, ...]:
        """Give the state of every mitigation that the product knows, in the order of their names."""
        return tuple(self._seen(product, one) for one in product.mitigations)

    # --- taking -------------------------------------------------------------------------------

    def _configuration(self, item: Item, source: Source) -> None:
        file = self._files.get(source.path)
        if file is None:
            file = ConfigFile(
                path=source.path, where=source.where, modified=source.modified, settings=[], text={}
            )
            self._files[source.path] = file
        if isinstance(item, Record):
            if item.fields.get("Element") in _KEPT:
                order = int(item.fields.get("Order") or 0)
                file.settings.append(Setting(order=order, fields=item.fields, locator=item.locator))
        elif isinstance(item, Unreadable):
            if _OF_RULES.search(item.text):
                file.text[item.locator.line or 0] = item.text[:LONGEST_TEXT]
            if item.why.startswith(MALFORMED):
                file.malformed = item.locator

    def _refusal(self, record: Record) -> None:
        fields = record.fields
        queue = fields.get("s-queuename")
        if not queue or fields.get("sc-status") != "503" or fields.get("s-reason") != "Disabled":
            return
        span, first = self._refused.get(queue.lower(), (_NO_SPAN, record.locator))
        earliest = min(first, record.locator, key=lambda one: one.order)
        self._refused[queue.lower()] = (span.widen(record.time), earliest)

    # --- giving -------------------------------------------------------------------------------

    def _seen(self, product: Product, mitigation: MitigationFile) -> MitigationSeen:
        layout = Layout(self._files.values(), site=mitigation.site, site_paths=product.file.site_paths)
        if mitigation.rewrite:
            status, why, locator, span = _rewriting(mitigation, layout, Judge())
        elif mitigation.pools:
            status, why, locator, span = self._pools(mitigation, layout)
        else:
            status, why, locator, span = MitigationStatus.UNKNOWN, mitigation.unproven, None, _NO_SPAN
        return MitigationSeen(
            id=mitigation.id,
            title=mitigation.title,
            status=status,
            start=span.start,
            end=span.end,
            locator=locator,
            caveats=mitigation.caveats,
            protects=mitigation.protects,
            why=why,
        )

    def _pools(self, mitigation: MitigationFile, layout: Layout) -> _Answer:
        names = [pool.name for pool in mitigation.pools]
        span, witness = self._refusals(names)
        said = _witnessed(span)
        host = layout.host
        if host is None:
            why = f"applicationHost.config was not collected.{said}"
            return MitigationStatus.UNKNOWN, why, witness, span
        if host.malformed:
            why = f"applicationHost.config is malformed: IIS does not start with it.{said}"
            return MitigationStatus.CONFIGURATION_INVALID, why, host.malformed, span
        off, place = _pools_off(host, names)
        if len(off) == len(names):
            since = span if span.start else TimeSpan(start=host.modified)
            why = (
                f"{', '.join(off)} does not start by itself (autoStart=false).{said or _since(host.modified)}"
            )
            return MitigationStatus.EFFECTIVE, why, place, TimeSpan(start=since.start)
        if off:
            why = f"Only {', '.join(off)} of {', '.join(names)} is off.{said}"
            return MitigationStatus.PARTIAL, why, place, span
        why = f"{', '.join(names)} starts by itself as usual.{said}"
        return MitigationStatus.ABSENT, why, place, span

    def _refusals(self, names: Iterable[str]) -> tuple[TimeSpan, Locator | None]:
        found = [self._refused[name.lower()] for name in names if name.lower() in self._refused]
        span = _NO_SPAN
        for one, _ in found:
            span = span.widen(one.start).widen(one.end)
        return span, min((place for _, place in found), key=lambda one: one.order, default=None)


def _witnessed(span: TimeSpan) -> str:
    if span.start is None or span.end is None:
        return ""
    return (
        f" HTTPERR shows requests refused because the pool was disabled,"
        f" from {span.start:%Y-%m-%d %H:%M:%S} to {span.end:%Y-%m-%d %H:%M:%S} UTC."
    )


def _since(modified: datetime | None) -> str:
    if modified is None:
        return " The evidence does not date it."
    return f" In place at the latest since the file's last change, {modified:%Y-%m-%d %H:%M:%S} UTC."


def _pools_off(host: ConfigFile, names: list[str]) -> tuple[list[str], Locator | None]:
    pools = host.of("application-pool")
    usual = next((one.get("AutoStart") for one in pools if not one.get("Name")), "")
    wanted = {name.lower() for name in names}
    found = [one for one in pools if one.get("Name").lower() in wanted]
    off = [one.get("Name") for one in found if (one.get("AutoStart") or usual).lower() == "false"]
    documents = [*found, *host.of("document")]
    return off, documents[0].locator if documents else None


# --- rewrite rules ----------------------------------------------------------------------------


def _rewriting(mitigation: MitigationFile, layout: Layout, judge: Judge) -> _Answer:
    if layout.host is None and not layout.web:
        return MitigationStatus.UNKNOWN, "No IIS configuration was collected.", None, _NO_SPAN
    paths = layout.paths(mitigation.vdirs) or mitigation.vdirs
    if broken := _broken(mitigation, layout, paths):
        why = (
            f"{broken.path} is malformed at line {broken.line}: IIS refuses the whole file, so no rule"
            " in it or below it is in force."
        )
        return MitigationStatus.CONFIGURATION_INVALID, why, broken, _NO_SPAN
    found = [one for path in paths for one in rules_at(mitigation, layout, judge, path)]
    related = [one for one in found if one.outcome is not Outcome.ABSENT]
    if not related:
        return _none(mitigation, layout, judge, paths)
    without_module = _module_reasons(mitigation, layout, paths)
    reasons = [*_shortfalls(found), *without_module]
    locator = min((one.locator for one in related if one.locator), key=lambda one: one.order, default=None)
    idle = all(one.outcome is Outcome.IDLE for one in related) or _NOT_INSTALLED in " ".join(without_module)
    if reasons:
        status = MitigationStatus.ABSENT if idle else MitigationStatus.PARTIAL
        return status, _joined(reasons), locator, _NO_SPAN
    modified = _last_change(layout, found)
    notes = sorted({one.why for one in found if one.why})
    why = f"The rules are in force at every path looked at ({len(paths)}).{_since(modified)}"
    return MitigationStatus.EFFECTIVE, " ".join([why, *notes]), locator, TimeSpan(start=modified)


def _broken(mitigation: MitigationFile, layout: Layout, paths: Iterable[str]) -> Locator | None:
    """Give the place that breaks a file in force, or a file elsewhere that holds these rules."""
    deciding = [file for path in paths for file in layout.files_for(path)]
    if layout.host:
        deciding.insert(0, layout.host)
    for file in deciding:
        if file.malformed:
            return file.malformed
    return next((one.malformed for one in layout.web if one.malformed and _mentions(one, mitigation)), None)


def _mentions(file: ConfigFile, mitigation: MitigationFile) -> bool:
    text = html.unescape("\n".join(file.text[line] for line in sorted(file.text))).lower()
    wanted = (
        text_of.lower()
        for rule in mitigation.rewrite
        for text_of in (
            rule.name,
            rule.value_holds,
            *(() if rule.outbound else rule.patterns),
            *rule.bypassable,
        )
        if text_of
    )
    return any(one in text for one in wanted)


def _none(mitigation: MitigationFile, layout: Layout, judge: Judge, paths: Iterable[str]) -> _Answer:
    """No rule was found where it counts: absent, unless the place that counts was not read."""
    read = [file for path in paths for file in layout.files_for(path)]
    elsewhere = [
        one for one in rules_elsewhere(mitigation, layout, judge) if one.outcome is not Outcome.ABSENT
    ]
    if elsewhere and not read:
        why = "The rules stand in a file whose place on the server is not known."
        return MitigationStatus.PARTIAL, why, elsewhere[0].locator, _NO_SPAN
    if not read:
        why = "The web.config of the site was not collected; the rules would stand there."
        return MitigationStatus.UNKNOWN, why, None, _NO_SPAN
    if outside := _config_source(layout, paths):
        why = "The rules stand in a file of their own (configSource), which was not read."
        return MitigationStatus.UNKNOWN, why, outside, _NO_SPAN
    missing = "" if layout.host else " applicationHost.config was not collected."
    locator = next((one.locator for one in read[0].of("document")), None)
    return MitigationStatus.ABSENT, f"No such rule in the configuration in force.{missing}", locator, _NO_SPAN


def rules_elsewhere(mitigation: MitigationFile, layout: Layout, judge: Judge) -> list[Found]:
    """Judge the files of unknown place as if each stood at the site's root."""
    found: list[Found] = []
    for file in layout.unplaced:
        alone = Layout([file], site=mitigation.site, site_paths={"/": file.folder or "?"})
        alone.at.setdefault("/", [file])
        found += rules_at(mitigation, alone, judge, "/")
    return found


def _config_source(layout: Layout, paths: Iterable[str]) -> Locator | None:
    sections = (one for path in paths for _, one in layout.in_force(path, "rewrite-section"))
    return next((one.locator for one in sections), None)


def _shortfalls(found: list[Found]) -> list[str]:
    """Say what is wrong, and where; the same fault at many paths is one sentence."""
    places: dict[str, list[str]] = {}
    for one in found:
        if one.outcome is not Outcome.FULL:
            places.setdefault(one.why, []).append(one.path)
    whole = len({one.path for one in found})
    return [why if len(at) == whole else f"{why} At {_listed(at)}." for why, at in sorted(places.items())]


def _listed(paths: list[str]) -> str:
    shown = ", ".join(paths[:MOST_REASONS])
    return shown if len(paths) <= MOST_REASONS else f"{shown} and {len(paths) - MOST_REASONS} more"


def _joined(reasons: list[str]) -> str:
    more = len(reasons) - MOST_REASONS
    return " ".join([*reasons[:MOST_REASONS], *([f"And {more} more."] if more > 0 else [])])


def _module_reasons(mitigation: MitigationFile, layout: Layout, paths: Iterable[str]) -> list[str]:
    if not mitigation.module:
        return []
    if layout.host is None:
        return [
            f"applicationHost.config was not collected, so nothing shows that {mitigation.module} is loaded."
        ]
    wanted = mitigation.module.lower()
    names = {
        one.get("Name")
        for one in layout.host.of("global-module")
        if one.get("Op") == "add" and one.get("Image").replace("\\", "/").lower().rpartition("/")[2] == wanted
    }
    if not names:
        return [f"The URL Rewrite module ({mitigation.module}) {_NOT_INSTALLED}: rules do nothing."]
    if not any(one.get("Op") == "add" for one in layout.host.of("module")):
        return []  # an excerpt without the list of modules: what is installed counts as loaded
    off = [path for path in paths if not names & _modules_at(layout, path)]
    return [f"The URL Rewrite module is not loaded. At {_listed(off)}."] if off else []


def _modules_at(layout: Layout, path: str) -> set[str]:
    loaded: set[str] = set()
    for _, one in layout.in_force(path, "module"):
        if one.get("Op") == "clear":
            loaded.clear()
        elif one.get("Op") == "remove":
            loaded.discard(one.get("Name"))
        else:
            loaded.add(one.get("Name"))
    return loaded


def _last_change(layout: Layout, found: Iterable[Found]) -> datetime | None:
    holding = {one.locator.path for one in found if one.locator}
    files = [*layout.web, *([layout.host] if layout.host else [])]
    dates = [file.modified for file in files if file.path in holding and file.modified]
    return max(dates, default=None)
