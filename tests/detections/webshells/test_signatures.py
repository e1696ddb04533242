"""Every rule meets what it was written for, and not its harmless neighbour; places are characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.detections.webshells.pages import bare

from tocsin.detections.webshells.signatures import Scan, Signatures, rules

SIGNATURES = Signatures()
MEETS = {
    "asp_runs_request": '<% ev·al(Req·uest("a")) %>',
    "asp_unsafe_evaluation": '<% ev·al(x, "uns·afe") %>',
    "asp_runs_made_text": "<% Exe·cute(StrRev·erse(a)) %>",
    "asp_chain_of_characters": "<% a = chr(87)&chr(83)&chr(99)&chr(114)&chr(105) %>",
    "asp_shell_object": '<% Set w = CreateObject("WSc·ript.Sh·ell"): w.Ru·n "a" %>',
    "asp_shell_in_markup": (
        '<object runat="server" id="w" classid="clsid:72C24DD5-D70A-438B-8A42-98424B88·AFB8"></object>'
    ),
    "asp_runs_program": '<% Set w = CreateObject("WSc·ript.Sh·ell"): w.Ru·n Req·uest("a") %>',
    "asp_database_commands": "<% conn.Execute \"exec master..xp_c·mdshell 'dir'\" %>",
    "asp_writes_request": '<% Set f = fs.CreateTextF·ile(p): f.Write Req·uest("c") %>',
    "asp_script_host": '<% Set s = CreateObject("MSScr·iptControl.ScriptC·ontrol") %>',
    "asp_marks_attributes": (
        '<% Set f = fs.GetFile(Request.ServerVariables("PATH_TRANSLATED")): f.attri·butes = 39 %>'
    ),
    "net_starts_shell": '<% p.StartInfo.FileName = "c·md.exe"; p.StartInfo.RedirectStandardOutput = true; %>',
    "net_starts_from_form": (
        '<% var i = new ProcessStart·Info(Req·uest["a"]); i.RedirectStandardOutput = true; %>'
    ),
    "net_loads_bytes": '<% Assembly.Lo·ad(Convert.FromBase64St·ring(x)).CreateInstance("U"); %>',
    "net_decrypts_request": "<% new RijndaelMan·aged(); Request.BinaryRe·ad(9); %>",
    "net_compiles_text": (
        '<% new CSharpCodePro·vider().CompileAssemblyFromSou·rce(p, Req·uest["a"]).Invoke(); %>'
    ),
    "net_script_in_transformation": '<% x = "<msx·sl:script>"; new XslCompiledTra·nsform(); %>',
    "net_keys": "<% (MachineKeySe·ction)c.GetApplicationCo·nfig(); %>",
    "net_ghost_provider": (
        "<script runat=server>class P : VirtualPathPro·vider {}"
        " void A() { HostingEnvironment.RegisterVirtualPathPro·vider(new P()); }</script>"
    ),
    "net_ghost_page": "<% HostingEnvironment.RegisterVirtualPathPro·vider(new P()); %>",
    "net_native": '<% [DllImport("k")] static extern IntPtr Virtual·Alloc(int a); %>',
    "net_writes_request": '<% File.WriteAllTe·xt(p, Req·uest["c"]); %>',
    "net_maps_configuration": (
        '<configuration><handlers><add name="a" path="*.con·fig" verb="*" '
        'scriptProcessor="asp.d·ll" /></handlers></configuration>'
    ),
    "net_search_of_machine": "<% DriveInfo.GetDri·ves(); Process.GetProce·sses(); %>",
    "tunnel_of_commands": (
        '<% new Soc·ket(a); Session["x"] = 1; Request.Headers["tar·get"]; Request.Headers["po·rt"]; %>'
    ),
    "tunnel_by_header": '<% new Soc·ket(a); Response.Headers["X-STA·TUS"] = "OK"; %>',
    "tunnel_http": '<% WebRequest.Cre·ate(Req·uest["u"]) %>',
    "jsp_runs_parameter": '<% Runtime.getRun·time().ex·ec(request.getPara·meter("a")); %>',
    "jsp_runs_program": '<% new ProcessBui·lder("ls").start(); %>',
    "jsp_defines_class": "<% defineCl·ass(new BASE64Dec·oder().decodeBuffer(x)); %>",
    "jsp_decrypts_request": '<% Cipher.getIns·tance("AES"); new SecretKey·Spec(k); request.getRea·der(); %>',
    "jsp_evaluates": '<% new ScriptEngineMan·ager().getEngineByName("js"); %>',
    "jsp_writes_parameter": '<% new FileOutputStr·eam(request.getPara·meter("f")); %>',
    "jsp_memory_shell": "<% StandardCon·text c; c.addFilter·Def(d); %>",
    "jsp_reflection_from_text": '<% Class.forN·ame(dec("x")).getMethod("y").inv·oke(z); %>',
    "php_runs_request": "<?php ev·al($_PO·ST['a']);",
    "php_calls_request": "<?php $_G·ET['a']($_G·ET['b']);",
    "php_runs_made_text": "<?php ev·al(gzin·flate(base64_dec·ode('x')));",
    "php_hidden_name": "<?php $a = 'a'.'s'.'s'.'e'.'rt';",
    "php_chars_only": "<?php $_='a'; $__='b'; $___.='c'; $____=$_.$__; $$____[_](1);",
    "php_loads_from_net": "<?php incl·ude 'http://files.contoso.example/a';",
    "php_program_functions": "<?php sys·tem($a); pass·thru($a); shell_ex·ec($a);",
    "php_survey": "<?php php_un·ame(); ini_get('safe_m·ode'); ini_get('disable_func·tions');",
    "php_file_manager": "<?php opendir($_G·ET['d']); fileperms($a); chmod($a, 1); fwrite($a, 1); ?><form>",
    "php_uploader": "<?php move_uploaded_f·ile($_FI·LES['f']['tmp_name'], $_FI·LES['f']['name']);",
    "php_binds_or_calls_back": "<?php $a = 'use Soc·ket; exec /bin/s·h';",
    "php_cloak": "<?php header('HTTP/1.1 404 Not Found'); sys·tem($a);",
    "php_packed": "<?php ev·al(base64_dec·ode('" + "QUJD" * 120 + "'));",
    "words_of_intruders": "<% ' a web·shell %>",
    "words_of_commands": '<input name="cmd">',
    "words_of_passwords": "<?php if (md5($_PO·ST['p']) == 'abc') { }",
    "page_dumps_database": '<% DriverManager.getConnection(u); q("show tables"); q("select * from " + t); %>',
    "picture_before_code": "GIF89a<?php echo 1;",
    "code_for_another_page": "<% File.WriteAllTe·xt(p, \"<%ev·al(request('a'))\"); %>",
}
ORDINARY = (
    '<asp:Label runat="server" Text=\'<%# Eval("Name") %>\' />',
    '<% Set rs = conn.Execute("select 1") : Response.Write rs("a") %>',
    "<script>var x = eval('(' + json + ')'); EnableScriptGlobalization = true;</script>",
    '<% Dim execute_count : If Request("a") = "1" Then count = 1 %>',
    '<form method="post"><input name="name"><input type="submit" value="Send"></form>',
    "<?php echo htmlspecialchars($_GET['q']); usort($a, 'strcmp'); include 'head.php';",
    "<?php $list = array_map('trim', explode(',', $text)); preg_replace('/\\s+/', ' ', $x);",
    '<%@ page import="java.util.*" %><c:out value="${user.name}" />',
    '<configuration><handlers><add name="x" path="*.axd" verb="GET" type="A.B" /></handlers></configuration>',
    (
        '<%@ WebHandler Language="C#" Class="Img" %> public class Img { void P(HttpContext c) { '
        'c.Response.ContentType = "image/png"; } }'
    ),
)


def _scan(text: str) -> Scan:
    return SIGNATURES.scan(bare(text))


@pytest.mark.parametrize("rule", sorted(MEETS))
def test_a_rule_meets_what_it_was_written_for(rule: str) -> None:
    assert rule in {hit.rule for hit in _scan(MEETS[rule]).hits}


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_pages_meet_none(text: str) -> None:
    assert _scan(text).hits == ()


def test_every_rule_has_an_example_and_says_what_it_is() -> None:
    metas = {rule.identifier: dict(rule.metadata) for rule in rules()}
    assert set(MEETS) == {name for name, meta in metas.items() if meta["key"] != "gate"}
    assert all(
        set(meta) == {"description", "key", "capability"} and meta["description"] for meta in metas.values()
    )


@pytest.mark.parametrize("rule", sorted(MEETS))
def test_what_a_rule_meets_passes_the_gate(rule: str) -> None:
    words = {"words_of_commands", "words_of_intruders", "words_of_passwords", "picture_before_code"}
    assert _scan(MEETS[rule]).suspect or rule in words


def test_a_page_without_code_does_not_pass_the_gate() -> None:
    assert not _scan("<html><body><p>eval process assembly</p></body></html>").suspect
    assert not _scan("<% Response.Write 1 %>").suspect


@given(before=st.text("äöü漢字\r\n a", max_size=40))
def test_places_are_characters(before: str) -> None:
    code = bare("ev·al(Req·uest")
    (hit,) = [hit for hit in _scan(f"{before}<% {code}(1)) %>").hits if hit.rule == "asp_runs_request"]
    start, end = hit.spans[0]
    assert f"{before}<% {code}(1)) %>"[start:end] == code


@given(text=st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    scan = SIGNATURES.scan(text)
    assert all(0 <= start < end <= len(text) for hit in scan.hits for start, end in hit.spans)
    assert not scan.gave_up
