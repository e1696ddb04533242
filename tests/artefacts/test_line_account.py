"""Every text-log module accounts for every line of anything at all, in order, and raises nothing."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.artefacts import makers

from tocsin.artefacts.registry import identify
from tocsin.model.records import Blank, Header, Record, Unreadable

HERE = Path(__file__).parent
NAMES = (
    "exchange_cmdletinfra",
    "exchange_ecp",
    "exchange_ecp_activity",
    "exchange_ews",
    "exchange_httpproxy",
    "exchange_oabgenerator",
    "exchange_other",
    "exchange_setup_log",
    "httperr",
    "iis_w3c",
    "text_unknown",
)
LOGS = [path.read_bytes() for path in sorted(HERE.glob("golden/*/*.in.log"))]
LINES = sorted({line for log in LOGS for line in log.splitlines(keepends=True)})
DAMAGE = [
    b"\0" * 40,
    b"\r",
    b"\xff\xfe",
    b'"',
    b"'",
    b",,",
    b"  ",
    b"#Fields: ",
    b"\n\n",
    b"\xc3",
    b"%3",
    b";S:",
    b"Z",
]


@pytest.fixture(params=NAMES, scope="module")
def module(request: pytest.FixtureRequest) -> ModuleType:
    return import_module(f"tocsin.artefacts.{request.param}")


def _is_shown(kind: str) -> bool:
    """Kinds of record that a line of unknown text may turn out to show."""
    return kind in {"iis.w3c", "iis.etw", "exchange.httpproxy", "exchange.ecp-server"} or kind.startswith(
        "event."
    )


def _account(module: ModuleType, data: bytes) -> None:
    source = makers.source_of(data, where="inetpub/logs/logfiles/w3svc1/u_ex1.log")
    lines = list(source.lines())
    items = list(module.parse(source))
    assert [item.locator.line for item in items] == [line.number for line in lines]
    for item, line in zip(items, lines, strict=True):
        assert isinstance(item, Record | Unreadable | Header | Blank)
        assert item.kind == module.KIND or (module.KIND == "text.unknown" and _is_shown(item.kind))
        if isinstance(item, Record):
            assert all(value is None or value for value in item.fields.values())
            assert item.time is None or item.time.utcoffset().total_seconds() == 0
            assert item.raw is not None or not item.weak
        elif isinstance(item, Unreadable):
            assert item.text == line.text
            assert item.why
    module.recognise(source)
    identify(source)


@settings(max_examples=60)
@given(data=st.binary(max_size=2000))
def test_arbitrary_bytes(module: ModuleType, data: bytes) -> None:
    _account(module, data)


@settings(max_examples=100)
@given(data=st.data())
def test_mutated_logs(module: ModuleType, data: st.DataObject) -> None:
    log = bytearray(b"".join(data.draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=12))))
    for _ in range(data.draw(st.integers(0, 4))):
        place = data.draw(st.integers(0, len(log)))
        length = data.draw(st.sampled_from([0, 0, 1, 7, 60]))
        log[place : place + length] = data.draw(st.sampled_from(DAMAGE) | st.binary(max_size=4))
    _account(module, bytes(log))


@given(
    data=st.lists(st.sampled_from(LINES), max_size=8),
    encoding=st.sampled_from(["utf-16-le", "utf-16-be", "utf-8-sig"]),
)
@settings(max_examples=40)
def test_other_encodings(module: ModuleType, data: list[bytes], encoding: str) -> None:
    text = b"".join(data).decode("utf-8")
    mark = "" if encoding == "utf-8-sig" else "\ufeff"
    _account(module, (mark + text).encode(encoding))


@pytest.mark.parametrize("log", LOGS, ids=range(len(LOGS)))
def test_any_module_on_any_log(module: ModuleType, log: bytes) -> None:
    _account(module, log)


def test_there_are_logs() -> None:
    assert len(LOGS) >= len(NAMES)


def test_hostile_width_stays_linear(module: ModuleType) -> None:
    """A header of very many columns, a row of very many values, quotes without end."""
    for width in (
        b"#Fields: " + b"a," * 50_000,
        b"a " * 50_000,
        b'"' * 50_000,
        b",'" * 50_000,
        b"2021-03-03 06:00:00 " * 5_000,
    ):
        _account(module, width + b"\n" + b"2021-03-03T06:00:00Z,a\n" * 20 + width)
