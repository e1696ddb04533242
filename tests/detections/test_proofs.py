"""The proof of examples beyond single records: correlations and their sequences."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.packs.pack_folders import changed, sound_pack, write

from tocsin.detections.proofs import examine

BOTH = """\
title: Both within a minute
status: test
author: Tocsin
description: Two requests of one client.
means: context
correlation:
  type: event_count
  rules: proxied_request
  group-by: c-ip
  timespan: 1m
  condition: {gte: 2}
examples:
  matches:
    - - {time: 2021-03-03T06:00:00Z, c-ip: 192.0.2.7, AnchorMailbox: 'ServerInfo~a/b'}
      - {time: '2021-03-03T07:00:30+01:00', c-ip: 192.0.2.7, AnchorMailbox: 'ServerInfo~a/b'}
  ignores:
    - - {time: 2021-03-03T06:00:00Z, c-ip: 192.0.2.7, AnchorMailbox: 'ServerInfo~a/b'}
      - {time: 2021-03-03T06:01:01, c-ip: 192.0.2.7, AnchorMailbox: 'ServerInfo~a/b'}
    - - {time: 2021-03-03T06:00:00Z, c-ip: 192.0.2.7, AnchorMailbox: 'ServerInfo~a/b'}
"""
NAME = "rules/both-within-a-minute.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = sound_pack(tmp_path)
    write(root / NAME, BOTH)
    return root


def test_a_sound_correlation(root: Path) -> None:
    assert examine(root) == []


@pytest.mark.parametrize(
    ("old", "new", "what", "line"),
    [
        ("07:00:30+01:00", "07:01:30+01:00", "the example does not match", 14),
        ("2021-03-03T06:01:01", "2021-03-03T06:00:59", "the example matches", 17),
        ("{time: 2021-03-03T06:01:01, ", "{", "a record of the example has no time", 17),
        ("2021-03-03T06:01:01", "later", "the example's time is none", 17),
        ("gte: 2", "lt: 2", "a condition other than gt or gte", 11),
        ("rules: proxied_request", "rules: unknown", "the rule 'unknown'", 8),
    ],
)
def test_a_wrong_correlation(root: Path, old: str, new: str, what: str, line: int) -> None:
    changed(root / NAME, old, new)
    (problem,) = examine(root)
    assert what in problem.what
    assert problem.where == f"{root / NAME}:{line}"


def test_examples_have_the_shape_of_their_rule(root: Path) -> None:
    write(
        root / NAME, BOTH.replace("    - - {time: 2021-03-03T06:00:00Z", "    - {time: 2021-03-03T06:00:00Z")
    )
    told = {problem.what for problem in examine(root)}
    assert any("YAML" in what or "list of records" in what for what in told)


def test_a_list_is_no_example_of_a_plain_rule(tmp_path: Path) -> None:
    root = sound_pack(tmp_path)
    changed(
        root / "rules/proxied-request.yaml",
        "- {AuthenticatedUser: null, AnchorMailbox: 'Server",
        "- - {b: 'S",
    )
    assert [problem.what for problem in examine(root)] == ["the example of a rule is one record, not a list."]
