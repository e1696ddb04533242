"""Behavioural rules: what is understood, what is refused, and that the linter proves them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.packs.pack_folders import write

from tocsin.detections.proofs import examine
from tocsin.errors import RuleError
from tocsin.packs.behaviours import BehaviourRule, behaviour_of
from tocsin.packs.loading import read_pack
from tocsin.packs.rules import read_head, rule_of
from tocsin.packs.skeleton import write_skeleton

TIME = "{time: '2021-03-03T00:00:00Z'"
TEXT = """\
title: Rare page
status: test
author: Tocsin
description: A page that hardly anybody asked for.
means: context
behaviour:
  clients: {most: 2}
examples:
  matches:
    - - {time: '2021-03-03T00:00:00Z', cs-uri-stem: /x.aspx, c-ip: 192.0.2.1, sc-status: 200}
  ignores:
    - - {time: '2021-03-03T00:00:00Z', cs-uri-stem: /x.aspx, c-ip: 192.0.2.1, sc-status: 404}
    - - {time: '2021-03-03T00:00:00Z', cs-uri-stem: /x.gif, c-ip: 192.0.2.1, sc-status: 200}
"""


def behaviour(tmp_path: Path, text: str = TEXT, exposure: date | None = None) -> BehaviourRule:
    return behaviour_of(*read_head(write(tmp_path / "rare-page.yaml", text)), exposure=exposure)


def with_key(line: str) -> str:
    return TEXT.replace("  clients: {most: 2}\n", f"  clients: {{most: 2}}\n  {line}\n")


def test_a_behaviour_is_read(tmp_path: Path) -> None:
    found = behaviour(tmp_path)
    assert (found.title, found.most_clients, found.after) == ("Rare page", 2, None)
    assert found.behaviour.answered.least == 1


def test_a_day_or_the_exposure_window(tmp_path: Path) -> None:
    assert behaviour(tmp_path, with_key("first_answered: {after: 2021-03-01}")).after == date(2021, 3, 1)
    text = with_key("first_answered: {after: exposure}")
    assert behaviour(tmp_path, text, date(2021, 1, 3)).after == date(2021, 1, 3)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (TEXT.replace("means: context", "means: targeted"), "means 'targeted'"),
        (TEXT.replace("means: context", "means: benign"), "means 'benign'"),
        (TEXT.replace("means: context", "means: context\nrung: shell"), "rung has no place"),
        (TEXT.replace("means: context", "means: context\nexplains: [Rare]"), "explains has no place"),
        (TEXT.replace("means: context", "means: context\nlogsource: {category: webserver}"), "logsource has"),
        (TEXT.replace("{most: 2}", "{least: 2}"), "no useful bound"),
        (TEXT.replace("{most: 2}", "{most: 0}"), "no useful bound"),
        (TEXT.replace("{most: 2}", "{most: 51}"), "no useful bound"),
        (TEXT.replace("{most: 2}", "{least: 3, most: 2}"), "nothing fits"),
        (TEXT.replace("{most: 2}", "{most: two}"), "Expected `int | null`"),
        (with_key("answered: {most: 9}"), "never answered would fit"),
        (with_key("answered: {least: 5, most: 4}"), "nothing fits"),
        (with_key("refused: {least: -1}"), "nothing fits"),
        (with_key("tasked_share: {least: 1.5}"), "nothing fits"),
        (with_key("of: client"), "'client' is nothing"),
        (with_key('methods: ["POST\' OR 1"]'), "no method"),
        (with_key("methods: [post]"), "no method"),
        (with_key("unseen_days: 0"), "0 days"),
        (with_key("first_answered: {after: exposure}"), "cites no first exploitation"),
        (with_key("first_answered: {after: 2021-02-30}"), "is no day"),
        (with_key("sql: SELECT 1"), "unknown field `sql`"),
        (TEXT.replace("behaviour:\n  clients: {most: 2}\n", ""), "no behaviour"),
    ],
)
def test_what_is_refused_says_where(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(RuleError, match=r"rare-page\.yaml:") as caught:
        behaviour(tmp_path, text)
    assert what in str(caught.value)
    assert caught.value.remedy


def test_it_has_no_place_among_the_rules(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="Move the file to behaviours/"):
        rule_of(*read_head(write(tmp_path / "rare-page.yaml", TEXT)))


def pack_with(tmp_path: Path, text: str) -> list[str]:
    """Give the linter's words for a pack that has this among its behaviours."""
    write_skeleton("sample", tmp_path, today=date(2026, 11, 21))
    root = tmp_path / "sample"
    (root / "behaviours").mkdir()
    before = {str(problem) for problem in examine(root)}
    write(root / "behaviours" / "rare-page.yaml", text)
    return [str(problem) for problem in examine(root) if str(problem) not in before]


def test_the_linter_proves_a_sound_one(tmp_path: Path) -> None:
    assert pack_with(tmp_path, TEXT) == []
    pack, _ = read_pack(tmp_path / "sample")
    assert pack is not None
    assert [one.title for one in pack.behaviours] == ["Rare page"]
    assert pack.behaviours[0] in pack.everything


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (TEXT.replace("sc-status: 404", "sc-status: 200"), "the example matches"),
        (TEXT.replace("/x.aspx, c-ip: 192.0.2.1, sc-status: 200", "/x.js, sc-status: 200"), "does not"),
        (TEXT.replace(f"- - {TIME}, cs-uri-stem: /x.gif", "- {cs-uri-stem: /x.gif"), "a list of requests"),
        (TEXT.replace(f"{TIME}, cs-uri-stem: /x.gif", "{time: noon, cs-uri-stem: /x.gif"), "time is none"),
        (TEXT.replace("title: Rare page", "title: Page"), "Name it page.yaml"),
        (TEXT.replace("title: Rare page", "title: Rare page\nreport: false"), "report: false"),
        (TEXT[: TEXT.index("  ignores")], "0 that do not"),
    ],
)  # fmt: skip
def test_the_linter_refuses(tmp_path: Path, text: str, what: str) -> None:
    assert any(what in problem for problem in pack_with(tmp_path, text))
