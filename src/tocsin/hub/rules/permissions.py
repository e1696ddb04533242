"""What a program's token may reach, and which of that each role may hand out."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from tocsin.hub.rules.words import Role


class Scope(StrEnum):
    """An area and whether it may be changed. Reading never shows more than the token's person sees."""

    CONSTITUENCY_READ = "constituency:read"
    CONSTITUENCY_WRITE = "constituency:write"
    CAMPAIGNS_READ = "campaigns:read"
    CAMPAIGNS_WRITE = "campaigns:write"
    CENSUS_READ = "census:read"
    CENSUS_WRITE = "census:write"
    EXPOSURE_READ = "exposure:read"
    EXPOSURE_WRITE = "exposure:write"
    SITUATION_READ = "situation:read"
    OUTBOX_READ = "outbox:read"
    OWNERS_READ = "owners:read"
    OWNERS_WRITE = "owners:write"
    CASES_READ = "cases:read"
    CASES_WRITE = "cases:write"
    NOTICES_READ = "notices:read"
    NOTICES_WRITE = "notices:write"
    ADVISORIES_READ = "advisories:read"
    ADVISORIES_WRITE = "advisories:write"
    DIRECTIVES_READ = "directives:read"
    DIRECTIVES_WRITE = "directives:write"
    INCIDENTS_READ = "incidents:read"
    INCIDENTS_WRITE = "incidents:write"
    RELAY_READ = "relay:read"
    RELAY_WRITE = "relay:write"
    STREAMS_READ = "streams:read"
    STREAMS_WRITE = "streams:write"
    TOKENS_READ = "tokens:read"
    TOKENS_WRITE = "tokens:write"


READS = frozenset(scope for scope in Scope if scope.endswith(":read"))
WRITERS = frozenset({Role.ADMINISTRATOR, Role.ANALYST})
OWN = frozenset({Scope.RELAY_WRITE, Scope.STREAMS_WRITE, Scope.CASES_WRITE})
"""What members of organisations change: answers about their slices, webhooks about their own servers, and
claims of removal of their own cases."""


def grantable(role: str) -> frozenset[Scope]:
    """The scopes that a person of this role may give to a token of his."""
    if role in WRITERS:
        return frozenset(Scope)
    return READS | OWN if role == Role.MEMBER else READS


def sound_scopes(wanted: Iterable[str], role: str) -> list[str]:
    """The scopes, sorted, without what the role may not give or nobody knows."""
    return sorted(set(wanted) & {str(scope) for scope in grantable(role)})


def allows(scopes: Iterable[str], needed: str, role: str) -> bool:
    """Whether a token with these scopes may do this now: its person may have lost a role since."""
    return needed in set(scopes) and needed in grantable(role)
