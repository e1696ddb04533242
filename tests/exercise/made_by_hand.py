"""Small made servers with a truth written by hand, for tests of the scoring itself."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from tocsin.exercise.scenario import Expected
from tocsin.exercise.story import Label
from tocsin.exercise.truth import MadeServer, Truth, encode
from tocsin.exercise.workshop import LabelledRow

EXAMPLE = Path(__file__).parents[2] / "examples" / "proxylogon-march-2021"
PROXY = "C/Program Files/Microsoft/Exchange Server/V15/Logging/HttpProxy/Ecp/HttpProxy_2021030300-1.LOG"
OWA = "C/Program Files/Microsoft/Exchange Server/V15/Logging/HttpProxy/Owa/HttpProxy_"
ECP = "C/Program Files/Microsoft/Exchange Server/V15/Logging/ECP/Server/ECPServer20210303-1.LOG"
IIS = "C/inetpub/logs/LogFiles/W3SVC1/u_ex2103"
PAGE = "C/inetpub/wwwroot/aspnet_client/discover.aspx"
RIGHT = Expected(
    campaign="proxylogon",
    exposure="patched",
    compromise="compromised",
    residual="present",
    rung="shell-reachable",
)


def row(path: str, line: int | None, kind: str, means: str, rung: str) -> LabelledRow:
    label = Label(means=means, campaign="proxylogon", rung=rung, note="a row of the example")
    return LabelledRow(path=path, line=line, record=None, label=label, kind=kind)


ROWS = (
    row(PROXY, 10, "exchange.httpproxy", "exploited", "autodiscover-probe"),
    row(PROXY, 11, "exchange.httpproxy", "exploited", "mailbox-sid"),
    row(PROXY, 12, "exchange.httpproxy", "compromised", "ecp-session"),
    row(PROXY, 13, "exchange.httpproxy", "compromised", "oab-id"),
    row(PROXY, 14, "exchange.httpproxy", "compromised", "script-stored"),
    row(PROXY, 15, "exchange.httpproxy", "compromised", "file-written"),
    row(PROXY, 16, "exchange.httpproxy", "compromised", "script-stored"),
    row(f"{OWA}2021030500-1.LOG", 8, "exchange.httpproxy", "compromised", "shell-reachable"),
    row(f"{OWA}2021030600-1.LOG", 17, "exchange.httpproxy", "compromised", "shell-reachable"),
    row(f"{IIS}05.log", 18, "iis.w3c", "compromised", "shell-reachable"),
    row(f"{IIS}06.log", 74, "iis.w3c", "compromised", "shell-reachable"),
    row(ECP, 7, "exchange.ecp-server", "compromised", "script-stored"),
    row(PAGE, None, "web.file", "compromised", "file-written"),
)
"""Every row of the example that shows the intrusion."""


def example_server(
    folder: Path,
    *,
    rows: Sequence[LabelledRow] = ROWS,
    expected: Sequence[Expected] = (RIGHT,),
    innocent: bool = False,
) -> MadeServer:
    """The example as a made server, with the truth that is given."""
    folder.mkdir(parents=True)
    shutil.copytree(EXAMPLE, folder / "evidence")
    truth = Truth(
        scenario="example",
        seed=1,
        tool="0",
        innocent=innocent,
        expected=tuple(expected),
        rows=tuple(rows),
    )
    (folder / "expected.json").write_bytes(encode(truth))
    return MadeServer(evidence=folder / "evidence", truth=folder / "expected.json")
