"""Sources, records and configurations in memory, for tests of exposure."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path

from tocsin.artefacts import iis_config
from tocsin.detections.builds import BuildCollector
from tocsin.detections.mitigations import MitigationCollector
from tocsin.evidence.source import HEAD, Source
from tocsin.model.places import Locator
from tocsin.model.records import Header, Item, Record
from tocsin.model.verdicts import BuildSeen, MitigationSeen
from tocsin.packs.products import Product, load_product

ROOT = Path(__file__).parents[2]
EXCHANGE = ROOT / "products" / "exchange"
V15 = "Program Files/Microsoft/Exchange Server/V15"
V15_WINDOWS = V15.replace("/", "\\")
ROOT_CONFIG = "inetpub/wwwroot/web.config"
HOST_CONFIG = "Windows/System32/inetsrv/config/applicationHost.config"


@cache
def exchange() -> Product:
    return load_product(EXCHANGE)


def source(path: str, data: str | bytes = b"", modified: datetime | None = None) -> Source:
    raw = data.encode() if isinstance(data, str) else data
    return Source(
        path=f"C/{path}",
        where=path.lower(),
        size=len(raw),
        modified=modified,
        opener=lambda: io.BytesIO(raw),
        head=raw[:HEAD],
    )


def record(
    kind: str, path: str = "x.log", line: int = 1, time: str | None = None, **fields: str | None
) -> Record:
    moment = datetime.fromisoformat(time) if time else None
    named = {name.replace("_", "-") if kind in DASHED else name: value for name, value in fields.items()}
    return Record(kind=kind, locator=Locator(path=f"C/{path}", line=line), time=moment, fields=named)


DASHED = frozenset({"http.err", "iis.w3c", "exchange.httpproxy"})


def header(text: str, path: str = "x.log", line: int = 1) -> Header:
    return Header(kind="exchange.httpproxy", locator=Locator(path=f"C/{path}", line=line), text=text)


def collected(items: Iterable[Item]) -> BuildCollector:
    collector = BuildCollector()
    for item in items:
        collector.observe(item, source(item.locator.path.removeprefix("C/")))
    return collector


def seen(build: str, rank: int = 1, start: str | None = None, end: str | None = None) -> BuildSeen:
    names = {
        1: "file version of ExSetup.exe",
        2: "Exchange logs",
        3: "version folders and URLs",
        4: "setup log",
    }
    return BuildSeen(
        build=build,
        start=datetime.fromisoformat(start) if start else None,
        end=datetime.fromisoformat(end or start or "") if end or start else None,
        source=names.get(rank, "AdminDisplayVersion or registry"),
        rank=rank,
        locator=Locator(path=f"C/{build}", line=1),
        label=exchange().label(build),
    )


def mitigations(*sources: Source, extra: Iterable[Item] = ()) -> dict[str, MitigationSeen]:
    collector = MitigationCollector()
    for one in sources:
        for item in iis_config.parse(one):
            collector.observe(item, one)
    for item in extra:
        collector.observe(item, source("x.log"))
    return {one.id: one for one in collector.judge(exchange())}


# --- configurations ---------------------------------------------------------------------------

VDIRS = {"owa": "owa", "ecp": "ecp", "EWS": "EWS", "Autodiscover": "Autodiscover", "PowerShell": "PowerShell"}


def host(
    *,
    module: bool = True,
    locations: str = "",
    pools: str = "",
    root: str = "",
    site: str = "Default Web Site",
) -> str:
    applications = "".join(
        f"""<application path="/{name}">
          <virtualDirectory path="/" physicalPath="C:\\{V15_WINDOWS}\\FrontEnd\\HttpProxy\\{folder}" />
        </application>"""
        for name, folder in VDIRS.items()
    )
    image = r'<add name="RewriteModule" image="%SystemRoot%\system32\inetsrv\rewrite.dll" />'
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<configuration>
  <system.applicationHost>
    <applicationPools>{pools}<applicationPoolDefaults /></applicationPools>
    <sites>
      <site name="{site}" id="1">
        <application path="/">
          <virtualDirectory path="/" physicalPath="%SystemDrive%\\inetpub\\wwwroot" />
        </application>
        {applications}
      </site>
    </sites>
  </system.applicationHost>
  <system.webServer>
    <globalModules>{image if module else ""}</globalModules>
    {root}
  </system.webServer>
  <location path="" overrideMode="Allow"><system.webServer>
    <modules>{'<add name="RewriteModule" />' if module else ""}</modules>
  </system.webServer></location>
  {locations}
</configuration>
"""


def rule(
    name: str,
    pattern: str,
    *,
    cookie: str = "{HTTP_COOKIE}",
    action: str = "AbortRequest",
    url: str = ".*",
    extra: str = "",
    conditions: str = "",
    grouping: str = "",
) -> str:
    return f"""<rule name="{name}" {extra}>
        <match url="{url}" />
        <conditions {grouping}><add input="{cookie}" pattern="{pattern}" />{conditions}</conditions>
        <action type="{action}" />
      </rule>"""


ANON = rule("X-AnonResource-Backend Abort - inbound", "(.*)X-AnonResource-Backend(.*)")
BACKEND = rule("X-BEResource Abort - inbound", "(.*)X-BEResource=(.+)/(.+)~(.+)")


def rules(*texts: str) -> str:
    return f"<rewrite><rules>{''.join(texts)}</rules></rewrite>"


def web(section: str) -> str:
    return f"<configuration><system.webServer>{section}</system.webServer></configuration>"
