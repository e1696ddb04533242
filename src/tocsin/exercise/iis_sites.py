"""The configuration of IIS on an Exchange server, as little of it as a judge of mitigations needs."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import quoteattr

from tocsin.exercise.workshop import Workshop

HOST_CONFIG = "C/Windows/System32/inetsrv/config/applicationHost.config"
ROOT_CONFIG = "C/inetpub/wwwroot/web.config"

FOLDERS = {
    "/owa": "owa",
    "/ecp": "ecp",
    "/EWS": "EWS",
    "/API": "rest",
    "/Autodiscover": "Autodiscover",
    "/Microsoft-Server-ActiveSync": "sync",
    "/OAB": "OAB",
    "/PowerShell": "PowerShell",
    "/mapi": "mapi",
    "/Rpc": "rpc",
}
"""Applications of the Default Web Site, and the folders of FrontEnd\\HttpProxy that they are served from."""

_POOLS = {
    "/owa": "MSExchangeOWAAppPool",
    "/ecp": "MSExchangeECPAppPool",
    "/EWS": "MSExchangeServicesAppPool",
    "/API": "MSExchangeRestFrontEndAppPool",
    "/Autodiscover": "MSExchangeAutodiscoverAppPool",
    "/Microsoft-Server-ActiveSync": "MSExchangeSyncAppPool",
    "/OAB": "MSExchangeOABAppPool",
    "/PowerShell": "MSExchangePowerShellFrontEndAppPool",
    "/mapi": "MSExchangeMapiFrontEndAppPool",
    "/Rpc": "MSExchangeRpcProxyFrontEndAppPool",
}
_MODULES = {"StaticFileModule": "static.dll", "HttpLoggingModule": "loghttp.dll"}
_NATIVE = "%windir%\\System32\\inetsrv\\"
_LOGGED = (
    "Date, Time, ClientIP, UserName, ServerIP, Method, UriStem, UriQuery, Win32Status, TimeTaken, "
    "ServerPort, UserAgent, Referer, HttpStatus, HttpSubStatus"
)
_LOG_FILE = (
    '        <logFile logFormat="W3C" directory="%SystemDrive%\\inetpub\\logs\\LogFiles"'
    f' logExtFileFlags="{_LOGGED}" />'
)


def place_of(workshop: Workshop, path: str) -> str:
    """Give the web.config in force at a URL path: ``/`` or one of ``FOLDERS``, whatever its case."""
    known = {url.lower(): folder for url, folder in FOLDERS.items()}
    folder = known.get(path.lower().rstrip("/"))
    return f"{workshop.exchange}/FrontEnd/HttpProxy/{folder}/web.config" if folder else ROOT_CONFIG


def web_config(rewrite: Iterable[str] = ()) -> list[str]:
    """Give the lines of a web.config; ``rewrite``: what stands within its ``<rewrite>``, if anything."""
    inner = [f"      {line}" for line in rewrite]
    section = ["    <rewrite>", *inner, "    </rewrite>"] if inner else []
    return [
        '<?xml version="1.0" encoding="UTF-8"?>',
        "<configuration>",
        "  <system.webServer>",
        '    <serverRuntime appConcurrentRequestLimit="65535" uploadReadAheadSize="0" />',
        *section,
        "  </system.webServer>",
        "</configuration>",
    ]


def host_config(workshop: Workshop, *, off: Iterable[str], modules: Iterable[str]) -> list[str]:
    """Give the lines of applicationHost.config.

    Args:
        workshop: of the server.
        off: application pools that do not start by themselves.
        modules: further native modules that are installed, such as ``rewrite.dll``.
    """
    stopped = frozenset(off)
    native = [*_MODULES.items(), *((_module_name(image), image) for image in modules)]
    return [
        '<?xml version="1.0" encoding="UTF-8"?>',
        "<configuration>",
        "  <system.applicationHost>",
        "    <applicationPools>",
        *(_pool(name, off=name in stopped) for name in _POOLS.values()),
        '      <applicationPoolDefaults managedRuntimeVersion="v4.0" />',
        "    </applicationPools>",
        "    <sites>",
        *_front_end(workshop),
        "      <siteDefaults>",
        _LOG_FILE,
        "      </siteDefaults>",
        "    </sites>",
        "  </system.applicationHost>",
        "  <system.webServer>",
        "    <globalModules>",
        *(
            f'      <add name="{name}" image="%windir%\\System32\\inetsrv\\{image}" />'
            for name, image in native
        ),
        "    </globalModules>",
        "    <modules>",
        *(f'      <add name="{name}" />' for name, _ in native),
        "    </modules>",
        "  </system.webServer>",
        "</configuration>",
    ]


def _module_name(image: str) -> str:
    return f"{image.partition('.')[0].capitalize()}Module"


def _pool(name: str, *, off: bool) -> str:
    start = ' autoStart="false" startMode="OnDemand"' if off else ""
    return f'      <add name="{name}"{start} managedRuntimeVersion="v4.0" />'


def _front_end(workshop: Workshop) -> Iterable[str]:
    yield '      <site name="Default Web Site" id="1">'
    yield from _application("/", "MSExchangeOWAAppPool", "%SystemDrive%\\inetpub\\wwwroot")
    for path, folder in FOLDERS.items():
        served = f"{workshop.windows_exchange}\\FrontEnd\\HttpProxy\\{folder}"
        yield from _application(path, _POOLS[path], served)
    yield "      </site>"


def _application(path: str, pool: str, folder: str) -> Iterable[str]:
    yield f'        <application path="{path}" applicationPool="{pool}">'
    yield f'          <virtualDirectory path="/" physicalPath={quoteattr(folder)} />'
    yield "        </application>"
