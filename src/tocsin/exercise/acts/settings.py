"""The list of a virtual directory's settings, as the control panel saves it: what such a web shell is.

The script that a real one holds among its settings is an inert remark here.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.workshop import UNNAMED_BUILD

MARKER = "/* inert marker, no code */"
SCRIPT_URL = f'http://f/<script language="JScript" runat="server">{MARKER}</script>'
EMPTIED_URL = "http://f/"
_WIDTH = 36
_NOON = 12
_DOTTED = frozenset({"de", "no", "nb"})


def settings_page(
    scene: Scene, *, url: str, at: datetime, created: datetime, directory: str = "OAB"
) -> bytes:
    """Give the saved list: ``url`` is the external URL, ``at`` the moment of the reset (aware UTC)."""
    server = scene.scenario.server
    build = _cumulative(scene, at)
    local = _offset(server.utc_offset)
    home = f"{directory} (Default Web Site)"
    rows = {
        "Name": home,
        "PollInterval": "480",
        "OfflineAddressBooks": "",
        "RequireSSL": "True",
        "BasicAuthentication": "False",
        "WindowsAuthentication": "True",
        "OAuthAuthentication": "True",
        "MetabasePath": f"IIS://{scene.inside}/W3SVC/1/ROOT/{directory}",
        "Path": f"{scene.exchange}\\FrontEnd\\HttpProxy\\{directory}",
        "ExtendedProtectionTokenChecking": "None",
        "ExtendedProtectionFlags": "",
        "ExtendedProtectionSPNList": "",
        "AdminDisplayVersion": f"Version {build}",
        "Server": server.name,
        "InternalUrl": f"https://{scene.inside}/{directory}",
        "InternalAuthenticationMethods": "WindowsIntegrated",
        "ExternalUrl": url,
        "ExternalAuthenticationMethods": "WindowsIntegrated",
        "AdminDisplayName": "",
        "ExchangeVersion": "0.10 (14.0.100.0)",
        "DistinguishedName": f"CN={home},CN=HTTP,CN=Protocols,CN={server.name},CN=Servers",
        "Identity": f"{server.name}\\{home}",
        "ObjectClass": "top",
        "WhenChanged": _moment(at + local, server.language),
        "WhenCreated": _moment(created + local, server.language),
        "WhenChangedUTC": _moment(at, server.language),
        "WhenCreatedUTC": _moment(created, server.language),
        "OrganizationId": "",
        "OriginatingServer": f"dc01.{server.domain}",
        "IsValid": "True",
    }
    lines = ("", *(f"{name:<{_WIDTH}}: {value}" for name, value in rows.items()), "", "")
    return "\r\n".join(lines).encode()


def _cumulative(scene: Scene, at: datetime) -> str:
    """Give the version as settings state it: the first build on record, ``15.1 (Build 2106.2)``.

    A security update never changes it, so a later update's number would be untrue here.
    """
    spans = sorted(scene.scenario.server.builds, key=lambda span: span.since)
    branches = [span.build for span in spans if span.since <= at.date()] or [span.build for span in spans]
    latest = (branches or [UNNAMED_BUILD])[-1].rpartition(".")[0]
    build = next((one for one in branches if one.startswith(f"{latest}.")), f"{latest}.2")
    first, second, *rest = build.split(".")
    return f"{first}.{second} (Build {'.'.join(rest)})"


def _moment(at: datetime, language: str) -> str:
    """Write as a server of that language does: month first, day first, with dots or strokes."""
    if language == "en":
        hour, half = at.hour % 12 or 12, "PM" if at.hour >= _NOON else "AM"
        return f"{at.month}/{at.day}/{at.year} {hour}:{at.minute:02d}:{at.second:02d} {half}"
    mark = "." if language in _DOTTED else "/"
    day = mark.join((f"{at.day:02d}", f"{at.month:02d}", str(at.year)))
    return f"{day} {at.hour:02d}:{at.minute:02d}:{at.second:02d}"


def _offset(text: str) -> timedelta:
    hours, _, minutes = text.lstrip("+-").partition(":")
    span = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return -span if text.startswith("-") else span
