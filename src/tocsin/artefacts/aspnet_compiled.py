r"""Compiled server pages in ``Temporary ASP.NET Files``: each ``.compiled`` file names its page.

IIS writes it when a page is first asked for, and it outlives the page: a web shell that was removed
may still be named here.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from tocsin.errors import ArtefactError
from tocsin.evidence.heads import head_lines
from tocsin.evidence.source import Source
from tocsin.model.places import Locator
from tocsin.model.records import Item, Record
from tocsin.model.words import Confidence

KIND = "aspnet.compiled"
LINES = False
FOUND_AT = ("**/temporary asp.net files/**/*.compiled", "**/*.compiled")

_LONGEST = 1 << 20
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
_ATTRIBUTES = {"VirtualPath": "virtualPath", "Assembly": "assembly", "Type": "type"}


def recognise(source: Source) -> Confidence:
    """SIGNATURE for the ``preserve`` element with a result type, LOCATION for the name alone."""
    named = source.name.endswith(".compiled")
    head = "\n".join(head_lines(source.head))
    if "<preserve" in head and ("resultType" in head or "virtualPath" in head):
        return Confidence.SIGNATURE if named else Confidence.SHAPE
    return Confidence.LOCATION if named else Confidence.NO


def parse(source: Source) -> Iterator[Item]:
    """Yield one record. ``SourceFile`` holds every file that the page was made of, one a line.

    Raises:
        ArtefactError: the file is too long or not well-formed.
    """
    try:
        root = etree.fromstring(source.read(_LONGEST), _PARSER)
    except (etree.XMLSyntaxError, ValueError) as fault:
        raise ArtefactError(f"not a readable .compiled file: {fault}", where=source.path) from fault
    if str(root.tag).rpartition("}")[2] != "preserve":
        raise ArtefactError(f"a <preserve> element should stand here, not <{root.tag}>", where=source.path)
    fields = {name: root.get(attribute) or None for name, attribute in _ATTRIBUTES.items()}
    files = [dep.get("name") or "" for dep in root.iterfind(".//{*}filedep")]
    fields["SourceFile"] = "\n".join(filter(None, files)) or None
    fields["Modified"] = source.modified.isoformat() if source.modified else None
    yield Record(kind=KIND, locator=Locator(path=source.path), time=None, fields=fields)
