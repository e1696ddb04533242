"""What a finding's record tells beyond the rule: the page, the host, the token, the file named.

These details let the assessment join findings from different logs: they are added to the finding
once, where the record is still at hand.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from tocsin.detections.pages import is_tasking, own_query, page_of
from tocsin.detections.tokens import token_in
from tocsin.evidence.server_pages import is_server_page, server_pages_in
from tocsin.evidence.web_roots import url_of
from tocsin.model.findings import Finding
from tocsin.model.records import Record
from tocsin.packs.logsources import WEB_KINDS

_LONGEST = 500
_FILE_KINDS = {"web.file": "Path", "exchange.vdir-dump": "File"}
_NAMING_FIELDS = ("TargetFilename", "Parameters", "CMD", "CommandLine", "Text", "Data", "Message", "Path")


def with_traces(finding: Finding, record: Record) -> Finding:
    """Give the finding with the details that its record adds; the rule's own details stay."""
    found = dict(_traces(record))
    if not found:
        return finding
    cut = {key: value[:_LONGEST] for key, value in found.items() if value}
    return replace(finding, details={**cut, **finding.details})


def _traces(record: Record) -> Iterator[tuple[str, str]]:
    if record.kind in WEB_KINDS:
        yield from _request(record)
    elif record.kind in _FILE_KINDS:
        path = record.fields.get(_FILE_KINDS[record.kind]) or record.locator.path
        if is_server_page(
            path.replace("\\", "/").lower()
        ):  # an export, a note or an encrypted file runs nowhere
            yield from _shell(path, record.fields.get("Url"))
        yield "ScriptPresent", record.fields.get("ScriptPresent") or ""
    elif record.kind == "aspnet.compiled":
        yield "shell_url", (record.fields.get("VirtualPath") or "").lower()
    else:
        yield from _named_page(record)
    yield from _token(record)


def _request(record: Record) -> Iterator[tuple[str, str]]:
    fields = record.fields
    yield "page", page_of(fields.get("cs-uri-stem") or "") or ""
    yield "host", fields.get("UrlHost") or fields.get("cs-host") or ""
    yield "method", fields.get("cs-method") or ""
    yield "status", fields.get("sc-status") or ""
    yield "user_agent", fields.get("cs-user-agent") or ""
    yield "query", own_query(fields.get("cs-uri-query"))
    yield "tasked", "yes" if is_tasking(record) else ""


def _shell(path: str, url: str | None) -> Iterator[tuple[str, str]]:
    yield "shell_path", path
    yield "shell_url", (url or url_of(path) or "").lower()


def _named_page(record: Record) -> Iterator[tuple[str, str]]:
    for field in _NAMING_FIELDS:
        pages = server_pages_in(record.fields.get(field) or "")
        if pages:
            yield from _shell(pages[0], None)
            return


def _token(record: Record) -> Iterator[tuple[str, str]]:
    for value in record.fields.values():
        if value and "x-rps-cat=" in value.lower():
            token = token_in(value)
            if token:
                yield "impersonated_user", token.logon
                yield "impersonated_sid", token.sid
                yield "impersonated_groups", " ".join(token.groups)
            return
