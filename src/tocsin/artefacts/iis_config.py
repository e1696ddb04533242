"""IIS configuration: ``web.config`` and ``applicationHost.config``, one record a setting.

The surprise: IIS refuses a malformed file whole and answers 500.19 for everything below it, so a
half-readable file with a blocking rule in it protects nothing. Such a file gives no record: every
line is ``Unreadable``, and the ``why`` of the line that breaks it begins with ``MALFORMED``.

Every record holds ``Element``, ``Order`` (position in the file), ``Location`` (the path of the
``<location>`` around it, null without one) and ``InheritInChildApplications`` (``false`` or null).
Attributes that the file leaves out are null. By ``Element``:

- ``document``: the file was read; ``Name`` is its root element.
- ``location``: ``Name`` is its path.
- ``site``: ``Name``, ``Id``, ``ServerAutoStart``; ``site-log``: ``Name`` of the site (null: the
  default for all), ``Directory``, ``LogExtFileFlags`` (tells which columns are absent),
  ``LogFormat``, ``Period``, ``Enabled``, ``LogTargetW3C``; ``http-logging``: ``DontLog``.
- ``application``: ``Site``, ``Path``, ``ApplicationPool``.
- ``virtual-directory``: ``Site``, ``Application``, ``Path``, ``PhysicalPath``.
- ``application-pool``: ``Name`` (null: the defaults), ``AutoStart``, ``StartMode``.
- ``global-module``: ``Name``, ``Image``, ``Op``; ``module``: ``Name``, ``Type``, ``Op``;
  ``handler``: ``Name``, ``Path``, ``Verb``, ``Modules``, ``Type``, ``ScriptProcessor``, ``Op``.
- ``rewrite-section``: ``Collection``, ``ConfigSource`` (the rules stand in another file).
- ``rewrite-rule``: ``Collection`` (``rules``, ``globalRules``, ``outboundRules``), ``Op`` (``add``,
  ``remove``, ``clear``), ``Name``, ``Enabled``, ``StopProcessing``, ``PatternSyntax``,
  ``PreCondition``; ``MatchUrl`` or ``MatchServerVariable`` and ``MatchPattern``, ``MatchFilter``,
  ``MatchNegate``, ``MatchIgnoreCase``; ``Action``, ``ActionUrl``, ``ActionValue``,
  ``ActionStatus``; ``ConditionGrouping``, ``Conditions`` (how many) and for each, counted from 1,
  ``Condition1Input``, ``Condition1Pattern``, ``Condition1MatchType``, ``Condition1Negate``,
  ``Condition1IgnoreCase``.
- ``rewrite-precondition``: ``Name``, ``PatternSyntax``, and conditions as above.
- ``extended-protection``: ``TokenChecking``, ``Flags``; ``ssl``: ``SslFlags``.

Format: Microsoft Learn, "IIS configuration reference" and "URL Rewrite Module configuration reference".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import cast

from lxml import etree

from tocsin.errors import ArtefactError
from tocsin.evidence.lines import Line, decode, encoding_of
from tocsin.evidence.source import Source
from tocsin.model.places import Locator
from tocsin.model.records import Blank, Item, Record, Unreadable
from tocsin.model.words import Confidence

KIND = "iis.config"
LINES = False
FOUND_AT = (
    "**/web.config",
    "**/inetsrv/config/applicationhost.config",
    "**/applicationhost.config",
)

MALFORMED = "malformed configuration: "
"""Begins the reason of the line that breaks a file."""

LARGEST = 8 << 20
MOST_SETTINGS = 50_000
MOST_CONDITIONS = 100

_NAMES = frozenset({"web.config", "applicationhost.config"})
_SECTIONS = (b"system.webserver", b"system.applicationhost", b"system.web>", b"configsections")
_DECLARATION = re.compile(r"^<\?xml[^>]*\?>")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)

Fields = dict[str, str | None]
Element = etree._Element  # noqa: SLF001 - lxml gives its element type no public name


def recognise(source: Source) -> Confidence:
    """By name; by content where a collector renamed the file."""
    head = source.head.replace(b"\0", b"").lower()
    holds = b"<configuration" in head
    if source.name in _NAMES:
        return Confidence.SIGNATURE if holds else Confidence.LOCATION
    named = "web.config" in source.name or "applicationhost" in source.name
    if holds and named and any(section in head for section in _SECTIONS):
        return Confidence.SHAPE
    return Confidence.NO


def parse(source: Source) -> Iterator[Item]:
    """Yield a record for every setting, or every line as unreadable if the file is malformed.

    Raises:
        ArtefactError: longer than 8 MiB, or more than 50,000 settings.
    """
    data = source.read(LARGEST)
    try:
        root = _tree(data)
    except (etree.XMLSyntaxError, _Refused) as error:
        yield from _unreadable(source, error)
        return
    for order, (element, fields) in enumerate(_settings(root)):
        if order >= MOST_SETTINGS:
            raise ArtefactError(
                f"holds more than {MOST_SETTINGS:,} settings",
                where=source.path,
                remedy="Look at this file by hand.",
            )
        yield Record(
            kind=KIND,
            locator=Locator(path=source.path, line=_line(element)),
            time=None,
            fields={**fields, "Order": str(order), **_scope(element)},
        )


# --- reading ----------------------------------------------------------------------------------


class _Refused(Exception):
    """XML that IIS would not take, with the line on which it goes wrong."""

    def __init__(self, why: str, lineno: int) -> None:
        super().__init__(why)
        self.lineno = lineno


def _tree(data: bytes) -> Element:
    encoding, mark = encoding_of(data[:512])
    if encoding != "utf-8":
        try:
            text = data[mark:].decode(encoding)
        except UnicodeDecodeError as error:
            raise _Refused(str(error), 1) from error
        data = _DECLARATION.sub("", text, count=1).encode()
    _refuse_declarations(data)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    root = etree.fromstring(data, parser)
    if root is None:
        raise _Refused("no element in it", 1)
    return root


def _refuse_declarations(data: bytes) -> None:
    """IIS takes no document type, and entities could expand without bound."""
    at = data.find(b"<!DOCTYPE")
    if at >= 0 and "<!DOCTYPE" in _COMMENT.sub("", decode(data)):
        raise _Refused("a document type declaration is not allowed here", data.count(b"\n", 0, at) + 1)


def _unreadable(source: Source, error: etree.XMLSyntaxError | _Refused) -> Iterator[Item]:
    broken = max(error.lineno or 1, 1)
    said = re.sub(r", line \d+, column \d+.*", "", str(error)) or "no element in it"
    lines = list(source.lines()) or [Line(1, "")]
    broken = min(broken, lines[-1].number)
    for line in lines:
        locator = Locator(path=source.path, line=line.number)
        if line.number == broken:
            why = f"{MALFORMED}{said}"
        elif line.text.strip():
            why = f"the file is malformed at line {broken}"
        else:
            yield Blank(kind=KIND, locator=locator)
            continue
        yield Unreadable(kind=KIND, locator=locator, why=why, text=line.text)


# --- settings ---------------------------------------------------------------------------------


def _settings(root: Element) -> Iterator[tuple[Element, Fields]]:
    yield root, {"Element": "document", "Name": _local(root)}
    for element in root.iter(etree.Element):
        parent = element.getparent()
        place = (_local(parent) if parent is not None else "", _local(element))
        reader = _READERS.get(place) or _READERS.get(("", place[1]))
        if reader and (fields := reader(element)):
            yield element, fields


def _line(element: Element) -> int | None:
    return cast("int | None", element.sourceline)  # the stubs leave its type open


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _scope(element: Element) -> Fields:
    start = element.getparent() if _local(element) == "location" else element
    around = next(start.iterancestors("{*}location"), None) if start is not None else None
    if around is None:
        return {"Location": None, "InheritInChildApplications": None}
    inherit = around.get("inheritInChildApplications")
    return {"Location": around.get("path", "."), "InheritInChildApplications": inherit and inherit.lower()}


def _child(element: Element, name: str) -> Element | None:
    return next((child for child in element.iterchildren(etree.Element) if _local(child) == name), None)


def _above(element: Element, name: str) -> str | None:
    return next((one.get("name" if name == "site" else "path") for one in element.iterancestors(name)), None)


def _of(name: str, **attributes: str) -> Callable[[Element], Fields]:
    """Make a reader that copies attributes: field name to attribute name."""

    def read(element: Element) -> Fields:
        return {"Element": name, **{field: element.get(source) for field, source in attributes.items()}}

    return read


def _collection(name: str, **attributes: str) -> Callable[[Element], Fields]:
    """Make a reader for one entry of a collection: ``add``, ``remove`` or ``clear``."""
    copy = _of(name, Name="name", **attributes)
    return lambda element: {**copy(element), "Op": _local(element)}


def _application(element: Element) -> Fields:
    fields = _of("application", Path="path", ApplicationPool="applicationPool")(element)
    return {**fields, "Site": _above(element, "site")}


def _virtual_directory(element: Element) -> Fields:
    fields = _of("virtual-directory", Path="path", PhysicalPath="physicalPath")(element)
    return {**fields, "Site": _above(element, "site"), "Application": _above(element, "application")}


def _log_file(element: Element) -> Fields:
    fields = _of(
        "site-log",
        Directory="directory",
        LogExtFileFlags="logExtFileFlags",
        LogFormat="logFormat",
        Period="period",
        Enabled="enabled",
        LogTargetW3C="logTargetW3C",
    )(element)
    return {**fields, "Name": _above(element, "site")}


def _pool(element: Element) -> Fields:
    return _of("application-pool", Name="name", AutoStart="autoStart", StartMode="startMode")(element)


def _rewrite_section(element: Element) -> Fields:
    source = element.get("configSource")
    return (
        {"Element": "rewrite-section", "Collection": _local(element), "ConfigSource": source}
        if source
        else {}
    )


def _rewrite_entry(element: Element) -> Fields:
    op = _local(element)
    above = [_local(one) for one in element.iterancestors()]
    if above[1:2] != ["rewrite"]:
        return {}
    fields: Fields = {
        "Element": "rewrite-rule",
        "Collection": above[0],
        "Op": "add" if op == "rule" else op,
        "Name": element.get("name"),
    }
    if op == "rule":
        fields |= _rule(element)
    return fields


def _rule(element: Element) -> Fields:
    match, action = _child(element, "match"), _child(element, "action")
    return {
        "Enabled": element.get("enabled"),
        "StopProcessing": element.get("stopProcessing"),
        "PatternSyntax": element.get("patternSyntax"),
        "PreCondition": element.get("preCondition"),
        **_attributes(match, _MATCH),
        **_attributes(action, _ACTION),
        **_conditions(_child(element, "conditions")),
    }


_MATCH = {
    "MatchUrl": "url",
    "MatchServerVariable": "serverVariable",
    "MatchPattern": "pattern",
    "MatchFilter": "filterByTags",
    "MatchNegate": "negate",
    "MatchIgnoreCase": "ignoreCase",
}
_ACTION = {"Action": "type", "ActionUrl": "url", "ActionValue": "value", "ActionStatus": "statusCode"}
_CONDITION = {
    "Input": "input",
    "Pattern": "pattern",
    "MatchType": "matchType",
    "Negate": "negate",
    "IgnoreCase": "ignoreCase",
}


def _attributes(element: Element | None, names: dict[str, str]) -> Fields:
    return {field: element.get(name) if element is not None else None for field, name in names.items()}


def _conditions(element: Element | None) -> Fields:
    if element is None:
        return {"ConditionGrouping": None, "Conditions": "0"}
    found = [one for one in element.iterchildren(etree.Element) if _local(one) == "add"]
    fields: Fields = {"ConditionGrouping": element.get("logicalGrouping"), "Conditions": str(len(found))}
    for number, one in enumerate(found[:MOST_CONDITIONS], 1):
        for field, value in _attributes(one, _CONDITION).items():
            fields[f"Condition{number}{field}"] = value
    return fields


def _precondition(element: Element) -> Fields:
    return {
        "Element": "rewrite-precondition",
        "Name": element.get("name"),
        "PatternSyntax": element.get("patternSyntax"),
        **_conditions(element),
    }


_OPS = ("add", "remove", "clear")
_RULES = ("rules", "globalRules", "outboundRules")
_GLOBAL_MODULE = _collection("global-module", Image="image")
_MODULE = _collection("module", Type="type")
_HANDLER = _collection(
    "handler", Path="path", Verb="verb", Modules="modules", Type="type", ScriptProcessor="scriptProcessor"
)

_READERS: dict[tuple[str, str], Callable[[Element], Fields]] = {
    ("configuration", "location"): _of("location", Name="path"),
    ("sites", "site"): _of("site", Name="name", Id="id", ServerAutoStart="serverAutoStart"),
    ("site", "application"): _application,
    ("application", "virtualDirectory"): _virtual_directory,
    ("site", "logFile"): _log_file,
    ("siteDefaults", "logFile"): _log_file,
    ("", "httpLogging"): _of("http-logging", DontLog="dontLog"),
    ("applicationPools", "add"): _pool,
    ("applicationPools", "applicationPoolDefaults"): _pool,
    ("", "extendedProtection"): _of("extended-protection", TokenChecking="tokenChecking", Flags="flags"),
    ("security", "access"): _of("ssl", SslFlags="sslFlags"),
    ("preConditions", "preCondition"): _precondition,
    **{("globalModules", op): _GLOBAL_MODULE for op in _OPS},
    **{("modules", op): _MODULE for op in _OPS},
    **{("handlers", op): _HANDLER for op in _OPS},
    **{("rewrite", rules): _rewrite_section for rules in _RULES},
    **{(rules, op): _rewrite_entry for rules in _RULES for op in ("rule", "remove", "clear")},
}
