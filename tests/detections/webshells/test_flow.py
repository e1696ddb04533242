"""Flows outlive what an author does to hide them; ordinary code has none."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.detections.webshells.pages import (
    LANGUAGES,
    SOURCE,
    assigned,
    bare,
    function,
    reached,
    read,
    sighted,
    statement,
    text_of,
    traced,
    unit_of,
)

from tocsin.detections.webshells.flow import trace
from tocsin.detections.webshells.languages import parse
from tocsin.detections.webshells.sightings import Traced

SINKS = {
    "csharp": ("command", "Process.Start({})"),
    "vbnet": ("command", "Process.Start({})"),
    "jscript": ("eval", "ev·al({})"),
    "vbscript": ("eval", "Exe·cute({})"),
    "java": ("command", "Runtime.getRuntime().exec({})"),
    "php": ("command", "pass·thru({})"),
}
NAMES = st.from_regex(r"\A[a-z][a-z0-9]{3,12}z\Z")
SAY = {
    "vbscript": "Response.Write({})",
    "vbnet": "Response.Write({})",
    "php": "print({})",
    "java": "out.println({})",
}


def _sink(language: str, value: str) -> str:
    return statement(language, SINKS[language][1].format(value))


def _flows(language: str, code: str) -> Traced:
    return traced(language, code)


def _shown(language: str, code: str) -> bool:
    return SINKS[language][0] in {flow.capability for flow in _flows(language, code).flows}


@pytest.mark.parametrize("language", LANGUAGES)
@given(names=st.lists(NAMES, min_size=1, max_size=6, unique=True))
def test_a_value_handed_from_variable_to_variable_keeps_its_origin(language: str, names: list[str]) -> None:
    code = assigned(language, names[0], SOURCE[language])
    for before, after in pairwise(names):
        code += assigned(language, after, read(language, before))
    assert _shown(language, code + _sink(language, read(language, names[-1])))


@pytest.mark.parametrize("language", LANGUAGES)
@given(
    names=st.lists(NAMES, min_size=2, max_size=5, unique=True),
    first=st.booleans(),
    word=st.text("abc xyz", max_size=9),
)
def test_functions_hand_values_on_wherever_they_are_written(
    language: str, names: list[str], *, first: bool, word: str
) -> None:
    called, parameter = names[:2]
    body = _sink(language, read(language, parameter))
    call = statement(language, f"{called}({SOURCE[language]})")
    said = statement(language, SAY.get(language, "Response.Write({})").format(text_of(language, word)))
    made = function(language, called, parameter, body)
    assert _shown(language, said + made + call if first else call + said + made)


@pytest.mark.parametrize("language", LANGUAGES)
@given(names=st.lists(NAMES, min_size=3, max_size=3, unique=True), first=st.booleans())
def test_a_function_gives_back_what_it_was_given(language: str, names: list[str], *, first: bool) -> None:
    called, parameter, _ = names
    back = (
        f"{called} = {parameter}\n"
        if language == "vbscript"
        else statement(language, f"return {read(language, parameter)}")
    )
    made = function(language, called, parameter, back)
    call = _sink(language, f"{called}({SOURCE[language]})")
    assert _shown(language, made + call if first else call + made)


@pytest.mark.parametrize("language", LANGUAGES)
@given(names=st.lists(NAMES, min_size=1, max_size=3, unique=True), constant=st.text("abcdefg ", max_size=20))
def test_constants_have_no_flow(language: str, names: list[str], constant: str) -> None:
    code = assigned(language, names[0], text_of(language, constant, (3, 7)))
    for before, after in pairwise(names):
        code += assigned(language, after, read(language, before))
    assert not _flows(language, code + _sink(language, read(language, names[-1]))).flows


@given(
    cuts=st.lists(st.integers(0, 40), max_size=6), language=st.sampled_from(["vbscript", "jscript", "php"])
)
def test_code_in_a_text_that_is_cut_is_read(cuts: list[int], language: str) -> None:
    inner = {
        "vbscript": "Exe·cute(Req·uest(1))",
        "jscript": "ev·al(Req·uest.Item(1))",
        "php": "sys·tem($_G·ET[1]);",
    }[language]
    outer = {"vbscript": "Exe·cute({})", "jscript": "ev·al({})", "php": "ev·al({})"}[language]
    text = text_of(language, bare(inner), tuple(cuts)).replace('"', "'" if language != "vbscript" else '"')
    found = traced(language, statement(language, outer.format(text)))
    assert "nested" in {note for sighting in found.sightings if sighting.flow for note in sighting.notes}


@pytest.mark.parametrize(
    ("language", "code"),
    [
        (
            "csharp",
            (
                'var p = new Process(); p.StartInfo.FileName = "c·md.exe"; p.StartInfo.Arguments = '
                '"/c " + Request["q"]; p.Start();'
            ),
        ),
        ("csharp", 'Process p = new Process(); p.Start(); p.StandardInput.WriteLine(Request.Form["q"]);'),
        ("csharp", 'Process.Start(new ProcessStartInfo { FileName = "c·md", Arguments = box.Text });'),
        ("csharp", "[WebMethod] public string F(string z) { return Process.Start(z).ToString(); }"),
        ("csharp", 'Session["k"] = Request["q"]; Process.Start((string)Session["k"]);'),
        (
            "csharp",
            'class A { string x; void F() { x = Request["q"]; } void G() { Process.Start(this.x); } }',
        ),
        ("vbnet", "Dim p As New ProcessStartInfo(box.Text)\np.Arguments = xcmd.Text\n"),
        (
            "vbscript",
            'Set w = Server.CreateObject("WSc·ript." & "Sh·ell")\nw.Run "c·md /c " & Request("q"), 0\n',
        ),
        ("vbscript", 'Set w = GetObject("new:72C24DD5-D70A-438B-8A42-98424B88AFB8")\nw.Exec Request("q")\n'),
        ("jscript", 'var w = new ActiveXObject("WSc·ript.Sh·ell.1"); w.Run(Request("q"), 0);'),
        ("java", 'ProcessBuilder b = new ProcessBuilder(); b.command(request.getParameter("q").split(" "));'),
        ("php", '$f = "sys" . "tem"; $f($_G·ET["q"]);'),
        ("php", 'array_map("sys·tem", $_PO·ST);'),
        (
            "php",
            (
                'class A { public $x; function f() { $this->x = $_GET["q"]; } function g() { '
                "pass·thru($this->x); } }"
            ),
        ),
        ("php", "echo `{$_GET['q']}`;"),
    ],
)
def test_commands_of_the_request_are_found_however_they_are_built(language: str, code: str) -> None:
    assert "command" in {flow.capability for flow in traced(language, code).flows}


@pytest.mark.parametrize(
    ("language", "code", "kind"),
    [
        (
            "csharp",
            'System.Reflection.Assembly.Lo·ad(Convert.FromBase64String(Request["q"])).CreateInstance("U");',
            ("assembly-load", "code"),
        ),
        (
            "csharp",
            'typeof(Assembly).GetMethod("Lo·ad").Invoke(null, new object[] { Request.BinaryRead(9) });',
            ("assembly-load", "reflection"),
        ),
        (
            "csharp",
            'File.WriteAllText(Server.MapPath(Request["p"]), Request["c"]);',
            ("file-write", "content"),
        ),
        ("csharp", "var s = new StreamWriter(path.Text); s.Write(body.Text);", ("file-write", "path")),
        ("csharp", 'var t = new TcpClient(); t.Connect(Request.Headers["h"], 80);', ("tunnel", "target")),
        ("csharp", "var c = new SqlCommand(); c.CommandText = query.Text;", ("sql", "query")),
        (
            "vbscript",
            (
                'Set f = CreateObject("Scripting.FileSystemObject")\nSet t = '
                'f.CreateTextFile(Request("p"))\nt.Write Request("c")\n'
            ),
            ("file-write", "content"),
        ),
        (
            "java",
            "new java.io.FileOutputStream(request.getParameter('p')).write(request.getParameter('c'));",
            ("file-write", "content"),
        ),
        (
            "java",
            (
                "class U extends ClassLoader { Class g(byte[] b) { return super.defineClass(b, 0, "
                "1); } } new U().g(decode(request.getReader().readLine()));"
            ),
            ("assembly-load", "code"),
        ),
        ("php", "$_GET['f']($_GET['a']);", ("eval", "callee")),
        ("php", "extract($_POST); $f($x);", ("eval", "callee")),
        (
            "php",
            "foreach (array('_PO·ST') as $r) foreach ($$r as $k => $v) $$k = $v; ev·al($id);",
            ("eval", "code"),
        ),
        ("php", "preg_repl·ace('/x/e', $_GET['q'], 'x');", ("eval", "code")),
        ("php", "incl·ude('php://input');", ("eval", "include")),
    ],
)
def test_other_capabilities_are_found(language: str, code: str, kind: tuple[str, str]) -> None:
    assert kind in reached(traced(language, code))


@pytest.mark.parametrize(
    ("language", "code", "note"),
    [
        (
            "csharp",
            'var f = File.CreateText(Server.MapPath("x.aspx")); f.Write("<%@ Page Language=C# %>");',
            "server-code",
        ),
        ("csharp", 'File.WriteAllText("a.ashx", box.Text);', "server-page"),
        ("csharp", 'Process.Start("c·md.exe");', "shell"),
        ("php", "file_put_contents('x.p·hp', '<?p·hp echo 1;');", "server-code"),
    ],
)
def test_droppers_are_told_by_what_they_write(language: str, code: str, note: str) -> None:
    assert note in {one for sighting in traced(language, code).sightings for one in sighting.notes}


@pytest.mark.parametrize(
    ("language", "code"),
    [
        (
            "csharp",
            (
                'lblName.Text = Server.HtmlEncode(Request["name"]); Response.Write("<b>" + '
                'Request.QueryString["x"] + "</b>");'
            ),
        ),
        ("csharp", 'int id = int.Parse(Request["id"]); Process.Start("sc.exe", id > 4 ? "a" : "b");'),
        ("csharp", 'var v = DataBinder.Eval(Container.DataItem, "Name"); var e = Eval("Name");'),
        (
            "vbscript",
            (
                'If Request("a") = "1" Then Execute "x = 1"\nResponse.Write "<form action=""" & '
                'Request.ServerVariables("URL") & """>"\n'
            ),
        ),
        (
            "vbscript",
            (
                'Set rs = conn.Execute("select * from t where id=" & CInt(Request("id")))\nSet m = '
                're.Execute(Request("x"))\n'
            ),
        ),
        ("jscript", "var m = /^(a+)$/.exec(Request.Item['x']); var s = m[1];"),
        (
            "java",
            (
                'String n = request.getParameter("n"); out.println(n.length()); '
                'request.getRequestDispatcher("/x.jsp").forward(request, response);'
            ),
        ),
        (
            "php",
            (
                "$name = htmlspecialchars($_GET['n']); echo $name; call_user_func('my_handler', "
                "$_POST['x']); usort($list, 'by_name');"
            ),
        ),
        (
            "php",
            (
                "if (isset($_POST['x']) && in_array($_POST['x'], array('a', 'b'))) { require "
                "'inc/a.php'; } system('uptime');"
            ),
        ),
    ],
)
def test_ordinary_code_runs_loads_and_evaluates_nothing_of_the_request(language: str, code: str) -> None:
    assert not {"eval", "command", "assembly-load"} & {
        flow.capability for flow in traced(language, code).flows
    }


def test_places_lead_from_the_source_to_the_sink() -> None:
    code = 'var a = Request["q"]; var b = "x" + a; Process.Start(b);'
    (flow,) = [flow for flow in traced("csharp", code).flows if flow.capability == "command"]
    said = [code[start:end] for start, end in flow.places]
    assert said[0] == 'Request["q"]'
    assert said[-1] == "Process.Start(b)"
    assert flow.source == "request"


def test_markup_declares_objects_and_controls() -> None:
    found = traced(
        "vbscript", 'w.Run Request("q")\n', objects=(("w", "72C24DD5-D70A-438B-8A42-98424B88AFB8"),)
    )
    assert ("command", "program") in reached(found)
    code = "Process.Start(box.Text); File.Delete(other.Text);"
    kinds = {flow.capability for flow in traced("csharp", code, controls=("box",)).flows}
    assert kinds == {"command"}


def test_a_decoder_of_the_page_is_told_from_a_constant() -> None:
    code = (
        "function d($s) { $r = ''; for ($i = 0; $i < strlen($s); $i++) $r .= chr(ord($s[$i]) "
        "^ $GLOBALS['k']); return $r; } ev·al(d($unknown));"
    )
    assert [sighting.argument for sighting in sighted(traced("php", code), "eval")] == ["made"]


def test_deep_and_endless_programs_end() -> None:
    for code in (
        "f(" * 5000 + ")" * 5000,
        "a." * 5000 + "b()",
        "x = " + "1+" * 20_000 + "1",
        "function f(){ return f(f(f())); } f(f(1))",
    ):
        assert isinstance(traced("jscript", code), Traced)
    wide = "".join(
        f"function f{i}(a) {{ return f{(i + 1) % 300}(a) + f{(i + 7) % 300}(a); }}\n" for i in range(300)
    )
    assert isinstance(traced("jscript", wide + "ev·al(f0(Request.Item(1)))"), Traced)


def test_a_text_that_runs_itself_ends() -> None:
    code = "$x = 'ev·al($x);'; ev·al($x);"
    assert all(sighting.depth <= 3 for sighting in traced("php", code).sightings)


@given(text=st.text(max_size=200), language=st.sampled_from(LANGUAGES))
def test_no_text_raises_and_places_lie_in_it(text: str, language: str) -> None:
    found = trace([parse(text, language)], reparse=parse)
    for sighting in found.sightings:
        assert 0 <= sighting.start <= sighting.end <= len(text)
        for start, end in sighting.flow.places if sighting.flow else ():
            assert 0 <= start <= end <= len(text)


@given(data=st.data(), language=st.sampled_from(LANGUAGES))
def test_a_damaged_program_raises_nothing(data: st.DataObject, language: str) -> None:
    code = bare(
        assigned(language, "a", SOURCE[language]) * 2
        + function(language, "f", "b", _sink(language, read(language, "b")))
    )
    code += statement(language, f"f({read(language, 'a')})")
    start = data.draw(st.integers(0, len(code)))
    end = data.draw(st.integers(start, len(code)))
    middle = data.draw(st.text("(){}[]\"'.;$= \nab", max_size=8))
    assert isinstance(trace([unit_of(language, code[:start] + middle + code[end:])]), Traced)


@pytest.mark.parametrize(
    ("language", "code", "note"),
    [
        ("csharp", "c.CommandText = box.Text;", "whole"),
        (
            "csharp",
            'var w = WebRequest.Create("https://api.contoso.example/v1?q=" + Request["q"]);',
            "fixed-host",
        ),
        ("php", "$f = fopen('data/' . $_GET['n'] . '.txt', 'w');", "fixed-extension"),
    ],
)
def test_what_a_value_may_decide_is_noted(language: str, code: str, note: str) -> None:
    (found,) = [sighting for sighting in traced(language, code).sightings if sighting.flow is not None]
    assert note in found.notes


@pytest.mark.parametrize(
    ("language", "code", "kind"),
    [
        ("csharp", 'c.CommandText = "select a from b where c = " + Request["q"];', "sql"),
        ("php", "$this->$method($_GET['q']);", "eval"),
        (
            "java",
            'Class.forName("a.B").getMethod("size").invoke(request.getParameter("q"));',
            "assembly-load",
        ),
        ("csharp", 'file.SaveAs(Server.MapPath("~/App_Data/" + Request["q"]));', "file-write"),
        ("csharp", 'File.AppendAllText(Server.MapPath("~/a/log.txt"), Request["q"]);', "file-write"),
    ],
)
def test_what_the_page_leaves_no_choice_of_is_bound(language: str, code: str, kind: str) -> None:
    found = [one for one in sighted(traced(language, code), kind) if one.flow is not None]
    assert all("bound" in one.notes for one in found)


@pytest.mark.parametrize(
    ("language", "code", "kind"),
    [
        ("csharp", 'c.CommandText = Request["q"];', "sql"),
        (
            "java",
            'Class.forName("java.lang.Run·time").getMethod("ex·ec").invoke(request.getParameter("q"));',
            "assembly-load",
        ),
        ("csharp", 'file.SaveAs(Server.MapPath("~/a/" + Request["q"]));', "file-write"),
        ("csharp", 'File.AppendAllText(Server.MapPath("~/a/log.aspx"), Request["q"]);', "file-write"),
    ],
)
def test_what_the_request_may_choose_is_not_bound(language: str, code: str, kind: str) -> None:
    found = [one for one in sighted(traced(language, code), kind) if one.flow is not None]
    assert found
    assert any("bound" not in one.notes for one in found)


def test_the_evaluator_under_another_name_evaluates() -> None:
    found = traced("jscript", "var table = {'E': ev·al}; table.E(String(Request.Form('z')));")
    assert ("eval", "code") in reached(found)


def test_the_evaluator_under_another_name_is_noted() -> None:
    found = traced("jscript", "var table = {'E': ev·al}; table.E(String(Request.Form('z')));")
    assert "evaluator-renamed" in {use.word for use in found.uses}
