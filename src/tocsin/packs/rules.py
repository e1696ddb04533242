"""Rules: valid Sigma, one YAML file each, with what a match means and the examples that prove it.

Tocsin's own keys stand beside Sigma's and ride along as custom attributes, so that every rule
still converts to a SIEM query. A file with a ``correlation`` is a Sigma correlation rule.
"""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct, field

from tocsin.errors import RuleError
from tocsin.model.words import Means
from tocsin.packs.conditions import Node
from tocsin.packs.logsources import Reach, reaches
from tocsin.packs.measures import Behaviour
from tocsin.packs.yaml_text import Document, converted, read_yaml

Scalar = None | bool | int | float | str
Fields = dict[str, Scalar]
BENIGN = "benign"


class Examples(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Records that must match, or must not; for a correlation, sequences of records.

    A record is a mapping of fields to values; the keys ``kind`` (record kind), ``time`` (UTC,
    ISO 8601) and, for correlations, ``repeat`` with ``every`` (seconds) are its own, not fields.

    Attributes:
        matches: at least one that the rule meets.
        ignores: near misses that it must leave alone.
    """

    matches: tuple[Fields | tuple[Fields, ...], ...] = ()
    ignores: tuple[Fields | tuple[Fields, ...], ...] = ()


class Head(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of a rule's file: Sigma's, then Tocsin's own.

    Attributes:
        title: Sigma's; the file is named after it.
        author: Sigma's; stands beside every finding.
        id: Sigma's.
        name: Sigma's; another name by which correlations may refer to it.
        status: Sigma's; a rule that is ``experimental`` never says more than context.
        description: Sigma's: what a match shows, and what it does not show.
        license: Sigma's; SPDX name, where it is not the pack's.
        references: Sigma's.
        tags: Sigma's: ATT&CK techniques and CVE numbers.
        date: Sigma's.
        modified: Sigma's.
        related: Sigma's.
        fields: Sigma's.
        falsepositives: Sigma's.
        level: Sigma's; Tocsin goes by ``means``.
        logsource: Sigma's; chooses record kinds (``docs/reference/fields.md``).
        detection: Sigma's.
        correlation: Sigma's, in place of ``detection``.
        behaviour: in place of ``detection``, in files of ``behaviours/``.
        means: ``context``, ``targeted``, ``exploited``, ``compromised``; or ``benign``: the rule
            explains others' matches and makes no finding of its own.
        rung: step of the ladder that a match shows, if any.
        summary: template of the finding's line; ``{Field}`` stands for the record's value.
        explains: titles of the rules whose matches a benign rule reclassifies.
        details: fields that the finding keeps.
        report: False for a building block of correlations, which makes no finding of its own.
        examples: records that prove it.
    """

    title: str
    author: str
    means: str
    id: str = ""
    name: str = ""
    status: str = "test"
    description: str = ""
    license: str = ""
    references: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    date: str = ""
    modified: str = ""
    related: tuple[dict[str, str], ...] = ()
    fields: tuple[str, ...] = ()
    falsepositives: tuple[str, ...] = ()
    level: str = ""
    logsource: dict[str, str] = {}
    detection: dict[str, object] = {}
    correlation: CorrelationKeys | None = None
    behaviour: Behaviour | None = None
    rung: str | None = None
    summary: str = ""
    explains: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    report: bool = True
    examples: Examples = Examples()


class CorrelationKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ``correlation`` of a Sigma correlation rule.

    Attributes:
        type: ``event_count``, ``value_count``, ``temporal`` or ``temporal_ordered``.
        rules: titles, names or ids of rules of the same pack.
        timespan: such as ``15s``, ``10m``, ``1h``.
        group_by: fields, or aliases, that all matches of a group have in common.
        condition: ``gte`` or ``gt`` with a count; for ``value_count`` also ``field``.
        aliases: alias -> rule -> field.
        generate: Sigma's; Tocsin goes by ``report`` of each rule.
    """

    type: str
    rules: str | tuple[str, ...]
    timespan: str
    group_by: str | tuple[str, ...] = field(name="group-by", default=())
    condition: dict[str, int | str] = {}
    aliases: dict[str, dict[str, str]] = {}
    generate: bool = False


class Rule(Struct, frozen=True, kw_only=True):
    """A Sigma rule: what it says of itself, the kinds of record it is asked of, the condition."""

    head: Head
    document: Document
    reaches: tuple[Reach, ...]
    condition: Node

    @property
    def title(self) -> str:
        """Its name, unique in the pack."""
        return self.head.title

    @property
    def benign(self) -> bool:
        """It explains others' matches instead of making findings."""
        return self.head.means == BENIGN

    @property
    def means(self) -> Means:
        """What a match means; an experimental rule never says more than context."""
        return meaning(self.head)


class Correlation(Struct, frozen=True, kw_only=True):
    """A Sigma correlation: several matches of rules of the same pack, close together.

    Attributes:
        type: ``event_count``, ``value_count``, ``temporal`` or ``temporal_ordered``.
        rules: titles of the rules, in the order given.
        group_by: fields (or aliases) that all matches of a group have in common.
        seconds: length of the time span.
        threshold: least count that satisfies it.
        value_field: the field whose different values are counted (``value_count``).
        aliases: alias -> rule title -> field.
    """

    head: Head
    document: Document
    type: str
    rules: tuple[str, ...]
    group_by: tuple[str, ...]
    seconds: int
    threshold: int
    value_field: str = ""
    aliases: dict[str, dict[str, str]] = {}

    @property
    def title(self) -> str:
        """Its name, unique in the pack."""
        return self.head.title

    @property
    def means(self) -> Means:
        """What a match means; an experimental rule never says more than context."""
        return meaning(self.head)


def meaning(head: Head) -> Means:
    """Give what a match means for the server: context for benign and experimental rules."""
    if head.means == BENIGN or head.status == "experimental":
        return Means.CONTEXT
    return Means(head.means)


def slug(title: str) -> str:
    """Give the file name (without suffix) of a rule: lower case, hyphens for everything else."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def read_head(path: Path) -> tuple[Head, Document]:
    """Read the keys of a rule's file.

    Raises:
        PackError: no readable YAML.
        RuleError: a key is missing, unknown or wrong.
    """
    document = read_yaml(path)
    head = converted(document, Head, fault=RuleError)
    if head.means != BENIGN and head.means not in tuple(Means):
        raise RuleError(
            f"means '{head.means}' is no word that a rule may use.",
            where=document.where("means"),
            remedy=f"Use one of {', '.join(Means)} or {BENIGN}.",
        )
    return head, document


def rule_of(head: Head, document: Document) -> Rule:
    """Compile a rule that is no correlation.

    Raises:
        RuleError: the logsource reaches nothing, or a construct cannot be evaluated.
    """
    if head.behaviour is not None:
        raise RuleError(
            "a behaviour among the rules.",
            where=document.where("behaviour"),
            remedy="Move the file to behaviours/.",
        )
    from tocsin.packs.sigma_reading import read_condition  # noqa: PLC0415 - pySigma is slow to import

    where = document.where("logsource")
    found = reaches(head.logsource, where=where)
    return Rule(head=head, document=document, reaches=found, condition=read_condition(document))
