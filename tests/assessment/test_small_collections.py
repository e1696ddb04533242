"""Small collections of the kinds that people really hand over, and what a careful reader says of them."""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tocsin.assessment.assess import Knowledge
from tocsin.assessment.server import Request, assess_evidence, load_knowledge
from tocsin.model.verdicts import Assessment, Verdict
from tocsin.model.words import Compromise, Exposure, Means, Presence, Residual

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HEAD = (
    "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time s-ip cs-method "
    "cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status\n"
)
LOG = "C/inetpub/logs/LogFiles/W3SVC1/u_ex240505.log"
SCRIPT = "scr" + "ipt"
EXCHANGE = "C/Program Files/Microsoft/Exchange Server/V15"
TOKEN = "VgEAVAdXaW5kb3dzQwBBCEtlcmJlcm9zTBBhQGNvbnRvc28uZXhhbXBsZQ=="  # noqa: S105 - names a user, opens nothing
FORGED = f"@x.example/powershell/?X-Rps-CAT={TOKEN}&Email=autodiscover/autodiscover.json%3F@x.example"


@functools.cache
def knowledge() -> Knowledge:
    return load_knowledge()


def assessed(folder: Path, **files: str) -> Assessment:
    """Assess files given by their path; ``log`` stands for the IIS log."""
    for path, text in files.items():
        place = folder / (LOG if path == "log" else path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return assess_evidence(Request(evidence=folder, at=NOW), knowledge())


def verdict(found: Assessment, campaign: str = "web-shell-activity") -> Verdict:
    return next(one for one in found.verdicts if one.campaign == campaign)


def row(
    clock: str, method: str, stem: str, query: str = "-", status: int = 200, ip: str = "203.0.113.9"
) -> str:
    return f"2024-05-05 {clock} 192.0.2.10 {method} {stem} {query} 443 - {ip} Mozilla/5.0 {status}\n"


NONSENSE = row("09:00:01", "GET", "/.env") + row("09:00:02", "GET", "/wp-login.php")
PAGES = "".join(row(f"09:01:0{at}", "GET", f"/aspnet_client/{name}.aspx") for at, name in enumerate("abc"))


def test_a_server_that_answers_anything_shows_no_shell_by_answering(tmp_path: Path) -> None:
    found = assessed(tmp_path, log=HEAD + NONSENSE + PAGES)
    assert {one.compromise for one in found.verdicts} == {Compromise.UNDETERMINED}
    assert found.exit_status == 4
    explained = [one for one in verdict(found).findings if one.benign]
    assert [one.means for one in explained] == [Means.CONTEXT] * 3
    assert all("answers 200 to whatever" in one.benign.why for one in explained if one.benign)


@pytest.mark.parametrize(
    "log",
    [
        PAGES,
        NONSENSE.replace(" 200", " 404") + PAGES,
        NONSENSE + row("09:02:00", "POST", "/aspnet_client/a.aspx"),
    ],
    ids=["nothing asked", "refused", "posted to"],
)
def test_elsewhere_an_answer_there_shows_a_shell(tmp_path: Path, log: str) -> None:
    assert assessed(tmp_path, log=HEAD + log).exit_status == 20


def test_a_sign_in_page_of_the_owners_own_is_context(tmp_path: Path) -> None:
    query = "replaceCurrent=1&url=https%3a%2f%2fmail.contoso.example%2fowa%2f"
    found = assessed(tmp_path, log=HEAD + row("09:00:00", "GET", "/owa/auth/sign_in_nl.aspx", query))
    assert found.exit_status == 4
    assert any(one.rule == "Unknown sign-in page served" for one in verdict(found).findings)


def test_autodiscover_asked_for_powershell_by_its_own_means(tmp_path: Path) -> None:
    query = "Email=anna@contoso.example&Protocol=Powershell"
    found = assessed(tmp_path, log=HEAD + row("09:00:00", "GET", "/autodiscover/autodiscover.json", query))
    assert found.exit_status == 4
    assert verdict(found).attempts == 0


def test_a_page_that_runs_commands_is_a_shell_with_a_user(tmp_path: Path) -> None:
    commands = ["cmd=whoami", "cmd=ipconfig+/all", "cmd=net+user"]
    rows = "".join(row(f"10:00:{at}0", "GET", "/up/c.aspx", query) for at, query in enumerate(commands))
    found = verdict(assessed(tmp_path, log=HEAD + rows))
    (shell,) = found.webshells
    assert (shell.url, shell.tasked, shell.requests) == ("/up/c.aspx", True, 3)
    assert [one.role for one in found.clusters] == ["shell-user"]


def test_a_command_of_the_control_panel_is_no_second_hand_evidence(tmp_path: Path) -> None:
    command = (
        f"Set-EcpVirtualDirectory.ExternalUrl='http://f/<{SCRIPT} runat=server>x</{SCRIPT}>'.Identity='a'"
    )
    log = (
        "#Software: Microsoft Exchange Server\n#Version: 15.01.2106.002\n#Log-type: ECP Server Log\n"
        "#Fields: TimeStamp,ServerName,EventId,EventData\n"
        f"2021-03-03T06:59:18.042Z,EX01,ECP.Request,S:Bld=15.1.2106.2;S:CMD={command}\n"
    )
    found = verdict(
        assessed(tmp_path, **{f"{EXCHANGE}/Logging/ECP/Server/ECPServer20210303-1.LOG": log}), "proxylogon"
    )
    assert (found.compromise, found.exposure) == (Compromise.COMPROMISED, Exposure.VULNERABLE)
    assert not any(one.weak for one in found.findings)
    assert "second-hand" not in found.compromise_because


SPLUNK = {
    "result": {
        "date": "2021-08-20", "time": "03:11:22", "cs_method": "POST", "c_ip": "203.0.113.7",
        "cs_uri_stem": "/autodiscover/autodiscover.json", "cs_uri_query": FORGED, "sc_status": "200",
    }
}  # fmt: skip
PRINTED = "\n".join(f"{name.replace('_', '-'):<14}: {value}" for name, value in SPLUNK["result"].items())
ASKED = "2021-08-20 03:11:22 10.0.0.5 POST /autodiscover/autodiscover.json"
QUOTED = f"> {ASKED} {FORGED} 443 - 203.0.113.7 x/1.0 - 200"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("export.json", json.dumps(SPLUNK)),
        ("out.txt", f"\n{PRINTED}\n\n"),
        ("mail.txt", f"Hello,\nthis is what we saw:\n{QUOTED} 0 0 41\n"),
    ],
)
def test_a_borrowed_identity_in_exports_and_quotations(tmp_path: Path, name: str, text: str) -> None:
    found = assessed(tmp_path, **{name: text})
    assert found.exit_status == 20
    assert any(one.means is Means.COMPROMISED and one.weak for one in verdict(found).findings)
    assert {one.campaign for one in found.verdicts} == {"proxylogon", "web-shell-activity"}


def test_an_export_of_settings_is_no_web_shell_though_a_script_stands_in_it(tmp_path: Path) -> None:
    lines = [
        "Server : EX01",
        f"ExternalUrl : http://f/<{SCRIPT} runat=server>x</{SCRIPT}>",
        "PollInterval : 480",
        "AdminDisplayVersion : Version 15.1 (Build 2106.2)",
        "Name : OAB (Default Web Site)",
        "WhenChangedUTC : 3/4/2021 4:07:21 PM",
    ]
    found = verdict(assessed(tmp_path, **{"oab.txt": "\n".join(lines) + "\n"}), "proxylogon")
    assert found.compromise is Compromise.COMPROMISED
    assert found.webshells == ()
    assert found.residual is Residual.PRESENT


def test_a_pool_that_httperr_names_is_a_sign_of_exchange(tmp_path: Path) -> None:
    log = (
        "#Software: Microsoft HTTP API 2.0\n#Fields: date time c-ip c-port s-ip s-port cs-version cs-method "
        "cs-uri sc-status s-siteid s-reason s-queuename\n2021-03-05 10:00:00 203.0.113.7 51000 10.0.0.5 443 "
        "HTTP/1.1 POST /ecp/y.js 503 1 Disabled MSExchangeECPAppPool\n"
    )
    found = assessed(tmp_path, **{"C/Windows/System32/LogFiles/HTTPERR/httperr1.log": log})
    assert verdict(found, "proxylogon").compromise is Compromise.UNDETERMINED


def test_a_shell_in_an_excerpt_is_not_said_to_be_there_still(tmp_path: Path) -> None:
    found = verdict(
        assessed(tmp_path, **{"blog.md": f"```\n{row('09:00:00', 'POST', '/aspnet_client/k.aspx')}```\n"})
    )
    (shell,) = found.webshells
    assert (shell.presence, found.residual) == (Presence.UNKNOWN, Residual.UNKNOWN)


def test_encrypted_files_and_notes_are_left_behind_but_no_web_shells(tmp_path: Path) -> None:
    found = verdict(
        assessed(
            tmp_path,
            **{
                "C/inetpub/wwwroot/iisstart.htm.CRYPT": "DEARCRY!" + "x" * 300,
                "C/inetpub/wwwroot/decrypt_file.TxT": "We Are Back",
                f"{EXCHANGE}/FrontEnd/HttpProxy/owa/web.config": "<configuration/>",
            },
        ),
        "proxylogon",
    )
    assert (found.compromise, found.rung) == (Compromise.COMPROMISED, "ransomware")
    assert found.webshells == ()
    assert found.residual is Residual.PRESENT
