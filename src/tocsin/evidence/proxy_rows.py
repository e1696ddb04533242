"""The columns of Exchange's HttpProxy log: their names, their aliases in excerpts, their web names.

Columns: header of Exchange 2016 (15.01.2375).
"""

from __future__ import annotations

from tocsin.evidence.delimited import squeeze

_COLUMN_TEXT = """
DateTime RequestId MajorVersion MinorVersion BuildVersion RevisionVersion ClientRequestId Protocol
UrlHost UrlStem ProtocolAction AuthenticationType IsAuthenticated AuthenticatedUser Organization
AnchorMailbox UserAgent ClientIpAddress ServerHostName HttpStatus BackEndStatus ErrorCode Method
ProxyAction TargetServer TargetServerVersion RoutingType RoutingHint BackEndCookie ServerLocatorHost
ServerLocatorLatency RequestBytes ResponseBytes TargetOutstandingRequests AuthModulePerfContext
HttpPipelineLatency CalculateTargetBackEndLatency GlsLatencyBreakup TotalGlsLatency
AccountForestLatencyBreakup TotalAccountForestLatency ResourceForestLatencyBreakup
TotalResourceForestLatency ADLatency SharedCacheLatencyBreakup TotalSharedCacheLatency
ActivityContextLifeTime ModuleToHandlerSwitchingLatency ClientReqStreamLatency BackendReqInitLatency
BackendReqStreamLatency BackendProcessingLatency BackendRespInitLatency BackendRespStreamLatency
ClientRespStreamLatency KerberosAuthHeaderLatency HandlerCompletionLatency RequestHandlerLatency
HandlerToModuleSwitchingLatency ProxyTime CoreLatency RoutingLatency HttpProxyOverhead
TotalRequestTime RouteRefresherLatency UrlQuery BackEndGenericInfo GenericInfo GenericErrors
EdgeTraceId DatabaseGuid UserADObjectGuid PartitionEndpointLookupLatency RoutingStatus
"""
COLUMNS: tuple[str, ...] = tuple(_COLUMN_TEXT.split())
"""In the order of the log."""

_ALIASES = {
    "DateTime": "timestamp time tidspunkt tid tidsstempel zeit zeitstempel horodatage dato date datotid",
    "RequestId": "cafereqid",
    "UrlHost": "hostname host vertsnavn hôte hote",
    "UrlStem": "urlpath path url uri uristem urlsti sti pfad chemin",
    "UrlQuery": "query querystring uriquery",
    "UserAgent": "agent brukeragent ua",
    "HttpStatus": "httpstatuskode httpstatuscode statuscode statuskode status httpcode codehttp",
    "Method": "httpmetode httpmethod metode methode méthode méthodehttp verb httpverb",
    "ClientIpAddress": "clientip ip ipaddress ipadresse klientip sourceip srcip remoteip adresseip",
    "AuthenticatedUser": "user username bruker brukernavn",
    "ServerHostName": "server servername servernavn computername",
    "BackEndCookie": "backendcookie",
}
PROXY_NAMES = {squeeze(name): name for name in COLUMNS} | {
    alias: name for name, aliases in _ALIASES.items() for alias in aliases.split()
}
"""Squeezed name or alias to the column."""

TELLING = frozenset(
    {"urlstem", "anchormailbox", "routinghint", "backendcookie", "proxyaction", "targetserverversion"}
)

_WEB = (
    ("cs-method", "Method"),
    ("cs-username", "AuthenticatedUser"),
    ("cs-user-agent", "UserAgent"),
    ("cs-host", "UrlHost"),
    ("c-ip", "ClientIpAddress"),
    ("sc-status", "HttpStatus"),
)


WEB_SPELLINGS = {**dict(_WEB), "cs-uri-stem": "UrlStem"}
"""The web names of columns, as far as the values are the same where the log has a column for the query."""


def spell_request(fields: dict[str, str | None], _text: str = "") -> None:
    """Add the names that web servers use; a query stands in its column, or in an excerpt in the path."""
    for web, own in _WEB:
        if own in fields:
            fields[web] = fields[own]
    stem, query = fields.get("UrlStem"), fields.get("UrlQuery")
    if stem and "?" in stem and "UrlQuery" not in fields:
        stem, _, query = stem.partition("?")
    if "UrlStem" in fields:
        fields["cs-uri-stem"] = stem
    if query or "UrlQuery" in fields:
        fields["cs-uri-query"] = (query or "").removeprefix("?") or None
