"""YARA over the content of files."""

from __future__ import annotations

import pytest
import yara_x
from tests.detections.rule_makers import pack, record, run

from tocsin.detections.yara_scan import YaraScan
from tocsin.errors import RuleError
from tocsin.model.words import Means

RULE = """
rule sample_page {
  meta:
    author = "A. Author"
    description = "A page that says so"
    means = "compromised"
    rung = "shell"
    content = "live"
  strings:
    $a = "marker-two"
    $b = "marker-one"
  condition:
    any of them
}
"""


def test_a_finding_stands_at_the_first_text_that_matched() -> None:
    page = record(
        "web.file",
        path="C/x.aspx",
        line=1,
        Path=r"C:\inetpub\wwwroot\x.aspx",
        Content="é\nmarker-one\nmarker-two\n",
        Sha256="ab",
    )
    (one,) = run(pack(yara={"a.yar": RULE}), [page])["sample"].findings
    assert (one.rule, one.author, one.means, one.rung, one.weak) == (
        "yara: sample_page",
        "A. Author",
        Means.COMPROMISED,
        "shell",
        False,
    )
    assert str(one.locator) == "C/x.aspx:2"
    assert one.summary == "A page that says so"
    assert one.details["content"] == "live"
    assert one.details["Path"] == r"C:\inetpub\wwwroot\x.aspx"
    assert one.details["shell_url"] == "/x.aspx"
    assert one.kind == "web.file"


@pytest.mark.parametrize("content", ["nothing", "", None])
def test_other_content_gives_nothing(content: str | None) -> None:
    assert run(pack(yara={"a.yar": RULE}), [record("web.file", Content=content)])["sample"].findings == ()


def test_other_kinds_are_not_scanned() -> None:
    records = [record("text.unknown", Content="marker-one"), record("web.file")]
    assert run(pack(yara={"a.yar": RULE}), records)["sample"].findings == ()


def test_a_rule_without_texts_stands_at_the_file() -> None:
    text = "rule whole { condition: filesize > 3 }"
    (one,) = run(pack(yara={"a.yar": text}), [record("web.file", path="a", line=1, Content="12345")])[
        "sample"
    ].findings
    assert str(one.locator) == "a:1"
    assert (one.means, one.rung, one.author, one.summary) == (Means.CONTEXT, None, "", "whole")


def test_what_does_not_compile_is_refused() -> None:
    with pytest.raises(RuleError):
        YaraScan("p", {"a.yar": "rule {"})


def test_giving_up_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        def scan(self, data: bytes) -> None:
            raise yara_x.TimeoutError(len(data))

    scan = YaraScan("p", {"a.yar": RULE})
    monkeypatch.setattr(scan, "_scanner", Slow())
    assert list(scan.observe(record("web.file", path="b", Content="x"))) == []
    assert list(scan.observe(record("web.file", path="a", Content="x"))) == []
    assert list(scan.notices()) == [
        "web-shell rules gave up after 20 s on 2 files: a, b. Look at them by hand."
    ]
    assert list(YaraScan("p", {"a.yar": RULE}).notices()) == []
