"""ExchangeSetup.log as setup writes it: in the server's local time, one run after another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from tocsin.exercise.installing import cumulative_updates
from tocsin.exercise.workshop import Workshop

PATH = "C/ExchangeSetupLogs/ExchangeSetup.log"

_ZONES = {
    "+00:00": "(UTC) Coordinated Universal Time",
    "+01:00": "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
    "+02:00": "(UTC+02:00) Helsinki, Kyiv, Riga, Sofia, Tallinn, Vilnius",
    "+09:00": "(UTC+09:00) Osaka, Sapporo, Tokyo",
    "-05:00": "(UTC-05:00) Eastern Time (US & Canada)",
    "-06:00": "(UTC-06:00) Central Time (US & Canada)",
    "-08:00": "(UTC-08:00) Pacific Time (US & Canada)",
}
_PRODUCTS = {"15.0": "2013", "15.1": "2016", "15.2": "2019"}
_RULE = "*" * 46


def setup_log(workshop: Workshop) -> bytes:
    """Give the log of every run of setup up to the collection."""
    lines: list[str] = []
    before = ""
    for ended, build in cumulative_updates(workshop):
        local = workshop.local(ended - timedelta(minutes=41))
        lines += _stamped(local, _run(workshop, build, before))
        before = build
    return "".join(f"{line}\r\n" for line in lines).encode()


def _run(workshop: Workshop, build: str, before: str) -> Iterator[str]:
    server = workshop.scenario.server
    zone = _ZONES.get(server.utc_offset, f"(UTC{server.utc_offset}) Local")
    product = _PRODUCTS.get(".".join(build.split(".")[:2]), "2016")
    mode = "Upgrade" if before else "Install"
    yield _RULE
    yield f"Starting Microsoft Exchange Server {product} Setup"
    yield _RULE
    yield f"Local time zone: {zone}."
    yield "Operating system version: Microsoft Windows NT 6.2.9200.0."
    yield f"Setup version: {build}."
    yield f"Logged on user: {server.domain.partition('.')[0].upper()}\\Administrator."
    yield "Command Line Parameter Name='iacceptexchangeserverlicenseterms', Value=''."
    yield f"Command Line Parameter Name='mode', Value='{mode}'."
    yield f"Server Name={server.name}"
    yield f"The backup copy of the install path is '{workshop.windows_exchange}'."
    if before:
        yield f"The backup copy of the previously installed version is '{before}'."
    yield f"The installation mode is set to: '{'BuildToBuildUpgrade' if before else 'Install'}'."
    yield f"The locally installed version is {build}."
    yield "The Exchange Server setup operation completed successfully."
    yield "End of Setup"


def _stamped(start: datetime, messages: Iterator[str]) -> Iterator[str]:
    """Spread the messages over three quarters of an hour; the last four digits are milliseconds."""
    for number, message in enumerate(messages):
        at = start + timedelta(seconds=150 * number, milliseconds=820 + 16 * number)
        yield f"[{at:%m/%d/%Y %H:%M:%S}.{at.microsecond // 1000:04d}] [0] {message}"
