"""CmdletInfra: one row of 67 columns for each cmdlet of remote PowerShell, in hourly files."""

from __future__ import annotations

from datetime import datetime, timedelta

from tocsin.exercise.rolling import Rolling, cell, exchange_head, hour_of, spoken_version, stamp
from tocsin.exercise.story import Command, Trace
from tocsin.exercise.workshop import Workshop

FIELDS = (
    "DateTime,StartTime,RequestId,ClientRequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,"
    "ServerHostName,ProcessId,ProcessName,ThreadId,CultureInfo,Organization,AuthenticatedUser,ExecutingUserSid,"
    "EffectiveOrganization,UserServicePlan,IsAdmin,ClientApplication,Cmdlet,Parameters,CmdletUniqueId,"
    "UserBudgetOnStart,ContributeToFailFast,RunspaceSettingsCreationHint,ADViewEntireForest,ADRecipientViewRoot,"
    "ADConfigurationDomainControllers,ADPreferredGlobalCatalogs,ADPreferredDomainControllers,"
    "ADUserConfigurationDomainController,ADUserPreferredGlobalCatalog,ADuserPreferredDomainControllers,"
    "ThrottlingInfo,DelayInfo,ThrottlingDelay,IsOutputObjectRedacted,CmdletProxyStage,CmdletProxyRemoteServer,"
    "CmdletProxyRemoteServerVersion,CmdletProxyMethod,ProxiedObjectCount,CmdletProxyLatency,OutputObjectCount,"
    "ParameterBinding,BeginProcessing,ProcessRecord,EndProcessing,StopProcessing,BizLogic,PowerShellLatency,"
    "UserInteractionLatency,ProvisioningLayerLatency,ActivityContextLifeTime,TotalTime,ErrorType,ExecutionResult,"
    "CacheHitCount,CacheMissCount,GenericLatency,GenericInfo,GenericErrors,ObjectGuid,"
    "ExternalDirectoryOrganizationId,ExternalDirectoryObjectId,NonPiiParameters"
)
_NAMES = FIELDS.split(",")
_VERSION = ("MajorVersion", "MinorVersion", "BuildVersion", "RevisionVersion")
_CONSTANT = {
    "RunspaceSettingsCreationHint": "GCRandomly",
    "ADViewEntireForest": "False",
    "ProxiedObjectCount": "0",
    "ParameterBinding": "0",
    "BeginProcessing": "6",
    "EndProcessing": "0",
    "ProvisioningLayerLatency": "6",
    "ActivityContextLifeTime": "22681600",
}
_LARGEST = 10_000_000


class CmdletInfra:
    """Writes ``CmdletInfra/Powershell-Proxy/Cmdlet``."""

    KINDS = ("exchange.cmdletinfra",)

    def __init__(self, workshop: Workshop) -> None:
        """Take what is shared."""
        self._workshop = workshop
        self._dice = workshop.dice.stream("cmdletinfra")
        self._process = self._dice.between(4000, 19_000)
        folder = f"{workshop.exchange}/Logging/CmdletInfra/Powershell-Proxy/Cmdlet"
        self._log = Rolling(
            workshop.tree,
            lambda key, number: f"{folder}/Rps_Cmdlet_{key}-{number}.LOG",
            self._head,
            largest=_LARGEST,
        )

    def take(self, trace: Trace) -> None:
        """Write a command of remote PowerShell."""
        if not isinstance(trace, Command) or trace.via != "powershell" or not self._workshop.kept(trace.at):
            return
        values = self._values(trace)
        row = ",".join(cell(values.get(name, "")) for name in _NAMES)
        path, line = self._log.line(trace.at, hour_of(trace.at), row)
        self._workshop.ledger.note(trace, kind="exchange.cmdletinfra", path=path, line=line)

    def close(self) -> None:
        """Close the open file."""
        self._log.close()

    def _values(self, trace: Command) -> dict[str, str]:
        dice, taken = self._dice, self._dice.between(6, 60)
        build = self._workshop.running_at(trace.at).split(".")
        spoken = parameters(trace)
        return {
            "DateTime": stamp(trace.at),
            "StartTime": stamp(trace.at - timedelta(milliseconds=taken)),
            "RequestId": dice.guid(),
            **dict(zip(_VERSION, build, strict=True)),
            "ProcessId": str(self._process),
            "ProcessName": "w3wp#MSExchangePowerShellAppPool",
            "ThreadId": str(dice.between(8, 99)),
            **self._who(trace),
            "Cmdlet": trace.cmdlet,
            "Parameters": spoken,
            "CmdletUniqueId": dice.guid(),
            "ProcessRecord": str(dice.between(3, 9)),
            "BizLogic": str(taken),
            "TotalTime": str(taken),
            "ErrorType": "Unhandled" if trace.error else "",
            "ExecutionResult": "Error" if trace.error else "Success",
            "GenericLatency": _latency(trace, taken),
            "GenericErrors": trace.error,
            "NonPiiParameters": spoken,
            **_CONSTANT,
        }

    def _who(self, trace: Command) -> dict[str, str]:
        server = self._workshop.scenario.server
        account = trace.user.rpartition("\\")[2].rpartition("/")[2]
        directory = f"DC01.{server.domain}"
        probe = account.startswith("HealthMailbox")
        return {
            "ServerHostName": server.name,
            "AuthenticatedUser": account,
            "ExecutingUserSid": f"S-1-5-21-1004336348-1177238915-682003330-{self._dice.between(1100, 1900)}",
            "IsAdmin": "False" if probe else "True",
            "ClientApplication": "ActiveMonitor" if probe else "EMC",
            "ADRecipientViewRoot": server.domain,
            "ADConfigurationDomainControllers": directory,
            "ADPreferredGlobalCatalogs": directory,
            "ADPreferredDomainControllers": directory,
            "GenericInfo": _ad_settings(trace, server.domain, directory),
        }

    def _head(self, at: datetime) -> tuple[str, ...]:
        version = spoken_version(self._workshop.running_at(at))
        return exchange_head(at, version=version, log_type="Rps Cmdlet Logs", fields=FIELDS)


def parameters(trace: Command) -> str:
    """Give parameters as PowerShell's log does: ``-Force -Identity "…"``."""
    return " ".join(_spoken(name, value) for name, value in trace.parameters)


def _spoken(name: str, value: object) -> str:
    if value is True:
        return f"-{name}"
    text = "$null" if value is None else str(value)
    return f'-{name} "{text}"'


def _latency(trace: Command, taken: int) -> str:
    moment = trace.at - timedelta(minutes=2)
    said = f"{moment.day:02d}/{moment.month:02d}/{moment.year} {moment.hour:02d}:{moment.minute:02d}:12"
    return (
        f"LatencyMissed=latencyBreakDowns.Count is Zero;GetApplicationPrivateData={said};"
        "WinRMDataReceiver.LoadItemsFromNamedPipe=0;WinRMDataReceiver.Ctor=0;ExchangeRunspaceConfiguration=37;"
        "ExchangeRunspaceConfiguration.C=24;PowerShellThrottlingPolicyUpdater=0;InitialSessionStateBuilder=19;"
        f"GetInitialSessionStateCore=37;GetInitialSessionState={said};TaskModuleLatency=4;"
        f"TaskModuleLatency.C=68;ProvisioningLayerLatency.C=9;BizLogic.C=15;Cmd={taken};Cmd.ADC=3;Cmd.AD=4;"
        "Cmd.ATEC=9;Cmd.ATE=1;"
    )


def _ad_settings(trace: Command, domain: str, directory: str) -> str:
    return (
        f"PSSenderInfo={trace.user.lower()};ADServerSettingsInEnd=ADViewEntireForest:False "
        f"WriteShadowProperties:False WriteOriginatingChangeTimestamp:False ADRecipientViewRoot:{domain} "
        f"ADConfigurationDomainControllers:{directory} ADPreferredGlobalCatalogs:{directory} "
        f"ADPreferredDomainControllers:{directory} ADUserPreferredDomainControllers: ;"
    )
