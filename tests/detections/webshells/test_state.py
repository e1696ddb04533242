"""What became of code: live, inert or neutralised, on a ground that a reader can check."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.detections.webshells.observing import observe
from tocsin.detections.webshells.state import State, state_of
from tocsin.model.words import ShellContent

LIVE, INERT, NEUTRALISED, UNKNOWN = (
    ShellContent.LIVE,
    ShellContent.INERT,
    ShellContent.NEUTRALISED,
    ShellContent.UNKNOWN,
)
LIST = (
    "Name                          : OAB (Default Web Site)\r\n"
    "InternalAuthenticationMethods : WindowsIntegrated\r\n"
    "MetabasePath                  : IIS://mail.contoso.example/W3SVC/1/ROOT/OAB\r\n"
    "AdminDisplayVersion           : Version 15.1\r\n"
    "ExternalUrl                   : http://f/"
)


def _pages() -> dict[str, str]:
    """Pages that scanners would eat, put together here only."""
    run = base64.b64decode("ZXZhbA==").decode()
    jscript = run + '(Request.Item["z"],"unsafe");'
    php = run + "($_POST[1]);"
    asp = run + ' request("x")'
    script = '<script language="JScript" runat="server">'
    return {
        "jscript": f'<%@ Page Language="JScript"%><%{jscript}%>',
        "dump": LIST,
        "dump-live": f"{LIST}{script}function Page_Load(){{{jscript}}}</script>",
        "dump-hollow": f"{LIST}{script}function Page_Load(){{}}</script>",
        "dump-cut": f"{LIST}{script}</script>",
        "dump-escaped": LIST + f"{script}function Page_Load(){{{jscript}}}</script>".replace("<", "&lt;"),
        "cut-off": f'<%@ Page Language="JScript"%><%{jscript[:20]}',
        "page-comment": f'<%@ Page Language="JScript"%><p>x</p><%-- <%{jscript}%> --%>',
        "php": f"<?php {php}?>",
        "php-open": f"<?php {php}",
        "php-exit": f"<?php exit; {php}",
        "php-exit-if": f"<?php if ($a) exit; {php}",
        "php-false": f"<?php if (0) {{ {php} }}",
        "php-arm": f"<?php switch ($a) {{ case 1: break; case 2: {php} }}",
        "php-line": f"<?php // {php}\necho 1;",
        "php-block": f"<?php /* {php} */ echo 1;",
        "asp": f"<% {asp} %>",
        "asp-end": f"<% response.end\n{asp} %>",
        "asp-remark": f"<% '{asp}\nresponse.write 1 %>",
        "zeros": "\0" * 500,
        "nothing": "",
        "page": "<p>x</p>",
        "code": '<%@ Page Language="C#"%><%= 1 + 1 %>',
    }


PAGES = _pages()
CASES = (
    ("jscript", "a.aspx", LIVE, "served-code"),
    ("dump-live", "a.aspx", LIVE, "served-code"),
    ("dump", "a.aspx", INERT, "template-only"),
    ("dump-hollow", "a.aspx", NEUTRALISED, "emptied"),
    ("dump-cut", "a.aspx", NEUTRALISED, "emptied"),
    ("dump-escaped", "a.aspx", INERT, "escaped"),
    ("cut-off", "a.aspx", INERT, "truncated"),
    ("page-comment", "a.aspx", INERT, "commented-out"),
    ("jscript", "a.txt", INERT, "wrong-extension"),
    ("jscript", "a.inc", UNKNOWN, "included-only"),
    ("php", "a.php", LIVE, "served-code"),
    ("php-open", "a.php", LIVE, "served-code"),
    ("php-exit", "a.php", NEUTRALISED, "unreachable"),
    ("php-exit-if", "a.php", LIVE, "served-code"),
    ("php-false", "a.php", NEUTRALISED, "unreachable"),
    ("php-arm", "a.php", LIVE, "served-code"),
    ("php-line", "a.php", INERT, "commented-out"),
    ("php-block", "a.php", INERT, "commented-out"),
    ("asp", "a.asp", LIVE, "served-code"),
    ("asp-end", "a.asp", NEUTRALISED, "unreachable"),
    ("asp-remark", "a.asp", INERT, "commented-out"),
    ("zeros", "a.asp", NEUTRALISED, "wiped"),
    ("nothing", "a.asp", INERT, "emptied"),
    ("page", "a.html", INERT, "no-code"),
    ("code", "a.aspx", LIVE, "served-code"),
)


def _state(data: bytes, name: str) -> State:
    seen = observe(data, name)
    return state_of(seen.text.text, found=seen.found, page=seen.page, units=seen.units, traced=seen.traced)


@pytest.mark.parametrize(("page", "name", "content", "reason"), CASES)
def test_the_state_and_its_ground(page: str, name: str, content: ShellContent, reason: str) -> None:
    state = _state(PAGES[page].encode(), name)
    assert (state.content, state.reason) == (content, reason)
    assert state.why
    assert 0 <= state.start <= state.end <= len(PAGES[page])


@pytest.mark.parametrize(
    ("page", "name", "content", "reason"), [case for case in CASES if PAGES[case[0]].strip("\0")]
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_an_encoding_does_not_change_the_state(
    page: str, name: str, content: ShellContent, reason: str, encoding: str
) -> None:
    state = _state(PAGES[page].encode(encoding), name)
    assert (state.content, state.reason) == (content, reason)


@given(
    data=st.one_of(st.binary(max_size=300), st.sampled_from(list(PAGES.values())).map(str.encode)),
    cut=st.integers(0, 400),
    name=st.sampled_from(["a.aspx", "a.asp", "a.php", "a.jsp", "a.txt", "a.config"]),
)
def test_any_bytes_have_a_state(data: bytes, cut: int, name: str) -> None:
    state = _state(data[:cut], name)
    assert state.reason
    assert state.why
