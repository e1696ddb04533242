"""Mitigations as configuration: in force, half done, switched off, or in a file that IIS refuses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from functools import cache
from xml.sax.saxutils import quoteattr

from msgspec import Struct

from tocsin.errors import ScenarioError
from tocsin.exercise.iis_sites import HOST_CONFIG, place_of
from tocsin.exercise.scenario import MitigationSpan
from tocsin.exercise.workshop import Workshop
from tocsin.packs.loading import data_folder
from tocsin.packs.schema import MitigationFile, RewriteRule
from tocsin.packs.yaml_text import converted, read_yaml

STATES = ("effective", "partial", "malformed", "disabled")


class Standing(Struct, frozen=True, kw_only=True):
    """A mitigation as it stands at collection.

    Attributes:
        mitigation: what it consists of.
        state: one of ``STATES``.
        since: when it came to this, aware UTC.
        place: the file that holds it.
    """

    mitigation: MitigationFile
    state: str
    since: datetime
    place: str


def in_force(workshop: Workshop) -> tuple[Standing, ...]:
    """Give the mitigations as they stand at collection, in the order of their names.

    Raises:
        ScenarioError: there is no such mitigation, no such state, or it cannot be in that state.
    """
    last: dict[str, MitigationSpan] = {}
    for span in sorted(workshop.scenario.server.mitigations, key=lambda span: span.since):
        _check(span)
        if span.since <= workshop.scenario.collected.date():
            last[span.id] = span
    return tuple(_standing(workshop, last[name]) for name in sorted(last))


def _standing(workshop: Workshop, span: MitigationSpan) -> Standing:
    mitigation = _known()[span.id]
    morning = datetime.combine(span.since, time(9, 30), UTC)
    return Standing(
        mitigation=mitigation,
        state=span.state,
        since=min(morning, workshop.scenario.collected),
        place=place_of(workshop, mitigation.vdirs[0]) if mitigation.rewrite else HOST_CONFIG,
    )


def _check(span: MitigationSpan) -> None:
    mitigation = _known().get(span.id)
    if mitigation is None:
        raise ScenarioError(
            f"no such mitigation: {span.id}.", remedy=f"There are: {', '.join(sorted(_known()))}."
        )
    if span.state not in STATES:
        raise ScenarioError(f"no such state: {span.state}.", remedy=f"There are: {', '.join(STATES)}.")
    if mitigation.unproven and span.state != "effective":
        raise ScenarioError(
            f"{span.id} leaves nothing in the files that are collected, so it cannot be {span.state}.",
            remedy="Leave its state out.",
        )
    if span.state == "partial" and not mitigation.rewrite and len(mitigation.pools) == 1:
        raise ScenarioError(
            f"{span.id} consists of one thing, so it cannot be partial.", remedy="Take another state."
        )


@cache
def _known() -> dict[str, MitigationFile]:
    folder = data_folder("products") / "exchange" / "mitigations"
    return {path.stem: converted(read_yaml(path), MitigationFile) for path in sorted(folder.glob("*.yaml"))}


# --- rules ------------------------------------------------------------------------------------


def rules_of(standing: Standing) -> Iterator[tuple[bool, list[str]]]:
    """Yield every rule that stands there: whether it is an outbound one, and its lines."""
    rules = standing.mitigation.rewrite
    short = standing.state == "partial"
    wanted = rules[:1] if short and len(rules) > 1 else rules
    for rule in wanted:
        weaker = short and len(rules) == 1
        yield rule.outbound, _rule(rule, enabled=standing.state != "disabled", weaker=weaker)


def pools_off(standing: Standing) -> tuple[str, ...]:
    """Give the application pools that do not start; none while the mitigation is switched off."""
    names = tuple(pool.name for pool in standing.mitigation.pools)
    if standing.state == "disabled":
        return ()
    return names[:1] if standing.state == "partial" else names


def _rule(rule: RewriteRule, *, enabled: bool, weaker: bool) -> list[str]:
    head = f"<rule name={quoteattr(rule.name)}" + ("" if enabled else ' enabled="false"')
    if rule.outbound:
        return [f"{head}>", *_outbound(rule, weaker=weaker), "</rule>"]
    weak = weaker and rule.bypassable
    pattern = rule.bypassable[0] if weak else rule.patterns[0]
    action = "None" if weaker and not weak else rule.actions[0]
    return [
        f'{head} patternSyntax="ECMAScript" stopProcessing="true">',
        '  <match url=".*" />',
        "  <conditions>",
        f"    <add input={quoteattr(rule.input)} pattern={quoteattr(pattern)} />",
        "  </conditions>",
        f'  <action type="{action}" />',
        "</rule>",
    ]


def _outbound(rule: RewriteRule, *, weaker: bool) -> list[str]:
    value = "default-src 'self'" if weaker else f"{rule.value_holds}; {{R:0}}"
    return [
        f"  <match serverVariable={quoteattr(rule.variable)} pattern={quoteattr(rule.patterns[0])} />",
        f'  <action type="{rule.actions[0]}" value={quoteattr(value)} />',
    ]
