"""HttpProxy: one row for each request that the front end handled, by protocol and hour.

74 columns on Exchange 2016 and 2019; 54 on Exchange 2013, one of them without a name. Times are UTC,
to the millisecond, of the end of a request. Commas in user agents become spaces.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta

from tocsin.exercise.rolling import Rolling, cell, exchange_head, hour_of, spoken_version, stamp
from tocsin.exercise.story import Request, Trace
from tocsin.exercise.workshop import Workshop

FIELDS = (
    "DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,ClientRequestId,Protocol,UrlHost,"
    "UrlStem,ProtocolAction,AuthenticationType,IsAuthenticated,AuthenticatedUser,Organization,AnchorMailbox,"
    "UserAgent,ClientIpAddress,ServerHostName,HttpStatus,BackEndStatus,ErrorCode,Method,ProxyAction,TargetServer,"
    "TargetServerVersion,RoutingType,RoutingHint,BackEndCookie,ServerLocatorHost,ServerLocatorLatency,RequestBytes,"
    "ResponseBytes,TargetOutstandingRequests,AuthModulePerfContext,HttpPipelineLatency,"
    "CalculateTargetBackEndLatency,GlsLatencyBreakup,TotalGlsLatency,AccountForestLatencyBreakup,"
    "TotalAccountForestLatency,ResourceForestLatencyBreakup,TotalResourceForestLatency,ADLatency,"
    "SharedCacheLatencyBreakup,TotalSharedCacheLatency,ActivityContextLifeTime,ModuleToHandlerSwitchingLatency,"
    "ClientReqStreamLatency,BackendReqInitLatency,BackendReqStreamLatency,BackendProcessingLatency,"
    "BackendRespInitLatency,BackendRespStreamLatency,ClientRespStreamLatency,KerberosAuthHeaderLatency,"
    "HandlerCompletionLatency,RequestHandlerLatency,HandlerToModuleSwitchingLatency,ProxyTime,CoreLatency,"
    "RoutingLatency,HttpProxyOverhead,TotalRequestTime,RouteRefresherLatency,UrlQuery,BackEndGenericInfo,"
    "GenericInfo,GenericErrors,EdgeTraceId,DatabaseGuid,UserADObjectGuid,PartitionEndpointLookupLatency,"
    "RoutingStatus"
)
OLD_FIELDS = (
    "DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,ClientRequestId,Protocol,UrlStem,"
    "ProtocolAction,AuthenticationType,IsAuthenticated,AuthenticatedUser,Organization,AnchorMailbox,UserAgent,"
    "ClientIpAddress,ServerHostName,HttpStatus,BackEndStatus,ErrorCode,Method,ProxyAction,TargetServer,,"
    "TargetServerVersion,RoutingHint,BackEndCookie,ServerLocatorHost,ServerLocatorLatency,RequestBytes,"
    "ResponseBytes,TargetOutstandingRequests,AuthModulePerfContext,HttpPipelineLatency,"
    "CalculateTargetBackEndLatency,GlsLatencyBreakup,TotalGlsLatency,AccountForestLatencyBreakup,"
    "TotalAccountForestLatency,ResourceForestLatencyBreakup,TotalResourceForestLatency,ADLatency,"
    "ActivityContextLifeTime,ModuleToHandlerSwitching,FirstResponseByteReceived,ProxyTime,RequestHandlerLatency,"
    "HandlerToModuleSwitching,HttpProxyOverhead,TotalRequestTime,UrlQuery,GenericInfo,GenericErrors"
)
_LARGEST = 10_000_000
_BARE_HEADS = 0.1
"""So many files have the column names again as a row of their own."""
_REFUSALS = {
    "en": "The remote server returned an error: ({status}).",
    "fr": "Le serveur distant a retourné une erreur : ({status}).",
    "de": "Der Remoteserver hat einen Fehler zurückgegeben: ({status}).",
    "es": "Error en el servidor remoto: ({status}).",
}
_AUTHENTICATION = {
    "Owa": "FBA",
    "Ecp": "FBA",
    "Eas": "Basic",
    "PowerShell": "Kerberos",
    "Autodiscover": "NTLM",
}
_HINTS = {"Mapi": "MailboxGuidWithDomain", "PowerShell": "ExchClientVer-ServerCookie"}
_OLD = "15.0"
_REFUSED_FROM, _ERROR_FROM = 300, 400


class _Build:
    """How a build shows in the rows of a day."""

    def __init__(self, build: str) -> None:
        major, minor, number, revision = build.split(".")
        self.old = build.startswith(f"{_OLD}.")
        self.version = spoken_version(build)
        self.cells = f"{major},{minor},{number},{revision}"
        self.target = spoken_version(f"{major}.{minor}.{number}.0")
        packed = 7 << 28 | int(major) << 22 | int(minor) << 16 | 1 << 15 | int(number)
        self.known_as = f"BEVersion-{packed}"


class HttpProxy:
    """Writes ``HttpProxy/<protocol>/HttpProxy_<hour>-<n>.LOG``."""

    KINDS = ("exchange.httpproxy",)

    def __init__(self, workshop: Workshop) -> None:
        """Take what is shared."""
        self._workshop = workshop
        self._first = workshop.reaches_back_to
        self._dice = workshop.dice.stream("httpproxy")
        self._logs: dict[str, Rolling] = {}
        self._day: date | None = None
        self._build = _Build(workshop.running_at(workshop.scenario.collected))
        self._database = self._dice.guid()
        server = workshop.scenario.server
        self._name = server.name
        self._target = f"{server.name}.{server.domain}".lower()
        where = f"{server.domain}%40{server.domain}"
        self._entry = f"DatabaseGuid:{self._database}%40{where} Server:{self._target}+"
        self._refusal = _REFUSALS.get(server.language[:2].lower(), _REFUSALS["en"])

    def take(self, trace: Trace) -> None:
        """Write a request that the front end handled."""
        if not isinstance(trace, Request) or not (trace.proxied and trace.front):
            return
        if trace.at < self._first:
            return
        if trace.at.date() != self._day:
            self._day = trace.at.date()
            self._build = _Build(self._workshop.running_at(trace.at))
        log = self._logs.get(trace.protocol) or self._open(trace.protocol)
        row = self._old_row(trace) if self._build.old else self._row(trace)
        path, line = log.line(trace.at, hour_of(trace.at), row)
        self._workshop.ledger.note(trace, kind="exchange.httpproxy", path=path, line=line)

    def close(self) -> None:
        """Close the open files."""
        for log in self._logs.values():
            log.close()

    def _open(self, protocol: str) -> Rolling:
        folder = f"{self._workshop.exchange}/Logging/HttpProxy/{protocol}"
        log = Rolling(
            self._workshop.tree,
            lambda key, number: f"{folder}/HttpProxy_{key}-{number}.LOG",
            self._head,
            largest=_LARGEST,
        )
        self._logs[protocol] = log
        return log

    def _head(self, at: datetime) -> tuple[str, ...]:
        fields = OLD_FIELDS if self._build.old else FIELDS
        head = exchange_head(at, version=self._build.version, log_type="HttpProxy Logs", fields=fields)
        return (*head, fields) if self._dice.chance(_BARE_HEADS) else head

    def _row(self, trace: Request) -> str:
        taken, end = trace.taken_ms, stamp(trace.at)
        answered = _answered(trace)
        proxy = self._proxied(trace) if answered else f"{',' * 8}{trace.request_bytes}{',' * 14}"
        times = self._times(taken) if answered else f",{taken}{',' * 13},0,,0,{taken}"
        database = f"|RoutingDB:{self._database}" if answered and trace.user else ""
        return (
            f"{end},{trace.ident},{self._build.cells},{_client_request(trace)},{trace.protocol},"
            f"{cell(trace.host)},{cell(trace.stem)},,{self._identity(trace)},{_agent(trace)},{trace.client},"
            f"{self._name},{trace.status},{_back(trace)},,{trace.method},{proxy}{times},,{_url_query(trace)},,"
            f"{cell(self._info(trace, end, answered=answered))},{cell(self._errors(trace))},,{database},,,"
            f"{'CafeV1' if answered else ''}"
        )

    def _proxied(self, trace: Request) -> str:
        """Give ProxyAction to TotalSharedCacheLatency."""
        target = self._target
        if trace.anchor.startswith("ServerInfo~"):
            target = trace.anchor.removeprefix("ServerInfo~").partition(":")[0].partition("/")[0]
        hint = trace.routing_hint or _HINTS.get(trace.protocol, "WindowsIdentity" if trace.user else "Server")
        cookie = self._cookie(trace)
        return (
            f"Proxy,{cell(target)},{self._build.target},IntraForest,{hint},{cookie},,,"
            f"{trace.request_bytes},{trace.response_bytes},,,0,{trace.taken_ms % 3},,0,,0,,0,0,,0"
        )

    def _cookie(self, trace: Request) -> str:
        if not trace.user or not trace.backend or trace.anchor:
            return ""
        until = trace.at + timedelta(days=30)
        domain = self._workshop.scenario.server.domain
        return f"Database~{self._database}~~{until.isoformat('T', 'seconds')[:19]}~{domain}~1"

    @staticmethod
    def _times(taken: int) -> str:
        """Give ActivityContextLifeTime to TotalRequestTime."""
        back = max(taken - 2, 0)
        return f",{taken},0,1,0,0,{back},0,0,0,0,0,{taken},0,{back},1,1,1,{taken}"

    def _identity(self, trace: Request) -> str:
        """Give AuthenticationType to AnchorMailbox."""
        domain = self._workshop.scenario.server.domain
        kind = _AUTHENTICATION.get(trace.protocol, "Negotiate")
        known = "true" if trace.user else "false"
        organisation = domain if trace.user and trace.protocol == "Mapi" else ""
        return f"{kind},{known},{cell(trace.user)},{organisation},{cell(trace.anchor or _anchor(trace))}"

    def _info(self, trace: Request, end: str, *, answered: bool) -> str:
        start = stamp(trace.at - timedelta(milliseconds=trace.taken_ms))
        begin = f"BeginRequest={start};CorrelationID=<empty>;"
        if not answered:
            reason = "NoCookies=302 - GET/E14AuthPost;" if trace.status == 302 else ""  # noqa: PLR2004 - HTTP
            return f"{begin}SharedCacheGuard=0;{reason}EndRequest={end};"
        sent = f"RoutingEntry={self._entry}{self._build.known_as[10:]};" if trace.user else ""
        if trace.method == "POST":
            sent += f"BeginGetRequestStream={start};OnRequestStreamReady={start};"
        return (
            f"{begin}ProxyState-Run=None;FEAuth={self._build.known_as};{sent}BeginGetResponse={start};"
            f"OnResponseReady={end};EndGetResponse={end};ProxyState-Complete=ProxyResponseData;"
            f"SharedCacheGuard=0;EndRequest={end};"
        )

    def _errors(self, trace: Request) -> str:
        if trace.error or trace.backend_status is None or trace.backend_status < _ERROR_FROM:
            return trace.error
        said = self._refusal.format(status=trace.backend_status)
        return (
            f"WebExceptionStatus=ProtocolError;ResponseStatusCode={trace.backend_status};"
            f"WebException=System.Net.WebException: {said}    "
            "System.Net.HttpWebRequest.EndGetResponse(IAsyncResult asyncResult)    "
            "Microsoft.Exchange.HttpProxy.ProxyRequestHandler.<>c__DisplayClass197_0.<OnResponseReady>b__0();"
        )

    def _old_row(self, trace: Request) -> str:
        """Give a row of Exchange 2013: GUID without dashes, ``True``, no host."""
        answered = _answered(trace)
        target = f"Proxy,{self._target},,{self._build.target}" if answered else ",,,"
        hint = trace.routing_hint or ("CommonAccessToken-Windows" if trace.user else "")
        kind = _AUTHENTICATION.get(trace.protocol, "Negotiate")
        taken = trace.taken_ms
        return (
            f"{stamp(trace.at)},{trace.ident.replace('-', '')},{self._build.cells},{_client_request(trace)},"
            f"{trace.protocol},{cell(trace.stem)},,{kind},{bool(trace.user)},{cell(trace.user)},,"
            f"{cell(trace.anchor or _anchor(trace))},{_agent(trace)},{trace.client},{self._name},"
            f"{trace.status},{_back(trace)},,{trace.method},{target},{hint},,,,"
            f"{trace.request_bytes},{trace.response_bytes},1,,{taken % 15},2,,0,1;,1,,0,1,"
            f"{taken},{taken % 60},{taken},{taken},{taken},0,{taken % 70},{taken},"
            f"{_url_query(trace)},OnBeginRequest=0;CorrelationID=<empty>;,{cell(self._errors(trace))}"
        )


def _answered(trace: Request) -> bool:
    """Tell whether the request was handed on: to the back end, or for a probe to the threshold of it."""
    reached = trace.backend or trace.backend_status is not None
    return reached or (bool(trace.user) and trace.status < _REFUSED_FROM)


def _client_request(trace: Request) -> str:
    """Give what Outlook calls its request; stable for a session, as is the ident that it is made from."""
    if trace.protocol != "Mapi":
        return ""
    ident, number = trace.ident, int(trace.ident[:4], 16)
    call = "Execute" if number % 5 else "NotificationWait"
    return f"R:{ident}:{number};RT:{call};CI:{ident[::-1]}:{number % 900};CID:{ident[9:]}{ident[:9]}"


def _agent(trace: Request) -> str:
    return trace.agent.replace(",", " ").replace('"', "'")


def _back(trace: Request) -> str:
    if trace.backend_status is not None:
        return str(trace.backend_status)
    return str(trace.status) if trace.backend else ""


def _url_query(trace: Request) -> str:
    return cell(f"?{trace.query}") if trace.query else ""


def _anchor(trace: Request) -> str:
    """Give the anchor of an honest request: the mailbox of who signed in, always the same one."""
    if not trace.user:
        return "ServerVersion~Version 15.0 (Build 0.0)" if trace.backend else ""
    digest = hashlib.sha256(trace.user.encode()).hexdigest()
    if trace.protocol == "Mapi":
        return f"MailboxGuid~{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"
    return f"Sid~S-1-5-21-1004336348-1177238915-682003330-{1100 + int(digest[:4], 16) % 60000}"
