"""Requirement 2: one page has one answer in every encoding, however its code is spelt."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.assessment.webshells.shells import (
    AUTH,
    assessed,
    examined,
    sample,
    samples,
    shell,
    verdict,
)

from tocsin.detections.webshells.examine import Verdict
from tocsin.model.words import Compromise, ShellContent

ENCODINGS = {
    "utf-8": (b"", "utf-8"),
    "utf-8 with mark": (b"\xef\xbb\xbf", "utf-8"),
    "utf-16-le with mark": (b"\xff\xfe", "utf-16-le"),
    "utf-16-be with mark": (b"\xfe\xff", "utf-16-be"),
    "utf-16-le": (b"", "utf-16-le"),
    "utf-16-be": (b"", "utf-16-be"),
    "gbk": (b"", "gbk"),
}
PAGES = ("one.aspx", "dump-eval.aspx", "handler.ashx", "one.asp")
ALL = sorted(samples())
FOREIGN = "\r\n<p>中文页面的标题文字</p>\r\n"


def variants(name: str) -> dict[str, bytes]:
    text = sample(name).decode()
    padded = text if name.endswith(".ashx") else text + FOREIGN
    coded = {word: mark + padded.encode(codec) for word, (mark, codec) in ENCODINGS.items()}
    return {**coded, "carriage returns": padded.replace("\r\n", "\r").encode()}


@pytest.mark.parametrize("encoding", [*ENCODINGS, "carriage returns"])
@pytest.mark.parametrize("name", PAGES)
def test_the_examination_is_the_same(name: str, encoding: str) -> None:
    told = [examined(name, variants(name)[word]) for word in ("utf-8", encoding)]
    for one in told:
        assert (one.verdict, one.state) == (Verdict.SHELL, ShellContent.LIVE)
    first, second = (
        (one.score, one.capabilities, one.family, [way.sink for way in one.flow]) for one in told
    )
    assert first == second
    marked = [[p.text for line in one.excerpts for p in line.pieces if p.marked] for one in told]
    assert marked[0] == marked[1]
    assert marked[0]


@pytest.mark.parametrize("name", ALL)
def test_no_page_has_another_answer_in_another_encoding(name: str) -> None:
    """Also pages that begin with what is not ASCII, and places that lie behind it."""
    text = "<!-- 中文页面的标题文字管理员登陆密码 -->\r\n" * 3 + sample(name).decode()
    told = examined(name, text.encode())
    for mark, codec in ENCODINGS.values():
        data = mark + text.encode(codec)
        found = examined(name, data)
        assert (found.verdict, found.score, found.state) == (told.verdict, told.score, told.state), codec
        shown = [data[place.start : place.end].decode(codec) for place in found.spans]
        assert shown == [text.encode()[place.start : place.end].decode() for place in told.spans], codec
        assert [place.line for place in found.spans] == [place.line for place in told.spans], codec
    returns = examined(name, text.replace("\r\n", "\r").encode())
    assert (returns.verdict, returns.score, returns.state) == (told.verdict, told.score, told.state)


@pytest.mark.parametrize("encoding", [*ENCODINGS, "carriage returns"])
def test_the_verdict_is_the_same(encoding: str, tmp_path: Path) -> None:
    found = assessed(tmp_path, {f"{AUTH}/x.aspx": variants("dump-eval.aspx")[encoding]})
    told = verdict(found, "proxylogon")
    assert (told.compromise, told.rung) == (Compromise.COMPROMISED, "shell-reachable")
    assert shell(found, "/x.aspx").content is ShellContent.LIVE


@pytest.mark.parametrize("name", ["escapes.aspx", "comments.aspx", "pieces.asp", "array.asp"])
def test_spelling_does_not_change_it(name: str) -> None:
    found = examined(name)
    assert (found.verdict, found.state) == (Verdict.SHELL, ShellContent.LIVE)
    assert found.flow
