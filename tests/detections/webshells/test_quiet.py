"""Ordinary pages stay quiet, and what nearly looks like them does not."""

from __future__ import annotations

import pytest
from tests.detections.webshells.pages import bare

from tocsin.detections.webshells.examine import examine
from tocsin.detections.webshells.score import FLAGGED

CONNECTOR = """<%@ WebHandler Language="C#" Class="Upload" %>
using System; using System.IO; using System.Web;
public class Upload : IHttpHandler {
    static readonly string[] Allowed = { ".jpg", ".png", ".gif" };
    public void ProcessRequest(HttpContext context) {
        HttpPostedFile file = context.Request.Files["imgFile"];
        string extension = Path.GetExtension(file.FileName).ToLower();
        if (file.InputStream.Length > 1000000) { Fail(context); return; }
        if (Array.IndexOf(Allowed, extension) < 0) { Fail(context); return; }
        string name = DateTime.Now.ToString("yyyyMMddHHmmss") + extension;
        file.SaveAs(context.Server.MapPath("~/attached/") + name);
        context.Response.Write("{\\"error\\":0,\\"url\\":\\"/attached/" + name + "\\"}");
    }
    void Fail(HttpContext context) { context.Response.Write("{\\"error\\":1}"); }
    public bool IsReusable { get { return false; } }
}
"""
LIST_PAGE = '''<%@ Language=VBScript %>
<!--#include file="conn.asp"-->
<html><body><table>
<%
Dim rs, id
id = CInt(Request.QueryString("id"))
Set rs = conn.Execute("select title, body from news where cat = " & id)
Do While Not rs.EOF
    Response.Write "<tr><td>" & Server.HTMLEncode(rs("title")) & "</td></tr>"
    rs.MoveNext
Loop
Response.Write "<form action=""" & Request.ServerVariables("SCRIPT_NAME") & """ method=""post"">"
Response.Write "<input name=""name""><input type=""submit"" value=""Send""></form>"
%>
</table></body></html>
'''
CALLBACKS = """<?php
namespace App;
class Router {
    private $routes = array();
    public function add($path, callable $handler) { $this->routes[$path] = $handler; }
    public function run() {
        $path = isset($_SERVER['PATH_INFO']) ? $_SERVER['PATH_INFO'] : '/';
        if (!isset($this->routes[$path])) { header('HTTP/1.1 404 Not Found'); return; }
        $data = array_map('trim', $_POST);
        $ids = array_filter(array_map('intval', (array) $_GET), 'is_int');
        call_user_func($this->routes[$path], $data, $ids);
    }
}
"""
FORWARD = """<%@ page import="java.util.*" contentType="text/html; charset=UTF-8" %>
<%
String page1 = request.getParameter("page");
if (page1 == null || page1.length() > 20) { page1 = "home"; }
List<String> names = (List<String>) request.getAttribute("names");
for (String name : names) { out.println("<li>" + name + "</li>"); }
String target = "/WEB-INF/" + page1.replace(".", "") + ".jsp";
request.getRequestDispatcher(target).include(request, response);
%>
"""
CODE_BEHIND = """<%@ Page Language="C#" CodeBehind="List.aspx.cs" Inherits="Site.List" %>
<asp:Repeater ID="items" runat="server"><ItemTemplate>
<a href='<%# Eval("U") %>'><%# HttpUtility.HtmlEncode(Eval("Name").ToString()) %></a>
</ItemTemplate></asp:Repeater>
<asp:TextBox ID="search" runat="server" /><asp:Button runat="server" Text="Search" OnClick="Find" />
"""
SEARCH = """<%@ Page Language="VB" %>
<script runat="server">
Sub Find(ByVal sender As Object, ByVal e As EventArgs)
    result.Text = Server.HtmlEncode("You looked for " & search.Text)
    Session("last") = search.Text
End Sub
</script>
<form runat="server"><asp:TextBox ID="search" runat="server" /><asp:Label ID="result" runat="server" /></form>
"""
APP_DATA = """@{
    if (IsPost) {
        var uploaded = Request.Files[0];
        var name = Path.GetFileName(uploaded.FileName);
        uploaded.SaveAs(Server.MapPath("~/App_Data/UploadedFiles/" + name));
    }
}
"""
RECORD = """@{
    if (IsPost) {
        var line = Request["first"] + "," + Request["last"] + Environment.NewLine;
        File.AppendAllText(Server.MapPath("~/records/data.txt"), line);
    }
}
"""
JSON = """<script language="javascript" runat="server">
JSON = {}; JSON.parse = function (text) {
    if (/^[\\],:{}\\s]*$/.test(text.replace(/x/g, '@'))) { return ev·al('(' + text + ')'); }
    throw new SyntaxError('JSON.parse');
};
</script>
"""
BOOTSTRAP = """<%
function checked(value)
    dim Re : set Re = new RegExp
    Re.pattern = "^\\S+$"
    if Re.test(value) then checked = value else Err.raise 5
end function
ex·ecuteGlobal join( _
    array("dim c : set c = new [" & checked(Session("name")) & "Controller]", "call c.run()"), vbNewLine)
%>
"""
VARIABLE = """<%
function variable(name)
    with createObject("WSc·ript.Shell")
        variable = .expandEnvironmentStrings(name)
    end with
end function
Response.charset = Session("charset")
%>
"""
PRIMARY = """<%@ page import="java.lang.reflect.*" %>
<%
Class<?> kind = Class.forName("org.contoso.Session");
Method method = kind.getMethod("isPrimary");
Object current = sessions.get(request.getParameter("id"));
if (Boolean.TRUE.equals(method.invoke(current))) { out.println("primary"); }
%>
"""
LOOKUP = """<%
javax.naming.Context outer = new javax.naming.InitialContext();
javax.naming.Context inner = (javax.naming.Context) outer.lookup("java:comp/env");
out.println(inner.lookup(request.getParameter("name")));
%>
"""
METHODS = """<?php
class Server {
    public $known = array();
    function serve() { $this->call(file_get_contents('php://input'), array()); }
    function call($name, $values) {
        if (!in_array($name, $this->known)) { return false; }
        return $this->$name($values);
    }
}
"""
GUARDED = """<?php
if (!defined('IN_FORUM')) { exit; }
$about = php_uname() . ' ' . disk_free_space('.');
$result = $db->query("SELECT * FROM posts WHERE id = " . $_GET['id']);
"""
QUIET = {
    "data.cshtml": APP_DATA,
    "record.cshtml": RECORD,
    "json.asp": JSON,
    "bootstrap.asp": BOOTSTRAP,
    "variable.asp": VARIABLE,
    "primary.jsp": PRIMARY,
    "lookup.jsp": LOOKUP,
    "methods.php": METHODS,
    "guarded.php": GUARDED,
    "connector.ashx": CONNECTOR,
    "list.asp": LIST_PAGE,
    "router.php": CALLBACKS,
    "forward.jsp": FORWARD,
    "list.aspx": CODE_BEHIND,
    "search.aspx": SEARCH,
}
LOUD = {
    "a.aspx": '<%@ Page Language="JScr·ipt" %><% ev·al(Req·uest.Item["q"], "uns·afe"); %>',
    "b.aspx": '<%@ Page Language="C#" %><% Pro·cess.Start("c·md.exe", "/c " + Req·uest["q"]); %>',
    "c.ashx": '<%@ WebHandler Language="C#" Class="H" %> public class H { '
    "public void ProcessRequest(HttpContext c) { "
    'System.Reflection.Ass·embly.Lo·ad(Convert.FromBase64St·ring(c.Req·uest["q"])).CreateInstance("U"); } }',
    "d.asp": '<% ex·ecute req·uest("q") %>',
    "e.asp": '<% Set w = Server.CreateObject("WSc·ript.Sh·ell"): w.Run "c·md /c " & Req·uest("q"), 0 %>',
    "f.jsp": '<% Runtime.getRun·time().ex·ec(request.getPara·meter("q")); %>',
    "g.php": "<?php @ev·al($_PO·ST['q']);",
    "i.asp": "<script runat=server language=jscript>"
    "var t = {'E': ev·al}; t.E(String(Req·uest.Form('z')));</script>",
    "j.aspx": "<%@ Page Language='C#' %><% var x = new XmlDocument(); "
    "x.LoadXml(\"<xsl:stylesheet xmlns:m='urn:schemas-microsoft-com:xs·lt'><msx·sl:script language='JScript'>"
    "function f(){var r = new ActiveXObject('WSc·ript.Shell')"
    ".Ex·ec('c·md /c ' + Req·uest.Item['c']);}</msx·sl:script></xsl:stylesheet>\"); "
    "var t = new XslCompiledTransform(); "
    "t.Load(x, XsltSettings.TrustedXslt, null); t.Transform(y, null, z); %>",
    "k.asp": '<% Set f = Server.CreateObject("Scripting.FileSystemObject")\n'
    'Set t = f.CreateTextFile(Server.MapPath("up.asp"))\nt.Write(req·uest("q"))\n%>',
    "h.php": "<?php $f = base64_dec·ode('c3lzdGVt'); $f($_RE·QUEST['q']);",
}


@pytest.mark.parametrize("name", sorted(QUIET))
def test_ordinary_pages_are_not_flagged(name: str) -> None:
    assert examine(bare(QUIET[name]).encode(), path=name).score < FLAGGED


@pytest.mark.parametrize("name", sorted(LOUD))
def test_pages_that_run_the_request_are_flagged_with_places(name: str) -> None:
    found = examine(bare(LOUD[name]).encode(), path=name)
    assert found.score >= FLAGGED
    assert found.spans
