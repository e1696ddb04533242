"""Correlations: what is understood, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.packs.pack_folders import RULE, write

from tocsin.errors import RuleError
from tocsin.packs.correlations import correlation_of
from tocsin.packs.rules import Correlation, read_head, rule_of

BODY = """\
title: Many requests
author: Tocsin
means: context
correlation:
  type: {type}
  rules: {rules}
  group-by: [c-ip]
  timespan: {timespan}
{rest}
"""


def correlation(
    tmp_path: Path,
    form: str = "event_count",
    rules: str = "[Proxied request]",
    timespan: str = "5m",
    rest: str = "  condition: {gte: 3}",
) -> Correlation:
    rule = rule_of(*read_head(write(tmp_path / "r.yaml", RULE)))
    other = rule_of(
        *read_head(
            write(
                tmp_path / "o.yaml",
                RULE.replace("Proxied", "Other").replace("proxied", "o").replace("id: 6", "id: 7"),
            )
        )
    )
    text = BODY.format(type=form, rules=rules, timespan=timespan, rest=rest)
    return correlation_of(*read_head(write(tmp_path / "c.yaml", text)), [rule, other])


def test_an_event_count(tmp_path: Path) -> None:
    found = correlation(tmp_path)
    assert (found.type, found.rules, found.group_by) == ("event_count", ("Proxied request",), ("c-ip",))
    assert (found.seconds, found.threshold, found.value_field) == (300, 3, "")
    assert correlation(tmp_path, rest="  condition: {gt: 3}").threshold == 4


@pytest.mark.parametrize(
    "reference", ["Proxied request", "proxied_request", "6f0b1c0e-5d5b-4a53-9f0d-3a3c3d6f0a11"]
)
def test_a_rule_is_named_by_title_name_or_id(tmp_path: Path, reference: str) -> None:
    assert correlation(tmp_path, rules=f"[{reference}]").rules == ("Proxied request",)
    assert correlation(tmp_path, rules=reference).rules == ("Proxied request",)


def test_a_value_count_and_its_field(tmp_path: Path) -> None:
    found = correlation(tmp_path, "value_count", rest="  condition: {gte: 5, field: cs-uri-stem}")
    assert (found.threshold, found.value_field) == (5, "cs-uri-stem")


def test_a_sequence_wants_all_its_rules(tmp_path: Path) -> None:
    found = correlation(
        tmp_path,
        "temporal_ordered",
        "[Other request, proxied_request]",
        rest="  aliases: {who: {proxied_request: c-ip, Other request: ClientIpAddress}}",
    )
    assert found.rules == ("Other request", "Proxied request")
    assert found.threshold == 2
    assert found.aliases == {"who": {"Proxied request": "c-ip", "Other request": "ClientIpAddress"}}


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"form": "value_sum", "rest": "  condition: {gte: 1, field: a}"}, "the type value_sum"),
        ({"rules": "[Nothing]"}, "the rule 'Nothing'"),
        ({"rules": "[Proxied request, proxied_request]"}, "a rule named twice"),
        ({"rest": "  condition: {lt: 3}"}, "a condition other than gt or gte"),
        ({"rest": "  condition: {eq: 3}"}, "a condition other than gt or gte"),
        ({"rest": "  condition: {gte: 0}"}, "a condition other than gt or gte"),
        ({"rest": "  condition: {gte: 3, field: a}"}, "this field"),
        ({"form": "temporal", "rest": "  condition: {gte: 1}"}, "a condition on a temporal correlation"),
        ({"timespan": "2y"}, "a time span above a year"),
        ({"timespan": "soon"}, "pySigma"),
        ({"rest": ""}, "pySigma"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(tmp_path: Path, changes: dict[str, str], what: str) -> None:
    with pytest.raises(RuleError) as caught:
        correlation(tmp_path, **changes)
    assert what in caught.value.what
    assert caught.value.where.startswith(f"{tmp_path / 'c.yaml'}:")


def test_a_document_without_a_correlation_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="no correlation"):
        correlation_of(*read_head(write(tmp_path / "r.yaml", RULE)), [])
