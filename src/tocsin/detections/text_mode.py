"""Rules in literal mode: lines that no parser could read are still searched.

A line of unknown text that holds every text which a rule needs "mentions" what the rule looks
for. That is context, never more: the columns are unknown, and so is who wrote the line.
"""

from __future__ import annotations

from tocsin.detections.literals import Group, groups, is_telling
from tocsin.packs.conditions import Either, Every, FieldTest, Glob, Node, Wild
from tocsin.packs.logsources import TEXT
from tocsin.packs.rules import Rule

SHORTEST = 6
"""At least one text that is found must be this long: shorter ones stand in any prose."""
FIELD = "Text"


def literal_condition(rule: Rule) -> Node | None:
    """Give the condition under which a line mentions what the rule looks for; None for no such rule.

    A rule over text needs no literal mode; a rule whose texts are all short has none.
    """
    if any(reach.kind == TEXT for reach in rule.reaches):
        return None
    wanted = [texts for group in groups(rule.condition) if (texts := _texts(group))]
    long = sorted({text for texts in wanted for text in texts if len(text) >= SHORTEST})
    if not long:
        return None
    return Every((_holds_one(long), *(_holds_one(texts) for texts in wanted)))


def _texts(group: Group) -> list[str]:
    """The group's texts; none if one of them is a status, a method or an event's number."""
    return sorted({text for _, text in group}) if all(map(is_telling, group)) else []


def _holds_one(texts: list[str]) -> Node:
    return Either(tuple(FieldTest(FIELD, Glob((Wild.MANY, text, Wild.MANY))) for text in texts))
