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
            f"S:BLD={self._workshop.build_at(trace.at)};S:TNAME=<null>;S:TID=;S:USID={dice.guid()};"
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
        server = self._workshop.scenario.server
        name, dice = server.name, self._dice
        query = trace.backend_query or trace.query
        url = f"https://{name.lower()}.{server.domain}:444{stem}{f'?{query}' if query else ''}"
        who = f"S:PSA=<PII>{trace.user}</PII>;" if trace.user else ""
        directory = f"DC01.{server.domain}"
        return (
            f"{who}S:URL={url};S:Bld={self._workshop.build_at(trace.at)};S:ActID={dice.guid()};"
            f"I32:ADS.C[{directory}]={dice.between(1, 4)};"
            f"F:ADS.AL[{directory}]={dice.between(1000, 3000) / 1000};"
            f"I32:ATE.C[{directory}]={dice.between(1, 3)};F:ATE.AL[{directory}]=0;"
            f"Dbl:BudgUse.T[]={trace.taken_ms};I32:VCGS.C[{name}]=1;S:WLM.Bal=2.147484E+09;"
            f"Dbl:WLM.TS={trace.taken_ms}"
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
