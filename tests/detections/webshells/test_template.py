"""What of a page is code: golden by hand, one case for every way that servers know."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.detections.webshells import inventory
from tocsin.detections.webshells.blocks import Kind, Language
from tocsin.detections.webshells.inventory import Family, Served
from tocsin.detections.webshells.template import read_page

CS, VB, JS, VBS, JAVA, PHP = (
    Language.CSHARP,
    Language.VBNET,
    Language.JSCRIPT,
    Language.VBSCRIPT,
    Language.JAVA,
    Language.PHP,
)
CASES = {
    "aspx": ('<%@ Page Language="C#" %><p><%= a %></p><% b(); %>', "x.aspx", [(CS, " a "), (CS, " b(); ")]),
    "a comment holds no code": ('<%@ Page Language="VB" %><%-- a --%><% b %>', "x.aspx", [(VB, " b ")]),
    "server script": (
        '<script language="JScript" runat="server">f("</p>")</script>',
        "x.aspx",
        [(JS, 'f("</p>")')],
    ),
    "script of the browser": ("<script>f()</script>", "x.aspx", []),
    "handler": (
        '<%@ WebHandler Language="C#" Class="H" %>\nusing System;',
        "x.ashx",
        [(CS, "\nusing System;")],
    ),
    "asp": ("<% dim a\nset a = b %>", "x.asp", [(VBS, " dim a\nset a = b ")]),
    "asp in jscript": ('<%@ language="javascript" %><% var a = 1; %>', "x.asp", [(JS, " var a = 1; ")]),
    "a script tag inside a text of the code": (
        '<% x = "<script runat=server>a</script>" %>',
        "x.asp",
        [(VBS, ' x = "<script runat=server>a</script>" ')],
    ),
    "jsp": ("<%! int a; %><% b(); %>", "x.jsp", [(JAVA, " int a; "), (JAVA, " b(); ")]),
    "jsp in xml": (
        '<q:root xmlns:q="http://java.sun.com/JSP/Page"><q:scriptlet>a();</q:scriptlet></q:root>',
        "x.jspx",
        [(JAVA, "a();")],
    ),
    "php to the end": ("<?php a();", "x.php", [(PHP, " a();")]),
    "php with an end in a text": ('<?php a("?>"); ?>b<?= c ?>', "x.php", [(PHP, ' a("?>"); '), (PHP, " c ")]),
    "php with an end in a comment": ("<?php // a ?>b<? c(); ?>", "x.php", [(PHP, " // a "), (PHP, " c(); ")]),
    "php in a script tag": ('<script language="php">a();</script>', "x.php", [(PHP, "a();")]),
    "empty blocks do not hide the code": ("<%%>" * 500 + "<% a = 1 %>", "x.asp", [(VBS, " a = 1 ")]),
    "code in a list of a virtual directory": (
        'ExternalUrl : http://f/<script language="JScript" runat="server">f();</script>',
        "x.aspx",
        [(JS, "f();")],
    ),
    "razor": ("@{ var a = 1; }<p>@a</p>", "x.cshtml", [(CS, " var a = 1; ")]),
}


@pytest.mark.parametrize("name", CASES)
def test_code_is_found(name: str) -> None:
    text, path, wanted = CASES[name]
    page = read_page(text, inventory.take(text, path).family)
    assert [
        (block.language, text[block.start : block.end]) for block in page.blocks if block.language
    ] == wanted


def test_directives_controls_and_objects_are_named() -> None:
    text = (
        '<%@ Page Language="C#" Inherits="A.B" %><asp:TextBox id="Box" runat="server" />'
        '<object id="S" runat="server" progid="A.Shell"></object>'
    )
    page = read_page(text, Family.ASPNET)
    assert [(block.kind, block.name) for block in page.blocks] == [
        (Kind.DIRECTIVE, "page"),
        (Kind.CONTROL, "textbox"),
        (Kind.OBJECT, "object"),
    ]
    assert page.controls() == {"box": "textbox"}
    assert page.blocks[0].attributes["inherits"] == "A.B"


def test_a_configuration_maps_requests_to_code() -> None:
    text = (
        '<configuration><system.webServer><handlers><add name="a" path="*.jpg" verb="*" '
        'scriptProcessor="C:\\Windows\\System32\\inetsrv\\asp.dll" /><!-- <add name="b" /> --></handlers>'
        "</system.webServer></configuration>"
    )
    found = [block for block in read_page(text, Family.CONFIG).blocks if block.kind is Kind.CONFIG]
    assert [(block.name, block.attributes["path"]) for block in found] == [("handlers", "*.jpg")]


@pytest.mark.parametrize(
    ("path", "text", "family", "served"),
    [
        ("a.ASPX", "<p>", Family.ASPNET, Served.YES),
        ("a.txt", "<?php a();", Family.PHP, Served.NO),
        ("a.jpg", "<% set a = server.createobject(b) %>", Family.ASP, Served.NO),
        ("a.php", '<%@ Page Language="C#" %><asp:Label />', Family.ASPNET, Served.YES),
        ("a.inc", "<?php a();", Family.PHP, Served.UNKNOWN),
        ("a.html", '<%@ page import="java.io.File" %>', Family.JSP, Served.NO),
        ("dir.x/noextension", "nothing", Family.OTHER, Served.UNKNOWN),
    ],
)
def test_content_and_name_are_told_apart(path: str, text: str, family: Family, served: Served) -> None:
    found = inventory.take(text, path)
    assert (found.family, found.served) == (family, served)


MARKS = st.sampled_from(
    ["<%", "%>", "<%@ Page ", "<%--", "--%>", "<script runat=server>", "</script>",
     "<?php ", "?>", "'", '"', "/*",
     "*/", "@{", "}", "{", "<jsp:scriptlet>", "${", "<cffile ", ">", "\n", "a", " "]
)  # fmt: skip


@given(st.lists(MARKS, max_size=60).map("".join), st.sampled_from(list(Family)))
def test_blocks_lie_inside_and_do_not_overlap(text: str, family: Family) -> None:
    blocks = [block for block in read_page(text, family).blocks if block.language and block.language != "el"]
    for block in blocks:
        assert 0 <= block.start < block.end <= len(text)
    if family is not Family.RAZOR and family is not Family.JSP:
        assert all(first.end <= second.start for first, second in itertools.pairwise(blocks))


@pytest.mark.parametrize(
    ("unit", "path"),
    [
        ("<script ", "x.aspx"), ("<script runat=server ", "x.aspx"), ("<object runat=server ", "x.aspx"),
        ("<asp:textbox ", "x.aspx"), ("<x:script ", "x.xslt"), ("<jsp:useBean ", "x.jsp"),
        ("<cfexecute ", "x.cfm"), ("<!---><cffile ", "x.cfm"), ("<handlers>", "web.config"),
        ("<!--", "web.config"), ("<handlers><add ", "web.config"), ("<!--#include ", "x.asp"),
    ],
)  # fmt: skip
def test_tags_without_an_end_do_not_cost_their_square(unit: str, path: str) -> None:
    """Half a megabyte: a search to the end for every tag does not end in a test's patience."""
    text = unit * (500_000 // len(unit))
    assert read_page(text, inventory.take(text, path).family).programs() == {}


def test_a_tag_behind_very_many_without_an_end_is_still_read() -> None:
    text = "<script " * 5_000 + '"\n<script language="C#" runat="server">int a;</script>'
    (pieces,) = read_page(text, Family.ASPNET).programs().values()
    assert text[pieces[-1].start : pieces[-1].end] == "int a;"


def test_a_comment_of_the_configuration_maps_nothing() -> None:
    add = '<add path="*.x" verb="*" type="A" />'
    text = f"<configuration><handlers><!-- {add} --><clear/>{add}</handlers><modules/>{add}</configuration>"
    (block,) = (one for one in read_page(text, Family.CONFIG).blocks if one.kind is Kind.CONFIG)
    assert block.name == "handlers"
    assert block.start == text.index(add, text.index("<clear/>"))
