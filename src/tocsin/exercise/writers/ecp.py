"""ECP Server and ECP Activity: what the control panel was asked to run, as ``S:KEY=value;`` pairs."""

from __future__ import annotations

from tocsin.exercise.rolling import Head, Rolling, cell, day_of, exchange_head, stamp
from tocsin.exercise.story import Command, Request, Trace
from tocsin.exercise.workshop import Workshop

_FIELDS = "TimeStamp,ServerName,EventId,EventData"
_SERVICE = "/ecp/DDI/DDIService.svc/SetObject"


class EcpServer:
    """Writes ``ECP/Server``: one row a cmdlet that the control panel ran."""

    KINDS = ("exchange.ecp-server",)

    def __init__(self, workshop: Workshop) -> None:
        """Take what is shared."""
        self._workshop = workshop
        self._dice = workshop.dice.stream("ecp-server")
        folder = f"{workshop.exchange}/Logging/ECP/Server"
        self._log = Rolling(
            workshop.tree,
            lambda key, number: f"{folder}/ECPServer{key}-{number}.LOG",
            _head("ECP Server Log"),
        )

    def take(self, trace: Trace) -> None:
        """Write a command of the control panel."""
        shop = self._workshop
        if not isinstance(trace, Command) or trace.via != "ecp" or not shop.kept(trace.at):
            return
        row = f"{stamp(trace.at)},{shop.scenario.server.name},ECP.Request,{cell(self._data(trace))}"
        path, line = self._log.line(trace.at, day_of(trace.at), row)
        shop.ledger.note(trace, kind="exchange.ecp-server", path=path, line=line)

    def close(self) -> None:
        """Close the open file."""
        self._log.close()

    def _data(self, trace: Command) -> str:
        url = trace.url or _SERVICE
        if trace.canary:
            url = f"{url}{'&' if '?' in url else '?'}msExchEcpCanary={trace.canary}"
        dice = self._dice
        return (
            f"S:TIME={dice.between(8, 900)};S:SID={dice.guid()};S:CMD={spoken(trace)};S:REQID=;S:URL={url};"
            f"S:REFERRER=;S:EX={trace.error};S:ACTID={dice.guid()};S:RS=0;"
            f"S:BLD={self._workshop.running_at(trace.at)};S:TNAME=<null>;S:TID=;S:USID={dice.guid()};"
            "S:EDOID=;S:ACID="
        )


class EcpActivity:
    """Writes ``ECP/Activity``: one row a request that the control panel's back end answered."""

    KINDS = ("exchange.ecp-activity",)

    def __init__(self, workshop: Workshop) -> None:
        """Take what is shared."""
        self._workshop = workshop
        self._dice = workshop.dice.stream("ecp-activity")
        process = self._dice.between(3000, 19_000)
        self._store = f"{workshop.scenario.server.name}.{self._dice.guid()}"
        folder = f"{workshop.exchange}/Logging/ECP/Activity"
        self._log = Rolling(
            workshop.tree,
            lambda key, number: f"{folder}/ECPActivity_{process}_{key}-{number}.LOG",
            _head("ECP Activity Context Log"),
        )

    def take(self, trace: Trace) -> None:
        """Write a request that reached the control panel's back end."""
        shop = self._workshop
        if not isinstance(trace, Request) or not trace.backend or not shop.kept(trace.at):
            return
        stem = trace.backend_stem or trace.stem
        if not stem.lower().startswith("/ecp/"):
            return
        row = f"{stamp(trace.at)},{shop.scenario.server.name},Request,{cell(self._data(trace, stem))}"
        path, line = self._log.line(trace.at, day_of(trace.at), row)
        shop.ledger.note(trace, kind="exchange.ecp-activity", path=path, line=line)

    def close(self) -> None:
        """Close the open file."""
        self._log.close()

    def _data(self, trace: Request, stem: str) -> str:
        server, dice = self._workshop.scenario.server, self._dice
        query = trace.backend_query or trace.query
        host = f"{server.name.lower()}.{server.domain}" if trace.front else "localhost"
        url = f"https://{host}:444{stem}{f'?{query}' if query else ''}"
        known = trace.user and not stem.endswith("/logoff.aspx")
        who = f"S:PSA=<PII>{trace.user}</PII>;" if known else ""
        build = self._workshop.running_at(trace.at)
        spent = self._spent(trace) if ".svc/" in stem else ""
        return f"{who}S:URL={url};S:Bld={build};S:ActID={dice.guid()};{spent}Dbl:WLM.TS={trace.taken_ms}"

    def _spent(self, trace: Request) -> str:
        """Give what a call of the panel's services cost in directory and store; pages cost neither."""
        dice, store, name = self._dice, self._store, self._workshop.scenario.server.name
        directory = f"DC01.{self._workshop.scenario.server.domain}"
        calls, answered = dice.between(2, 9), dice.between(1000, 3000) / 1000
        return (
            f"Dbl:MAPI.T[{store}]={calls};Dbl:BudgUse.T[]={trace.taken_ms};"
            f"I32:ADS.C[{directory}]={calls // 2};F:ADS.AL[{directory}]={answered};"
            f"I32:ADR.C[{directory}]=2;F:ADR.AL[{directory}]=0.5463;"
            f"Dbl:EXR.T[{store}]=1;I32:ROP.C[{store}]={dice.between(1_000_000, 20_000_000)};"
            f"I32:MAPI.C[{store}]={calls};I32:RPC.C[{store}]={calls // 2};I32:ATE.C[{directory}]=2;"
            f"F:ATE.AL[{directory}]=0;Dbl:RPC.T[{store}]={calls};Dbl:VCGS.T[{name}]=0;I32:MB.C[{store}]=4;"
            f"F:MB.AL[{store}]=0.75;I32:VCGS.C[{name}]=1;S:WLM.Bal=2.147484E+09;"
        )


def spoken(trace: Command) -> str:
    """Give a cmdlet as the control panel logs it: ``Set-X.Force=$true.Identity='…'``."""
    parameters = (f".{name}={_literal.get(value) or _quoted(str(value))}" for name, value in trace.parameters)
    return "".join((trace.cmdlet, *parameters))


_literal: dict[str | bool | None, str] = {None: "$null", True: "$true", False: "$false"}


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _head(log_type: str) -> Head:
    """Give the header of one of the two logs; both say version 15.0.0.0, whatever the build."""
    return lambda at: exchange_head(at, version="15.0.0.0", log_type=log_type, fields=_FIELDS)
