"""Rows of IIS and HttpProxy logs for hypothesis: what rules ask about, what nobody asks about, and damage.

What rules ask about are the examples of the shipped packs, so that new rules are tried without a change here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from hypothesis import strategies as st

from tocsin.evidence.proxy_rows import COLUMNS
from tocsin.packs.loading import load_packs
from tocsin.packs.rules import Fields, Scalar

Named = Mapping[str, str]
_Usual = Mapping[str, tuple[str, ...]]

IIS = (
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent)"
    " cs(Referer) sc-status sc-substatus sc-win32-status time-taken"
)
IIS_HEADERS = (
    IIS,
    f"{IIS} X-Forwarded-For",
    IIS.replace("cs(Referer)", "cs(Cookie) cs-host cs-version"),
    IIS.replace("cs-uri-query ", ""),
    IIS.replace(" sc-status sc-substatus", ""),
    IIS.replace("sc-status", "s-computername"),
    IIS.replace("date time ", "time ").replace("time-taken", "date"),
    IIS.replace(" s-port", " cs-uri-stem"),
    "date time c-ip cs-method cs-uri-stem sc-status",
    "time cs-method cs-uri-stem sc-status",
    "date time c-ip cs-method sc-status",
)
PROXY_HEADERS = (
    ",".join(COLUMNS),
    ",".join(COLUMNS[:54]),
    ", ".join(COLUMNS[:33]),
    "DateTime,RequestId,Protocol,UrlStem,Method,HttpStatus",
    "DateTime,Protocol,UrlHost,UrlStem,UrlQuery,UserAgent,ClientIpAddress,AnchorMailbox,ServerHostName,HttpStatus,Method",
    "RequestId,DateTime,UrlStem,UrlQuery,Method,HttpStatus",
)
_RULES_CALL_IT = {
    "cs(User-Agent)": "cs-user-agent",
    "cs(Referer)": "cs-referer",
    "cs(Cookie)": "cs-cookie",
    "X-Forwarded-For": "x-forwarded-for",
    "UrlStem": "cs-uri-stem",
    "UrlQuery": "cs-uri-query",
    "UserAgent": "cs-user-agent",
    "ClientIpAddress": "c-ip",
    "HttpStatus": "sc-status",
    "Method": "cs-method",
    "AuthenticatedUser": "cs-username",
    "UrlHost": "cs-host",
}
DATES = ("2021-03-02", "2021-03-03", "2021-03-04", "2021-02-28")
CLOCKS = ("00:00:00", "06:49:42", "06:49:43", "23:59:59", "14:05:07")
_ODD_DATES = (
    *("2021-02-30", "2021-3-03", "0001-01-01", "2100-01-01", "1899-12-31", "2021_03_03"),
    *("2021/03/03", "20210303", "2020-02-29", "2021-02-29"),
)
_ODD_CLOCKS = ("24:00:00", "06:60:00", "06:49:60", "6:49:42", "06:49:42.5", "06-49-42", "06:4:42", "::")
_ENDS = (".162Z", ".000Z", ".999Z")
_ODD_ENDS = ("Z", "", ".1Z", ".162", ".162+01:00", ".1624Z")
_ODD_STATUSES = ("2000", "20", "0", "600", "099", "-", "", "20x", "2 0", "200\r", "5\u0661\u0661")
_USUAL: dict[str, tuple[str, ...]] = {
    "cs-method": ("GET", "POST", "PUT", "get", "RPC_IN_DATA", "-"),
    "cs-uri-stem": (
        *("/owa/", "/ecp/y.js", "/ecp/", "/autodiscover/autodiscover.json", "/x7f3/y.js", "/", "-", ""),
        *("/owa/auth/x.aspx", "/aspnet_client/x.aspx", "/aspnet_client/X.ASPX/y", "/aspnet_client/%78.aspx"),
        *("/owa/prem/15.1.2106.2/scripts/boot.js", "/owa/auth/15.1.2176/themes/x.css", "/.env", "/HNAP1"),
        *("/wp-login.php", "/ecp/DDI/DDIService.svc/SetObject", "/a?b=c", "/caf\xe9/", "/%c3%a9", "*"),
        "/owa/prem/15.1.2106.2/y.js",
    ),
    "cs-uri-query": (
        "-",
        "",
        "?a=b",
        "a=b&CorrelationID=<empty>;",
        "cmd=whoami",
        "@foo.com/mapi",
        "%3f",
        "x=%u0041",
    ),
    "cs-username": ("-", "CONTOSO\\user", "HealthMailbox1@contoso.example", "", "user@contoso.example"),
    "c-ip": ("192.0.2.7", "198.51.100.9", "127.0.0.1", "::1", "::ffff:203.0.113.5", "2001:db8::1", "-"),
    "s-ip": ("192.0.2.1", "127.0.0.1", "::1"),
    "cs-user-agent": (
        *("Mozilla/5.0", "python-requests/2.25.1", "-", "AMProbe/Local/ClientAccess", "a+b+c", "curl/7.68.0"),
        "AMProbe+ExchangeServicesClient/15.01.2106.002",
        "ExchangeServicesClient/0.0.0.0",
    ),
    "sc-status": ("200", "302", "404", "241", "401", "500", "304"),
    "Protocol": ("Ecp", "Owa", "Ews", "Autodiscover", ""),
    "MajorVersion": ("15", "15", ""),
    "MinorVersion": ("1", "01"),
    "BuildVersion": ("2106", "2176", "2375"),
    "RevisionVersion": ("2", "002", "14", ""),
    "ServerHostName": ("EX01", "EX01.contoso.example"),
    "s-computername": ("EX01", "ex01"),
    "AnchorMailbox": ("", "Sid~S-1-5-18", "ServerInfo~localhost/ecp/x?~3", "ServerInfo~a]@ex01:444/mapi"),
    "BackEndCookie": ("", "Server~ex01~1", "X-BEResource=a]@b:444/x?~3"),
    "x-forwarded-for": ("-", "203.0.113.9", "203.0.113.9," * 9 + "203.0.113.1", "x" * 80),
    "cs-referer": ("-", "https://mail.contoso.example/owa/auth/x.aspx"),
    "sc-substatus": ("0", "-", "16"),
}
_INNOCENT = {
    "cs-uri-stem": (
        "/owa/",
        "/ecp/",
        "/mapi/emsmdb/",
        "/EWS/Exchange.asmx",
        "/Microsoft-Server-ActiveSync/default.eas",
    ),
    "cs-uri-query": ("-", "a=b&CorrelationID=<empty>;"),
    "cs-user-agent": ("Mozilla/5.0+(Windows+NT+10.0)", "Microsoft+Office/16.0"),
    "AnchorMailbox": ("", "Sid~S-1-5-18"),
    "BackEndCookie": ("", "Server~ex01~1"),
    "cs-method": ("GET", "POST"),
    "c-ip": ("192.0.2.7", "198.51.100.9"),
}
_FILLERS = ("", "-", "0", "17", "a;b;c=1", "BeginRequest=2021-03-03T06:49:42.000Z", "x" * 90)
_OF_THE_SERVER = frozenset({"ServerHostName", "s-computername"})
"""Columns that one server fills in alike: the fast lane reads them in the first row of a block."""
CHANGED_BY = ("as it is", "once", "twice", "wide", "upper")


@cache
def examples(kind: str) -> tuple[Named, ...]:
    """Give the examples of all shipped rules that speak of a kind of web log, field to value."""
    found = (
        {name: _text(value) for name, value in example.items() if name not in _OWN}
        for example in _all_examples()
        if example.get("kind") in {None, kind}
    )
    return tuple(example for example in found if example)


_OWN = frozenset({"kind", "time", "repeat", "every"})


def _all_examples() -> Iterator[Fields]:
    for pack in load_packs():
        for rule in pack.everything:
            for example in (*rule.head.examples.matches, *rule.head.examples.ignores):
                yield from example if isinstance(example, tuple) else (example,)


@cache
def indicator_values() -> tuple[str, ...]:
    """Give the values of the shipped indicators that are plain texts."""
    return tuple(
        row.value
        for pack in load_packs()
        for row in pack.indicators
        if row.type not in {"path_regex", "cidr"}
    )


def _text(value: Scalar) -> str:
    return "" if value is None else str(value)


def encoded(text: str, places: Mapping[int, str]) -> str:
    """Give a text with some of its characters written in another way."""
    return "".join(_written(character, places.get(at, "as it is")) for at, character in enumerate(text))


def _written(character: str, how: str) -> str:
    data = character.encode("utf-8", "surrogatepass")
    if how == "once":
        return "".join(f"%{byte:02x}" for byte in data)
    if how == "twice":
        return "".join(f"%25{byte:02X}" for byte in data)
    if how == "wide" and ord(character) < 0x1_0000:
        return f"%u{ord(character):04x}"
    return character.upper() if how == "upper" else character


@st.composite
def variants(draw: st.DrawFn, text: str) -> str:
    """A text, some characters of which are encoded."""
    places = draw(
        st.dictionaries(st.integers(0, max(0, len(text) - 1)), st.sampled_from(CHANGED_BY), max_size=4)
    )
    return encoded(text, places)


@st.composite
def _value(draw: st.DrawFn, column: str, told: Named, usual: _Usual) -> str:
    name = _RULES_CALL_IT.get(column, column)
    if column in _OF_THE_SERVER:
        return draw(st.sampled_from(_USUAL[column]))
    if name in told or column in told:
        value = told.get(column, told.get(name, ""))
    elif draw(st.integers(0, 99)) == 0:
        value = draw(st.sampled_from(indicator_values()))
    else:
        value = draw(st.sampled_from(usual.get(name, _FILLERS)))
    return draw(variants(value)) if value and draw(st.integers(0, 29)) == 0 else value


def _rarely(draw: st.DrawFn, usual: tuple[str, ...], odd: tuple[str, ...]) -> str:
    return draw(st.sampled_from(odd if draw(st.integers(0, 30)) == 0 else usual))


@st.composite
def rows(draw: st.DrawFn, kind: str, header: str) -> bytes:
    """A row under a header, sound or damaged, without its line end."""
    web = kind == "iis.w3c"
    delimiter = " " if web else ","
    how = draw(st.integers(0, 5))
    told = draw(st.sampled_from(examples(kind))) if how < 2 else {}
    usual = _USUAL if how < 4 else _USUAL | _INNOCENT
    values = [draw(_cell(column.strip(), told, usual, delimiter)) for column in header.split(delimiter)]
    if web:
        values = [value.replace(" ", "+") for value in values]
    text = delimiter.join(_misfit(draw, values)).encode("utf-8", "surrogatepass")
    return draw(damaged(text)) if draw(st.integers(0, 11)) == 0 else text


@st.composite
def _cell(draw: st.DrawFn, column: str, told: Named, usual: _Usual, delimiter: str) -> str:
    if column == "date":
        return _rarely(draw, DATES, _ODD_DATES)
    if column == "time":
        return _rarely(draw, CLOCKS, _ODD_CLOCKS)
    if column == "DateTime":
        day, clock = _rarely(draw, DATES, _ODD_DATES), _rarely(draw, CLOCKS, _ODD_CLOCKS)
        return f"{day}T{clock}{_rarely(draw, _ENDS, _ODD_ENDS)}"
    if column in {"sc-status", "HttpStatus"} and draw(st.integers(0, 25)) == 0:
        return draw(st.sampled_from(_ODD_STATUSES))
    value: str = draw(_value(column, told, usual))
    return value or ("-" if delimiter == " " else "")


def _misfit(draw: st.DrawFn, values: list[str]) -> list[str]:
    """Seldom leave a value out, or put one in."""
    chance, at = draw(st.integers(0, 29)), draw(st.integers(0, len(values)))
    if chance == 0:
        return values[:at] + values[at + 1 :]
    return [*values[:at], draw(st.sampled_from(_FILLERS)), *values[at:]] if chance == 1 else values


_INTO = (
    *(b"\0", b'"', b'"a b"', b"\xef\xbb\xbf", b"\xe9", b"\r", b"\x85"),
    *(b"\xe2\x84\xaa", b"\xc4\xb0", b"\t", b" ", b","),
)


@st.composite
def damaged(draw: st.DrawFn, row: bytes) -> bytes:
    """A row with something in it that does not belong there, or cut, or long."""
    at = draw(st.integers(0, len(row)))
    how = draw(st.sampled_from(("into", "front", "end", "cut", "long")))
    odd = draw(st.sampled_from(_INTO))
    match how:
        case "into":
            return row[:at] + odd + row[at:]
        case "front":
            return odd + row
        case "end":
            return row + odd
        case "cut":
            return row[:at]
        case _:
            return row + b"x" * draw(st.sampled_from((200, 900, 2000)))


_COMMENTS = (
    *(
        "",
        "",
        "   ",
        "#",
        "# a note",
        "-----",
        "\t",
        "#Date: 2021-03-05 00:00:00",
        "#Version: 15.01.2106.002",
    ),
    *("#Software: Microsoft Internet Information Services 10.0", "#Software: IIS Advanced Logging Module"),
    *(
        "#Version: 15.01.2176.009",
        "#Date: 2021-03-05T00:00:00.000Z",
        "a line of prose that is no row",
        "#GMT-Offset: +01:00",
    ),
    '192.0.2.7 - user [08/Apr/2021:17:39:04 -0800] "GET /aspnet_client/x.aspx HTTP/1.0" 200 3401',
)


@st.composite
def other_lines(draw: st.DrawFn, kind: str) -> bytes:
    """A line that is no row of the log: a comment, a header in mid-file, prose, padding."""
    headers = IIS_HEADERS if kind == "iis.w3c" else PROXY_HEADERS
    how = draw(st.integers(0, 9))
    if how == 0:
        return b"\0" * draw(st.sampled_from((1, 40)))
    if how < 5:
        mark = draw(st.sampled_from(("#Fields: ", "#Fields: ", "#Fields: ", "")))
        return (mark + draw(st.sampled_from(headers))).encode()
    return draw(st.sampled_from(_COMMENTS)).encode()
