"""The packs' YARA rules on samples that are put together in memory, and on pages that only look alike."""

from __future__ import annotations

import pytest
from tests.campaigns.evidence_lines import PACKS

from tocsin.packs.yara_rules import compiled_yara

DUMP = """Name                            : OAB (Default Web Site)
MetabasePath                    : IIS://ex01.contoso.example/W3SVC/1/ROOT/OAB
ExtendedProtectionTokenChecking : None
AdminDisplayVersion             : Version 15.1 (Build 2106.2)
InternalAuthenticationMethods   : WindowsIntegrated
OfflineAddressBooks             :
ExternalUrl                     : {}
"""
SCRIPT = "<scr" + 'ipt language="JScript" run' + 'at="ser' + 'ver">{}</scr' + "ipt>"
REQUEST = "Req" + 'uest["k"]'
EVALUATES = "function Page_Load(){ev" + f'al({REQUEST},"un' + 'safe");}'
SAVES = "function Page_Load(){Request.Files[0].S" + "aveAs(Server.MapPath(Request.Form[0]));}"

SAMPLES: dict[str, tuple[str, set[str]]] = {
    "dump with script": (
        DUMP.format("http://f/" + SCRIPT.format(EVALUATES)),
        {"virtual_directory_dump_with_script", "script_evaluates_request"},
    ),
    "dump that saves": (
        DUMP.format("http://f/" + SCRIPT.format(SAVES)),
        {
            "virtual_directory_dump_with_script",
            "virtual_directory_dump_that_writes_files",
            "page_saves_upload_below_itself",
        },
    ),
    "dump without script": (DUMP.format("http://f/"), {"virtual_directory_dump_without_script"}),
    "one line": (
        "<%@ Page Language='Jscript'%><%ev" + f"al({REQUEST},'un" + "safe');%>",
        {"script_evaluates_request"},
    ),
    "classic": ("<%exe" + "cute(req" + 'uest("k"))%>', {"script_evaluates_request"}),
    "php": ("<?php @ev" + "al($_PO" + "ST['k']); ?>", {"php_page_runs_request"}),
    "jsp": (
        "<% Runtime.getRunt{}(request.getParam{}); %>".format("ime().ex" + "ec", 'eter("c")'),
        {"jsp_page_runs_command_from_request"},
    ),
    "encrypted": (
        "<% byte[] k=…; Assem" + "bly.Lo" + "ad(aes.CreateDecryp" + "tor(k,k).TransformFinalBlock("
        "Requ" + "est.BinaryR" + "ead(n),0,n)); %>",
        {"net_page_loads_assembly_from_request"},
    ),
    "starts": (
        "<% var p=new ProcessStart" + 'Info("cm' + 'd.exe","/c "+Requ' + 'est.Form["c"]); %>',
        {"net_page_starts_program_from_request"},
    ),
    "tunnel": (
        '<% if(cmd=="CONN'
        'ECT"){ String t=Request.QueryString["target"]; int p=int.Parse(Request["port"]); '
        "var s=new S" + "ocket(AddressFamily.InterNetwork); } %>",
        {"tunnel_page"},
    ),
    "planted mail store": (
        "!BDN…" + SCRIPT.format(EVALUATES),
        {"mail_store_with_server_script", "script_evaluates_request"},
    ),
    "mail store": ("!BDN… a letter", set()),
    "sign-in page": (
        '<%@ Page Language="C#" AutoEventWireup="true" %><html><% Response.Write(1); %></html>',
        set(),
    ),
    "talks of it": ("<html>Never call ev" + "al(Request) on a server.</html>", set()),
    "assembly": (
        '<%@ Assembly Name="X" %><% var a = Assembly.GetExecutingAssembly(); Request.Form["a"]; %>',
        set(),
    ),
    "upload handler of an application": ("<% file.SaveAs(path); %>" + "<!-- page -->" * 500, set()),
}


def matched(text: str, encoding: str = "utf-8") -> set[str]:
    found: set[str] = set()
    for pack in PACKS:
        results = compiled_yara(pack.yara).scan(text.encode(encoding))
        found |= {rule.identifier for rule in results.matching_rules}
    return found


@pytest.mark.parametrize("name", SAMPLES)
def test_each_sample_gets_the_rules_that_fit_and_no_others(name: str) -> None:
    text, expected = SAMPLES[name]
    assert matched(text) == expected


@pytest.mark.parametrize("name", ["dump with script", "one line", "classic"])
def test_wide_text_makes_no_difference(name: str) -> None:
    text, expected = SAMPLES[name]
    found = matched(text, "utf-16-le")
    assert expected <= found


def test_the_rules_themselves_are_no_samples() -> None:
    for pack in PACKS:
        for text in pack.yara.values():
            assert not matched(text) - {"tunnel_page"}
