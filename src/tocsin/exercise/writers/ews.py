"""EWS: one row for each call that the back end's web services answered, in hourly files.

92 columns on Exchange 2016 and 2019; 72 on Exchange 2013, which has no ``Ring`` and ends at ``Puid``.
Who signed in stands under the mail address, computers as realm and name; the column ``ImpersonatedUser``
repeats it where nobody is impersonated. What the front end asks in its own name, as it does for a forged
request, comes from the server's computer account, and the mailbox that is opened stands in
``ImpersonatedUser`` and ``ActAsUser``.
``ResponseSize`` stays empty: how much was answered, only the front end tells.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from tocsin.exercise.rolling import Rolling, exchange_head, hour_of, spoken_version, stamp
from tocsin.exercise.story import Request, Trace
from tocsin.exercise.workshop import Workshop

FIELDS = (
    "DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,Ring,ClientRequestId,"
    "AuthenticationType,IsAuthenticated,AuthenticatedUser,Organization,UserAgent,VersionInfo,ClientIpAddress,"
    "ServerHostName,FrontEndServer,SoapAction,HttpStatus,RequestSize,ResponseSize,ErrorCode,ImpersonatedUser,"
    "ProxyAsUser,ActAsUser,Cookie,CorrelationGuid,PrimaryOrProxyServer,TaskType,RemoteBackendCount,"
    "LocalMailboxCount,RemoteMailboxCount,LocalIdCount,RemoteIdCount,BeginBudgetConnections,EndBudgetConnections,"
    "BeginBudgetHangingConnections,EndBudgetHangingConnections,BeginBudgetAD,EndBudgetAD,BeginBudgetCAS,"
    "EndBudgetCAS,BeginBudgetRPC,EndBudgetRPC,BeginBudgetFindCount,EndBudgetFindCount,BeginBudgetSubscriptions,"
    "EndBudgetSubscriptions,MDBResource,MDBHealth,MDBHistoricalLoad,ThrottlingPolicy,ThrottlingDelay,"
    "ThrottlingRequestType,TotalDCRequestCount,TotalDCRequestLatency,TotalMBXRequestCount,TotalMBXRequestLatency,"
    "RecipientLookupLatency,ExchangePrincipalLatency,HttpPipelineLatency,CheckAccessCoreLatency,"
    "AuthModuleLatency,CallContextInitLatency,PreExecutionLatency,CoreExecutionLatency,TotalRequestTime,"
    "DetailedExchangePrincipalLatency,ClientStatistics,GenericInfo,AuthenticationErrors,GenericErrors,Puid,"
    "StartTime,ProcessId,TimeInGC,StartTotalMemory,EndTotalMemory,StartGCCounts,EndGCCounts,"
    "TokenBasedThrottlingPolicy,BudgetKey,CoinsCharged,CoinsChargedMethod,SidBudgetInfo,AppBudgetInfo,"
    "TenantBudgetInfo,ResourceAccessed,ResourceHealthBasedThreshold,ThrottledBy,BackoffHint,WorkClassification"
)
OLD_FIELDS = FIELDS.partition(",StartTime,")[0].replace(",Ring,", ",")
_LARGEST = 10_000_000
_PROBED = "GetFolder"
_CALLS = (
    "GetItem",
    "FindItem",
    "SyncFolderItems",
    "GetFolder",
    "GetUserAvailability",
    "GetEvents",
    "FindFolder",
)
_VERSIONS = "Target=None;Req=Exchange2010_SP1/Exchange2010_SP1;"
_UNUSED = "," * 20
_A_MILLISECOND = timedelta(milliseconds=1)


class Ews:
    """Writes ``Ews/Ews_<hour>-<n>.LOG``."""

    KINDS = ("exchange.ews",)

    def __init__(self, workshop: Workshop) -> None:
        """Take what is shared."""
        self._workshop = workshop
        self._first = workshop.reaches_back_to
        server, dice = workshop.scenario.server, workshop.dice.stream("ews")
        self._name, self._domain = server.name, server.domain
        self._realm = server.domain.partition(".")[0].upper()
        self._front = f"{server.name}.{server.domain}".upper()
        self._info = _info(self._front, server.domain, dice.guid())
        self._process = dice.between(3000, 19_000)
        self._collections = dice.between(300, 900)
        self._day: date | None = None
        self._build = self._cells = ""
        folder = f"{workshop.exchange}/Logging/Ews"
        self._log = Rolling(
            workshop.tree,
            lambda key, number: f"{folder}/Ews_{key}-{number}.LOG",
            self._head,
            largest=_LARGEST,
        )

    def take(self, trace: Trace) -> None:
        """Write a call that reached the web services of the back end."""
        if not isinstance(trace, Request) or not trace.backend or trace.method != "POST":
            return
        stem = trace.backend_stem or trace.stem
        if not stem.lower().startswith("/ews/") or trace.at < self._first:
            return
        if trace.at.date() != self._day:
            self._day = trace.at.date()
            self._build = self._workshop.running_at(trace.at)
            self._cells = f"{self._build.replace('.', ',')},{'' if self._old else 'Unknown,'}"
        path, line = self._log.line(trace.at, hour_of(trace.at), self._row(trace))
        self._workshop.ledger.note(trace, kind="exchange.ews", path=path, line=line)

    def close(self) -> None:
        """Close the open file."""
        self._log.close()

    @property
    def _old(self) -> bool:
        return self._build.startswith("15.0.")

    def _head(self, at: datetime) -> tuple[str, ...]:
        fields = OLD_FIELDS if self._old else FIELDS
        return exchange_head(at, version=spoken_version(self._build), log_type="EWS Logs", fields=fields)

    def _row(self, trace: Request) -> str:
        """The back end is done a moment before the front end is."""
        end = trace.at - _A_MILLISECOND if trace.front else trace.at
        ident, taken = trace.ident, max(trace.taken_ms - 1, 0)
        call = _call(trace)
        row = (
            f"{stamp(end)},{ident[28:]}-{ident[9:23]}-{ident[:8]}{ident[24:28]},{self._cells},"
            f"{self._identity(trace)},{call},{trace.backend_status or trace.status},"
            f"{trace.request_bytes or 666},,,{self._opened(trace)},{ident.replace('-', '')[::-1]},"
            f"{ident[:9]}{ident[14:19]}{ident[9:14]}{ident[19:]},PrimaryServer,LocalTask,0,1,0,1,0{_UNUSED}[C],"
            f"0,0,1,0,{taken % 11},,1,{taken % 13},,0,{taken % 15},{taken % 7},{taken},,"
            f"MessageId_0={ident};ResponseTime_0={taken};SoapAction_0={call};,"
            f"{self._info.replace('<taken>', str(taken))},,,"
        )
        return row if self._old else f"{row},{self._memory(trace, end, taken)}{',' * 12}"

    def _identity(self, trace: Request) -> str:
        """Give AuthenticationType to FrontEndServer."""
        kind, front = ("Negotiate", self._front) if trace.front else ("Logon", "")
        agent = trace.agent.replace(",", " ")
        return (
            f"{kind},true,{self._account(trace)},{self._domain},{agent},{_VERSIONS},"
            f"{trace.forwarded or trace.client},{self._name},{front}"
        )

    def _account(self, trace: Request) -> str:
        if not trace.user:
            return f"{self._realm}\\{self._name}$"
        name = trace.user.rpartition("\\")[2]
        if name.endswith("$"):
            return trace.user
        return f"{name}@{self._domain}"

    def _opened(self, trace: Request) -> str:
        """Give ImpersonatedUser, ProxyAsUser and ActAsUser."""
        if trace.user:
            return f"{trace.mailbox or self._account(trace)},,"
        return f"{trace.mailbox},,{trace.mailbox}"

    def _memory(self, trace: Request, end: datetime, taken: int) -> str:
        """Give StartTime to EndGCCounts."""
        counts = f"{self._collections + trace.at.hour}_{trace.at.hour * 9 + 40}_{trace.at.day}"
        memory = 120_000_000 + int(trace.ident[:6], 16)
        start = stamp(end - timedelta(milliseconds=taken))
        return f"{start},{self._process},,{memory},{memory + 1000 * taken},{counts},{counts}"


def _call(trace: Request) -> str:
    """Give the SOAP action: the story's own, that of a probe, or one of the everyday ones."""
    if trace.action or not trace.front:
        return trace.action or _PROBED
    return _CALLS[int(trace.ident[:4], 16) % len(_CALLS)]


def _info(server: str, domain: str, database: str) -> str:
    """Give what does not change from row to row; ``<taken>`` is to be filled in."""
    where, directory = f"{server}.{database}", f"DC01.{domain}"
    steps = "RUM_ABR/RUM_ABRC/ABR/APAR/EWS_CE/EWS_CEC/APSRH/APRHE/RUM_AER/RUM_AERC/AER/AERC"
    return (
        "SKU=Unknown;App_BeginReq_Start=0;App_BeginReq_End=0;GetHandler_Start=0;RequestHandler=Wcf;"
        "GetHandler_End=0;BackEndAuthenticator=WindowsAuthenticator;TotalBERehydrationModuleLatency=0;CSCWTI=0;"
        f"ADIdentityCache=Miss;CSCWTI=0;cpn={steps}/;cpv=0/0/0/0/2/2/3/3/3/3/3/3/;MailboxTypeCacheSize=21;"
        "S:cmn=ID_CDFMS.T;S:AspDispatchLatency.BeginRequest=0;S:ADRS.InclI=1;S:cmv=0;"
        "S:AspDispatchLatency.EndRequest=0;S:ADRS.Check=00;S:ServiceTaskMetadata.WatsonReportCount=0;"
        "S:WLM.Bal=299999;S:ServiceTaskMetadata.ServiceCommandBegin=1;"
        "S:ServiceTaskMetadata.ServiceCommandEnd=<taken>;S:ActivityStandardMetadata.Component=Ews;S:WLM.BT=Ews;"
        "S:EwsMetadata.ParticipantResolveLatency=0;S:EwsMetadata.HttpHandlerGetterLatency=0;Dbl:WLM.TS=<taken>;"
        f"Dbl:MAPI.T[{where}]=0;Dbl:BudgUse.T[]=<taken>;I32:ADS.C[{directory}]=1;F:ADS.AL[{directory}]=1.46475;"
        f"Dbl:CCpu.T[CMD]=0;I32:ROP.C[{where}]=2898759;I32:MAPI.C[{where}]=2;I32:RPC.C[{where}]=1;"
        f"I32:ATE.C[{directory}]=1;F:ATE.AL[{directory}]=1;I32:MB.C[{where}]=1;F:MB.AL[{where}]=0"
    )
