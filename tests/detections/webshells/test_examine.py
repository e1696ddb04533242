"""Every file gets a verdict and a reason; the same code gets the same one however it is written down."""

from __future__ import annotations

import base64
import hashlib

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.detections.webshells import content
from tocsin.detections.webshells.examine import Context, Examination, Verdict, examine
from tocsin.detections.webshells.inventory import Served
from tocsin.detections.webshells.sketch import ALIKE, BINS, Sketches, likeness
from tocsin.model.words import ShellContent

LIST = (
    "Name                          : OAB (Default Web Site)\r\n"
    "InternalAuthenticationMethods : WindowsIntegrated\r\n"
    "MetabasePath                  : IIS://mail.contoso.example/W3SVC/1/ROOT/OAB\r\n"
    "AdminDisplayVersion           : Version 15.1\r\n"
    "OfflineAddressBooks           : {}\r\n"
    "ExternalUrl                   : http://f/"
)


def _plain(coded: str) -> str:
    """Samples are encoded at rest; they are only read."""
    return base64.b64decode(coded).decode()


RUN, EXECUTE, SYSTEM, RUNTIME = map(
    _plain, ("ZXZhbA==", "RXhlY3V0ZUdsb2JhbA==", "c3lzdGVt", "UnVudGltZS5nZXRSdW50aW1l")
)
SHELLS = {
    "x.aspx": f'<%@ Page Language="JScript"%><%{RUN}(Request.Item["z"],"unsafe");%>',
    "dump.aspx": f'{LIST}<script language="JScript" runat="server">'
    f'function Page_Load(){{{RUN}(Request["k"],"unsafe");}}</script>',
    "y.asp": f'<%{EXECUTE} Request("z")%>',
    "z.php": f"<?php {SYSTEM}($_POST['c']); ?>",
    "w.jsp": f'<%{RUNTIME}().exec(request.getParameter("c"));%>',
}
ENCODINGS = {
    "utf-8": (b"", "utf-8"),
    "utf-8 with mark": (b"\xef\xbb\xbf", "utf-8"),
    "utf-16-le with mark": (b"\xff\xfe", "utf-16-le"),
    "utf-16-be with mark": (b"\xfe\xff", "utf-16-be"),
    "utf-16-le": (b"", "utf-16-le"),
    "utf-16-be": (b"", "utf-16-be"),
    "gb18030": (b"", "gb18030"),
}
HARMLESS = {
    "page.aspx": '<%@ Page Language="C#" Inherits="Contoso.Default" %><p><%= DateTime.Now %></p>',
    "list.asp": '<% Dim n\nFor n = 1 To 5\nResponse.Write "<li>" & n & "</li>"\nNext %>',
    "hello.jsp": '<%@ page contentType="text/html" %><p><%= request.getParameter("name") %></p>',
    "form.php": "<?php echo htmlspecialchars($_POST['name']); ?>",
    "note.txt": "nothing to see",
}


@pytest.mark.parametrize("path", SHELLS)
def test_code_that_runs_the_request_is_found_with_its_place(path: str) -> None:
    data = SHELLS[path].encode()
    found = examine(data, path=path)
    assert found.verdict is Verdict.SHELL
    assert found.state is ShellContent.LIVE
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert found.capabilities[0] in {"eval", "command"}
    assert found.flow
    assert found.reason
    shown = [data[place.start : place.end].decode() for place in found.spans]
    assert any("equest" in text or "$_POST" in text for text in shown)
    assert all(place.line == data.count(b"\n", 0, place.start) + 1 for place in found.spans)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("path", SHELLS)
def test_all_encodings_give_the_same_answer(path: str, encoding: str) -> None:
    mark, codec = ENCODINGS[encoding]
    padded = SHELLS[path] + "\r\n<p>中文页面的标题文字</p>"
    plain = examine(padded.encode(), path=path)
    found = examine(mark + padded.encode(codec), path=path)
    assert _answer(found) == _answer(plain)
    assert [place.line for place in found.spans] == [place.line for place in plain.spans]


@pytest.mark.parametrize("ending", ["\r", "\n", "\r\n"])
def test_line_ends_change_nothing(ending: str) -> None:
    lines = ("<%", 'k = Request("z")', f"{EXECUTE} k", "%>")
    answers = {_answer(examine(end.join(lines).encode(), path="a.asp")) for end in (ending, "\n")}
    assert len(answers) == 1
    assert next(iter(answers))[0] is Verdict.SHELL


def test_the_dump_without_code_is_inert_and_not_clean() -> None:
    found = examine(LIST.encode(), path="dump.aspx")
    assert found.verdict is Verdict.INERT
    assert found.score < 0.5
    assert found.state is ShellContent.INERT


@pytest.mark.parametrize("path", HARMLESS)
def test_ordinary_pages_are_clean_and_say_why(path: str) -> None:
    found = examine(HARMLESS[path].encode(), path=path)
    assert found.verdict is Verdict.CLEAN
    assert found.reason
    assert not found.spans


def test_a_name_that_no_server_runs_is_told_by_content_and_state() -> None:
    found = examine(SHELLS["x.aspx"].encode(), path="x.txt")
    assert found.score >= 0.5
    assert found.state is ShellContent.INERT
    assert found.state_reason == "wrong-extension"
    mapped = examine(SHELLS["x.aspx"].encode(), path="x.txt", context=Context(served=Served.YES))
    assert mapped.state is ShellContent.LIVE


def test_a_file_of_the_maker_is_clean() -> None:
    found = examine(SHELLS["x.aspx"].encode(), path="x.aspx", context=Context(vendor=True))
    assert (found.verdict, found.score) == (Verdict.CLEAN, 0.0)


def _listed(code: str) -> Examination:
    return examine(f"{LIST}{code}".encode(), path="a.aspx")


def test_code_among_the_settings_of_a_virtual_directory_is_a_shell_whatever_it_does() -> None:
    found = _listed('<script language="C#" runat="server">void Page_Load() { int a = 1; }</script>')
    assert (found.verdict, found.state) == (Verdict.SHELL, ShellContent.LIVE)
    data = f"{LIST}<script language=".encode()
    assert found.spans[0].start >= len(data)
    hollow = _listed('<script language="C#" runat="server">void Page_Load() { }</script>')
    assert hollow.verdict is Verdict.INERT
    assert hollow.score < 0.5
    assert hollow.spans


def test_the_trace_of_a_shell_has_its_place() -> None:
    (place,) = _listed("").spans
    assert LIST.encode()[place.start : place.end].startswith(b"InternalAuthenticationMethods")


def test_a_shape_alone_has_its_place() -> None:
    hidden = base64.b64encode(bytes(range(256)) * 90).decode()
    data = f"<?php $k = '{hidden}'; ?>".encode()
    found = examine(data, path="a.php")
    assert found.score >= 0.5
    assert [data[place.start : place.end].decode() for place in found.spans] == [hidden]


def test_what_lies_beyond_the_bound_is_not_called_clean_or_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "LARGEST", 1000)
    shell = SHELLS["x.aspx"]
    data = shell[:31].encode() + b" " * 2000 + shell[31:].encode()
    found = examine(data, path="a.aspx")
    assert (found.verdict, found.state) == (Verdict.UNDETERMINED, ShellContent.UNKNOWN)
    assert "1,000" in found.reason
    assert (found.size, found.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    early = examine(shell.encode() + b" " * 2000, path="a.aspx")
    assert (early.verdict, early.state) == (Verdict.SHELL, ShellContent.LIVE)
    assert early.limits


def test_words_of_a_shell_without_marks_of_code_are_not_called_dead() -> None:
    run = "new ProcessBuilder().command(s.split(1)).start()"
    code = f'String s = request.getParameter("c"); Process p = {run};'
    page = f'<jsp:setProperty name="x" value="{code}"/>'
    found = examine(page.encode(), path="a.jsp")
    assert found.score >= 0.5
    assert (found.state, found.state_reason) == (ShellContent.UNKNOWN, "no-marks")
    assert examine(page.encode(), path="a.txt").state is ShellContent.INERT


def test_another_password_keeps_the_sketch() -> None:
    first = examine(SHELLS["z.php"].encode(), path="a.php")
    second = examine(SHELLS["z.php"].replace("'c'", "'password'").encode(), path="b.php")
    other = examine(SHELLS["w.jsp"].encode(), path="c.jsp")
    assert likeness(first.sketch, second.sketch) == 1.0
    assert likeness(first.sketch, other.sketch) < ALIKE


@pytest.mark.parametrize(
    "path", ["a.aspx", "a.asp", "a.jsp", "a.php", "a.cfm", "web.config", "a.cshtml", "a"]
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.binary(max_size=300))
def test_any_bytes_get_an_answer(path: str, data: bytes) -> None:
    _sound(examine(data, path=path), data)


SKETCH = st.lists(st.sampled_from(["----", "0001", "0002"]), min_size=BINS, max_size=BINS).map("".join)


@given(sketches=st.lists(SKETCH, max_size=8))
def test_alike_is_what_a_comparison_with_every_one_finds(sketches: list[str]) -> None:
    known = Sketches()
    for number, sketch in enumerate(sketches):
        before = sketches[:number]
        expected = [str(at) for at, one in enumerate(before) if likeness(one, sketch) >= ALIKE]
        assert known.alike(str(number), f"hash {number}", sketch) == expected


PIECES = st.sampled_from(
    [*SHELLS.values(), "<%", "%>", "<?php", "?>", "'", '"', "(", ")", "{", "}", "\n", "/*", "<%--",
     "<script runat=server>", "Function f()", "End Function",
     "eval", "Request", "$_GET", "=", "+", "&", ";", "\\u0065",
     "#@~^AAAAAA==", "\ufeff", "é"]
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    parts=st.lists(PIECES, max_size=25), path=st.sampled_from([*SHELLS, "web.config", "a.cshtml", "a.txt"])
)
def test_torn_pages_get_an_answer(parts: list[str], path: str) -> None:
    data = "".join(parts).encode()
    _sound(examine(data, path=path), data)


@pytest.mark.parametrize(
    "unit",
    [
        "(",
        "{",
        "<%",
        "<%=a%>",
        "if(a){",
        "a+",
        "'",
        "$a=$b.",
        "\\u0061",
        " ",
        "<script runat=server>",
        "[",
        "<?php ",
    ],
)
def test_long_and_deep_files_end(unit: str) -> None:
    """Half a megabyte of one thing: what is not linear or not bounded does not end in a test's patience."""
    for head, path in (("<% ", "a.asp"), ("<?php ", "a.php"), ('<%@ Page Language="C#" %><% ', "a.aspx")):
        data = (head + unit * (500_000 // len(unit))).encode()
        _sound(examine(data, path=path), data)


def _answer(found: Examination) -> tuple[object, ...]:
    return found.verdict, found.score, found.state, found.family, found.capabilities, found.sketch


def _sound(found: Examination, data: bytes) -> None:
    assert 0.0 <= found.score <= 1.0
    assert found.reason
    assert (found.verdict is Verdict.SHELL) <= (found.score >= 0.5)
    for place in (*found.spans, *(place for way in found.flow for place in way.places)):
        assert 0 <= place.start <= place.end <= len(data)
        assert place.line >= 1
    assert msgspec.json.decode(msgspec.json.encode(found), type=Examination) == found
