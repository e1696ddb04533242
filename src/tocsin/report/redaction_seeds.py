"""What the document itself names as user, host, mailbox or person: the seeds of redaction."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from tocsin.model.findings import Finding
from tocsin.model.verdicts import Assessment, Verdict


class Seed(Struct, frozen=True):
    """A secret value. ``kind``: ``user``, ``host`` or ``mailbox``."""

    kind: str
    value: str


_USER_FIELDS = frozenset(
    {
        "account",
        "accountname",
        "actasuser",
        "authenticateduser",
        "cs-username",
        "displayname",
        "impersonateduser",
        "logonuser",
        "owner",
        "samaccountname",
        "subjectdomainname",
        "subjectusername",
        "targetdomainname",
        "targetusername",
        "user",
        "userid",
        "username",
        "userprincipalname",
    }
)
_HOST_FIELDS = frozenset(
    {
        "backendserver",
        "clienthost",
        "computer",
        "computername",
        "cs-host",
        "fqdn",
        "host",
        "hostname",
        "machinename",
        "s-computername",
        "server",
        "servername",
        "targetserver",
        "targetservername",
        "urlhost",
        "workstation",
        "workstationname",
        "x-calculatedbetarget",
        "x-feserver",
    }
)
_MAILBOX_FIELDS = frozenset({"mailbox", "mailboxowner", "smtpaddress", "primarysmtpaddress", "legacydn"})

_CANONICAL = re.compile(r"([\w.-]+\.[\w-]+)/(?:[^/]+/)*([^/]+)\Z")
"""``contoso.example/Users/Alice Example``: how Active Directory names an object in logs."""


def collect(assessment: Assessment) -> Iterator[Seed]:
    """Give the seeds in the order in which a reader meets them."""
    yield from _host(assessment.server.name)
    custody = assessment.evidence.custody
    yield from _host(custody.host or "")
    held = (who for each in custody.transfers for who in (each.giver, each.receiver))
    for person in (custody.collector, *held):
        yield from _user(person or "")
    for verdict in assessment.verdicts:
        yield from _of_verdict(verdict)


def _of_verdict(verdict: Verdict) -> Iterator[Seed]:
    for box in verdict.impact.mailboxes:
        yield from _mailbox(box.mailbox)
    for cluster in verdict.clusters:
        for run in cluster.runs:
            for host in run.hosts:
                yield from _host(host)
    for finding in verdict.findings:
        yield from _of_finding(finding)


def _of_finding(finding: Finding) -> Iterator[Seed]:
    for key, value in sorted(finding.details.items()):
        name = key.casefold().replace("_", "")
        if name in _USER_FIELDS:
            yield from _user(value)
        elif name in _HOST_FIELDS:
            yield from _host(value)
        elif name in _MAILBOX_FIELDS:
            yield from _mailbox(value)


def _user(value: str) -> Iterator[Seed]:
    canonical = _CANONICAL.fullmatch(value.strip())
    if canonical:
        yield Seed("host", canonical[1])
        yield Seed("user", canonical[2])
        return
    domain, _, name = value.strip().rpartition("\\")
    if domain:
        yield Seed("domain", domain.rstrip("\\"))
    yield Seed("user", name)


def _host(value: str) -> Iterator[Seed]:
    name = value.strip().strip("\\/.")
    bare, colon, port = name.rpartition(":")
    yield Seed("host", bare if colon and port.isdigit() and ":" not in bare else name)


def _mailbox(value: str) -> Iterator[Seed]:
    name = value.strip()
    if not name.startswith("("):  # our own words in brackets: the log names none
        yield Seed("mailbox", name)
