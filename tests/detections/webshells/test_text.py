"""A page reads the same in every encoding, and every place leads back into its bytes."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.detections.webshells.text import read_text

PAGE = (
    '<%@ Page Language="C#" %>\r\n<% string wert = Request["größe"]; Response.Write(wert); %>\r\n'
    "<p>ok</p>\r\n"
)
CHINESE = '<%\r\nname = "管理员登陆密码"\r\nResponse.Write name & "中文页面的标题文字"\r\n%>\r\n'
ENCODED = base64.b64decode(
    "PCVAIExBTkdVQUdFID0gVkJTY3JpcHQuRW5jb2RlICU+DQo8JSNAfl5Dd0FBQUE9PXtGfm5ZNGl+MSsyfl5pfn59UHpic1Bk"
)


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("utf-32-le", b"\xff\xfe\0\0"),
        ("latin-1", b""),
    ],
)
def test_one_page_in_many_encodings(encoding: str, mark: bytes) -> None:
    data = mark + PAGE.encode(encoding)
    text = read_text(data)
    assert text.text == PAGE
    at = PAGE.index("größe")
    start, end = text.byte_span(at, at + 5)
    assert data[start:end] == "größe".encode(encoding)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_chinese_pages_are_told_by_their_bytes(encoding: str) -> None:
    assert read_text(CHINESE.encode(encoding)).text == CHINESE


def test_japanese_is_told_by_its_kana() -> None:
    page = '<% x = "ファイルをアップロードする" %>'
    assert read_text(page.encode("cp932")).text == page


def test_what_the_directive_says_counts() -> None:
    page = '<%@ codepage=950 %><% x = "資料庫管理" %>'
    assert read_text(page.encode("big5")).text == page


def test_utf_7_is_shifted_back() -> None:
    data = b"<%@codepage=65000%>\n<%\n+AHIAZQBzAHAAbwBuAHMAZQAuAGUAbgBk-\n%>"
    text = read_text(data)
    assert "response.end" in text.text
    at = text.text.index("response.end")
    assert text.byte_span(at, at + 12) == (data.index(b"+"), data.index(b"-") + 1)


def test_ebcdic_behind_its_own_directive() -> None:
    head = '<%@ page pageEncoding="cp037" %>'
    assert read_text(head.encode() + "<% int x = 1; %>".encode("cp037")).text == head + "<% int x = 1; %>"


def test_java_escapes_are_read_before_the_code() -> None:
    page = '<%@ page import="java.io.*" %><% \\u0073tring = 1; \\uu0028 %>'
    text = read_text(page.encode())
    assert "string = 1; (" in text.text
    at = text.text.index("string")
    start, end = text.byte_span(at, at + 6)
    assert page.encode()[start:end] == b"\\u0073tring"


def test_xml_is_unpacked_in_jsp_documents() -> None:
    page = (
        '<x xmlns:jsp="http://java.sun.com/JSP/Page">'
        "<jsp:scriptlet>a &lt; b<![CDATA[ && c]]></jsp:scriptlet></x>"
    )
    assert "a < b && c</jsp:scriptlet>" in read_text(page.encode()).text


@pytest.mark.parametrize(("ending", "lines"), [("\r\n", 3), ("\n", 3), ("\r", 3)])
def test_every_kind_of_line_end_counts(ending: str, lines: int) -> None:
    text = read_text(ending.join(("a", "b", "c")).encode())
    assert text.line_of(len(text.text)) == lines


def test_a_carriage_return_alone_is_a_line_end_to_every_expression() -> None:
    text = read_text(b"a\rb\r\nc\r")
    assert text.text == "a\nb\r\nc\n"
    assert text.byte_span(2, 3) == (2, 3)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_that_begins_in_chinese(codec: str) -> None:
    page = "管理员登陆密码中文页面的标题文字" * 40 + CHINESE
    assert read_text(page.encode(codec)).text == page


def test_a_mark_does_not_stop_utf_7_that_the_page_asks_for() -> None:
    page = b"\xef\xbb\xbf<%@codepage=65000%>\n<%\n+AHIAZQBzAHAAbwBuAHMAZQAuAGUAbgBk-\n%>"
    assert "response.end" in read_text(page).text


def test_a_picture_before_the_page_is_noted() -> None:
    assert read_text(b"GIF89a;<% x = 1 %>").kinds == ("picture",)


@given(st.binary(max_size=400))
def test_every_input_gives_a_text_and_places_inside(data: bytes) -> None:
    text = read_text(data)
    for at in {0, len(text.text) // 2, len(text.text)}:
        start, end = text.byte_span(at, min(at + 3, len(text.text)))
        assert 0 <= start <= end <= len(data)


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=80).filter(lambda text: "\ufeff" not in text)
)
def test_places_lead_back_to_the_very_bytes(middle: str) -> None:
    whole = f"<% before %>{middle}<% after %>"
    data = b"\xef\xbb\xbf" + whole.encode()
    text = read_text(data)
    at = text.text.rindex("<% after")
    start, _ = text.byte_span(at, at + 3)
    assert data[start:].startswith(b"<% after") or "#@~^" in whole or "&" in whole
