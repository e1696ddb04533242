r"""An assessment that can be shared: people, hosts and inner addresses become tokens, everywhere.

The same value gives the same token within one report, whatever field or path it stands in, and case does
not matter: ``user-1``, ``mailbox-2@redacted.example``, ``host-3``, ``domain-1``, ``internal-4``, ``sid-1``.
Two sources tell what is secret: what the document itself names as user, host or mailbox (``seeds``), and
shapes that always are (mail addresses, ``DOMAIN\user``, profile paths, inner addresses, SIDs). Addresses
from outside stay, and so do ids, hashes, rule names and authors: they are what a report is shared for.

Account names that every Windows has (SYSTEM, Administrator) and host names that everyone uses (mail,
exchange) say nothing by themselves and stay where they stand alone in a text.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import fields, replace

from tocsin.model.coverage import ArtefactCoverage, Missing
from tocsin.model.examined import Alike, CodePath, Excerpt, Piece, ShellExamination
from tocsin.model.findings import Benign, Finding
from tocsin.model.verdicts import (
    Assessment,
    Cluster,
    ConsistentWith,
    Custody,
    EvidenceInfo,
    KeyDate,
    MailboxImpact,
    MitigationSeen,
    NextStep,
    PackInfo,
    RungShown,
    ToolInfo,
    Verdict,
    WebShell,
)
from tocsin.report.redaction_seeds import collect
from tocsin.report.redaction_tokens import Tokens

_KEPT: dict[type[Struct], frozenset[str]] = {
    Assessment: frozenset({"schema"}),
    ToolInfo: frozenset({"name", "version"}),
    PackInfo: frozenset({"id", "version", "sha256"}),
    EvidenceInfo: frozenset({"sha256"}),
    Custody: frozenset({"manifest_sha256"}),
    Finding: frozenset({"id", "rule", "author", "rung", "kind"}),
    Benign: frozenset({"rule"}),
    Cluster: frozenset({"id", "role", "finding_ids"}),
    ConsistentWith: frozenset({"intrusion_set", "source", "disputed_by"}),
    MitigationSeen: frozenset({"id", "title", "protects", "caveats"}),
    MailboxImpact: frozenset({"finding_ids"}),
    WebShell: frozenset({"sha256"}),
    ShellExamination: frozenset(
        {"sha256", "language", "encoding", "verdict", "state_reason", "family", "capabilities", "sketch"}
    ),
    CodePath: frozenset({"source", "capability"}),
    Alike: frozenset({"sha256"}),
    RungShown: frozenset({"id", "title", "finding_ids", "would_show", "strand"}),
    KeyDate: frozenset({"what", "source"}),
    NextStep: frozenset({"id", "text", "audience"}),
    ArtefactCoverage: frozenset({"kind"}),
    Missing: frozenset({"kind", "why_wanted"}),
    Verdict: frozenset({"campaign", "cves", "rung", "title", "folded"}),
}
"""Fields that come from the tool and its packs, or are digests: no evidence text stands in them."""

_Value = TypeVar("_Value")


def redact(assessment: Assessment) -> Assessment:
    """Give the assessment without the names of people, hosts and inner addresses.

    Equal inputs give equal outputs, and redacting twice gives what redacting once gave.
    """
    tokens = Tokens()
    for seed in collect(assessment):
        tokens.add(seed)
    return _redacted(assessment, tokens)


def _redacted(value: _Value, tokens: Tokens) -> _Value:
    result: Any = _walk(value, tokens)
    return result  # type: ignore[no-any-return]


def _walk(value: Any, tokens: Tokens) -> Any:
    if isinstance(value, (Enum, datetime)):
        return value
    if isinstance(value, str):
        return tokens.replace(value)
    if isinstance(value, Excerpt):
        return _excerpt(value, tokens)
    if isinstance(value, Struct):
        return _struct(value, tokens)
    if isinstance(value, tuple):
        return tuple(_walk(each, tokens) for each in value)
    if isinstance(value, dict):
        return {tokens.replace(key): _walk(each, tokens) for key, each in value.items()}
    return value


def _excerpt(excerpt: Excerpt, tokens: Tokens) -> Excerpt:
    """A name may stand across pieces: the line is looked at, and marked, as a whole if it held one."""
    text = tokens.replace(excerpt.text)
    if text == excerpt.text:
        return excerpt
    return Excerpt(line=excerpt.line, pieces=(Piece(text=text, marked=True),))


def _struct(value: Struct, tokens: Tokens) -> Struct:
    kept = _KEPT.get(type(value), frozenset())
    names = [each.name for each in fields(value) if each.name not in kept]
    return replace(value, **{name: _walk(getattr(value, name), tokens) for name in names})
