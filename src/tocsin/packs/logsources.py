"""Which record kinds a Sigma ``logsource`` reaches: the one table of it.

``docs/reference/fields.md`` prints the same table for people; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from tocsin.errors import RuleError

KINDS = (
    "aspnet.compiled",
    "event.application",
    "event.defender",
    "event.msexchange-management",
    "event.other",
    "event.powershell",
    "event.security",
    "event.sysmon",
    "event.system",
    "exchange.cmdletinfra",
    "exchange.ecp-activity",
    "exchange.ecp-server",
    "exchange.ews",
    "exchange.file-version",
    "exchange.httpproxy",
    "exchange.oabgenerator",
    "exchange.other",
    "exchange.setup-log",
    "exchange.vdir-dump",
    "http.err",
    "iis.config",
    "iis.etw",
    "iis.w3c",
    "text.unknown",
    "vendor.eomt",
    "vendor.test-proxylogon",
    "web.file",
)
"""Every record kind that a rule, a ladder or a wish of a pack may name."""

TEXT = "text.unknown"
WEB_FILE = "web.file"
WEB_KINDS = frozenset({"iis.w3c", "iis.etw", "exchange.httpproxy"})


class Reach(Struct, frozen=True):
    """A record kind, and the ``EventID`` that its records must carry ("" for any)."""

    kind: str
    event_id: str = ""


def _reaches(*kinds: str) -> tuple[Reach, ...]:
    return tuple(Reach(kind) for kind in kinds)


# (category, product, service); "" means that the logsource does not name it.
TABLE: dict[tuple[str, str, str], tuple[Reach, ...]] = {
    ("webserver", "", ""): _reaches("iis.w3c", "iis.etw", "exchange.httpproxy"),
    ("", "exchange", "httpproxy"): _reaches("exchange.httpproxy"),
    ("", "exchange", "ecp-server"): _reaches("exchange.ecp-server"),
    ("", "exchange", "ecp-activity"): _reaches("exchange.ecp-activity"),
    ("", "exchange", "oabgenerator"): _reaches("exchange.oabgenerator"),
    ("", "exchange", "cmdletinfra"): _reaches("exchange.cmdletinfra"),
    ("", "exchange", "ews"): _reaches("exchange.ews"),
    ("", "exchange", "other"): _reaches("exchange.other"),
    ("", "exchange", "setup-log"): _reaches("exchange.setup-log"),
    ("", "exchange", "file-version"): _reaches("exchange.file-version"),
    ("cmdlet", "exchange", ""): _reaches(
        "exchange.ecp-server", "exchange.cmdletinfra", "event.msexchange-management"
    ),
    ("", "exchange", "vdir-dump"): _reaches("exchange.vdir-dump"),
    ("", "windows", "msexchange-management"): _reaches("event.msexchange-management"),
    ("", "windows", "application"): _reaches("event.application"),
    ("", "windows", "security"): _reaches("event.security"),
    ("", "windows", "system"): _reaches("event.system"),
    ("", "windows", "sysmon"): _reaches("event.sysmon"),
    ("", "windows", "windefend"): _reaches("event.defender"),
    ("", "windows", "powershell"): _reaches("event.powershell"),
    ("", "windows", "other"): _reaches("event.other"),
    ("process_creation", "", ""): (Reach("event.security", "4688"), Reach("event.sysmon", "1")),
    ("file_event", "", ""): (Reach("event.sysmon", "11"),),
    ("", "windows", "httperr"): _reaches("http.err"),
    ("web_file", "", ""): _reaches(WEB_FILE),
    ("", "aspnet", "compiled"): _reaches("aspnet.compiled"),
    ("iis_config", "", ""): _reaches("iis.config"),
    ("text", "", ""): _reaches(TEXT),
    ("", "vendor-tool", "eomt"): _reaches("vendor.eomt"),
    ("", "vendor-tool", "test-proxylogon"): _reaches("vendor.test-proxylogon"),
}
_SPOKEN_PRODUCT = {("process_creation", "windows", ""), ("file_event", "windows", "")}
"""Public Sigma rules name the product as well; the kinds are the same."""


def reaches(logsource: Mapping[str, str], *, where: str) -> tuple[Reach, ...]:
    """Give the record kinds that a logsource reaches.

    Raises:
        RuleError: Tocsin has no records for this logsource.
    """
    category, product, service = (
        str(logsource.get(part) or "").lower() for part in ("category", "product", "service")
    )
    if (category, product, service) in _SPOKEN_PRODUCT:
        product = ""
    found = TABLE.get((category, product, service))
    if found is None:
        spoken = ", ".join(f"{part}: {value}" for part, value in logsource.items()) or "(none)"
        raise RuleError(
            f"the logsource '{spoken}' reaches no records.",
            where=where,
            remedy="Use one of the table in docs/reference/fields.md.",
        )
    return found
