"""Every line of every line-oriented file of the real evidence has one item, and none is lost."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tocsin.artefacts.registry import identify
from tocsin.evidence.source import HEAD, Source
from tocsin.model.records import Item, Record

EVIDENCE = Path(__file__).parents[3] / "shared" / "evidence"
FILES = sorted(path for path in EVIDENCE.glob("D*/evidence/**/*") if path.is_file())

pytestmark = pytest.mark.real

KINDS = {
    "ECPServer": "exchange.ecp-server",
    "ECPActivity": "exchange.ecp-activity",
    "HttpProxy": "exchange.httpproxy",
    "Rps_Cmdlet": "exchange.cmdletinfra",
    "Ews_": "exchange.ews",
    "audit": "exchange.other",
    "AgentLog": "exchange.other",
    "RECV": "exchange.other",
    "MSGTRK": "exchange.other",
    "ExchangeSetup": "exchange.setup-log",
    "httperr": "http.err",
    "u_ex": "iis.w3c",
    "no_header": "iis.w3c",
    "excerpts": "text.unknown",
}


def _source(path: Path) -> Source:
    data = path.read_bytes()
    inside = path.relative_to(EVIDENCE).parts[2:]
    where = "/".join(inside[1:] if len(inside[0]) == 1 else inside).lower()
    return Source(
        path=str(path),
        where=where,
        size=len(data),
        modified=None,
        opener=lambda: path.open("rb"),
        head=data[:HEAD],
    )


def _items(path: Path) -> list[Item]:
    source = _source(path)
    module = identify(source)
    assert module, path
    return list(module.parse(source))


def _named(prefix: str) -> list[Path]:
    return [path for path in FILES if path.name.startswith(prefix)]


def _counted(part: str) -> Counter[str]:
    (path,) = [path for path in FILES if part in str(path)]
    return Counter(type(item).__name__ for item in _items(path))


@pytest.mark.parametrize(
    "path", FILES, ids=lambda path: "/".join((path.relative_to(EVIDENCE).parts[0][:3], path.name))
)
def test_every_line_is_accounted_for(path: Path) -> None:
    source = _source(path)
    module = identify(source)
    if module is None or not module.LINES:
        assert source.size
        return
    items = list(module.parse(source))
    assert [item.locator.line for item in items] == [line.number for line in source.lines()]


@pytest.mark.parametrize(("prefix", "kind"), KINDS.items())
def test_each_file_is_recognised(prefix: str, kind: str) -> None:
    found = [identify(_source(path)) for path in _named(prefix) if path.suffix.lower() in {".log", ".txt"}]
    assert found
    assert {module.KIND if module else None for module in found} == {kind}


def test_a_whole_day_of_iis() -> None:
    assert _counted("D07") == {"Record": 10_485, "Header": 7 * 4}


def test_the_tunnel() -> None:
    (path,) = _named("u_ex190903")
    requests = [item for item in _items(path) if isinstance(item, Record)]
    assert sum(item.fields["cs-uri-stem"] == "/erp/conn.aspx" for item in requests) == 4_298
    assert not any(item.weak for item in requests)


def test_excerpts_are_weak_and_whole() -> None:
    """Retyped files of a real incident: every row has its time, its path and its status."""
    rows = [item for path in _named("HttpProxy_hits") for item in _items(path) if isinstance(item, Record)]
    assert len(rows) == 74
    assert all(
        row.weak and row.time and row.fields["cs-uri-stem"] and row.fields["sc-status"] for row in rows
    )
    assert {row.fields.get("c-ip") for row in rows} == {None, "139.162.202.236"}


def test_commands_of_the_control_panel() -> None:
    (path,) = _named("ECPServer20210303")
    rows = [item for item in _items(path) if isinstance(item, Record)]
    assert Counter(row.fields["Cmdlet"] for row in rows)["Set-OabVirtualDirectory"] == 4
    assert len(rows) == 17
    assert sum("<script" in (row.fields["Parameters"] or "") for row in rows) == 2


def test_rows_without_header() -> None:
    rows = [item for path in _named("no_header") + _named("httperr1") for item in _items(path)]
    assert len(rows) == 11
    assert all(isinstance(row, Record) and row.weak and row.time and row.fields["sc-status"] for row in rows)
