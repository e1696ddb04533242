"""What the text-log modules give for whole files, laid down beside them; `--accept` writes anew."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.artefacts import makers

from tocsin.artefacts.registry import ArtefactModule, identify

GOLDEN = Path(__file__).parent / "golden"
ELSEWHERE = {"eomt", "proxylogon_script", "safety_scanner"}  # in test_golden_binary
CASES = sorted(path for path in GOLDEN.glob("*/*.in.log") if path.parent.name not in ELSEWHERE)

HOMES = {
    "iis_w3c": "inetpub/logs/logfiles/w3svc1/u_ex210303.log",
    "httperr": "windows/system32/logfiles/httperr/httperr1.log",
    "text_unknown": "users/ann/notes.txt",
    "exchange_setup_log": "exchangesetuplogs/exchangesetup.log",
    "exchange_httpproxy": "program files/microsoft/exchange server/v15/logging/httpproxy/owa/httpproxy.log",
    "exchange_ecp": "program files/microsoft/exchange server/v15/logging/ecp/server/ecpserver.log",
    "exchange_ecp_activity": "logging/ecp/activity/ecpactivity.log",
    "exchange_cmdletinfra": "logging/cmdletinfra/powershell-proxy/cmdlet/rps_cmdlet.log",
    "exchange_oabgenerator": "logging/oabgeneratorlog/oab.log",
    "exchange_ews": "logging/ews/ews_2021030316-1.log",
    "exchange_other": "program files/microsoft/exchange server/v15/transportroles/logs/a.log",
}


def _kind(module: ArtefactModule | None) -> str | None:
    return module.KIND if module else None


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_golden(case: Path, golden: Callable[[Path, str], None]) -> None:
    name = case.parent.name
    module = importlib.import_module(f"tocsin.artefacts.{name}")
    home = HOMES.get(name, case.name)
    source = makers.source_of(case.read_bytes(), where=home)
    items = list(module.parse(source))
    elsewhere = makers.source_of(case.read_bytes(), where="collected/file.txt")
    answer = {
        "identified": {"at home": _kind(identify(source)), "elsewhere": _kind(identify(elsewhere))},
        "items": [makers.plain(item) for item in items],
    }
    assert len(items) == len(list(source.lines()))
    text = json.dumps(answer, ensure_ascii=False, indent=1) + "\n"
    golden(case.with_name(case.name.replace(".in.log", ".out.json")), text)


def test_there_are_cases() -> None:
    assert {case.parent.name for case in CASES} >= HOMES.keys()
