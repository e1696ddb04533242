"""Makes packs and records for tests of the matching engine, in memory and from few words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tocsin.detections.matching import Matcher, Matches
from tocsin.detections.values import Row
from tocsin.model.places import Locator
from tocsin.model.records import Record
from tocsin.packs.conditions import Node
from tocsin.packs.loading import Pack
from tocsin.packs.logsources import Reach
from tocsin.packs.rules import Correlation, Head, Rule
from tocsin.packs.schema import IndicatorRow, PackFile
from tocsin.packs.yaml_text import Document

START = datetime(2021, 3, 3, 6, 0, tzinfo=UTC)
_DOCUMENT = Document(path=Path("r.yaml"), data={}, lines={})


def record(
    kind: str = "iis.w3c",
    *,
    line: int = 1,
    second: float | None = 0,
    weak: bool = False,
    path: str = "u_ex.log",
    **fields: str | None,
) -> Record:
    """One record; ``_`` in a field's name stands for ``-``; ``second`` counts from START."""
    return Record(
        kind=kind,
        locator=Locator(path=path, line=line),
        time=None if second is None else START + timedelta(seconds=second),
        fields={name.replace("_", "-") if "-" not in name else name: value for name, value in fields.items()},
        weak=weak,
    )


def row_of(one: Record) -> Row:
    """The record as rules see it."""
    return Row(one.fields, one.kind)


def rule(
    condition: Node,
    title: str = "A rule",
    *,
    kinds: Iterable[str | Reach] = ("iis.w3c",),
    means: str = "targeted",
    **head: object,
) -> Rule:
    """One rule over record kinds."""
    return Rule(
        head=Head(title=title, author="A. Author", means=means, **head),  # type: ignore[arg-type]  # test keys
        document=_DOCUMENT,
        reaches=tuple(kind if isinstance(kind, Reach) else Reach(kind) for kind in kinds),
        condition=condition,
    )


def correlation(
    form: str,
    rules: tuple[str, ...],
    *,
    title: str = "Together",
    group_by: tuple[str, ...] = (),
    seconds: int = 60,
    threshold: int | None = None,
    value_field: str = "",
    aliases: dict[str, dict[str, str]] | None = None,
    **head: object,
) -> Correlation:
    """One correlation over rules."""
    return Correlation(
        head=Head(title=title, author="A. Author", means="exploited", **head),  # type: ignore[arg-type]  # test keys
        document=_DOCUMENT,
        type=form,
        rules=rules,
        group_by=group_by,
        seconds=seconds,
        threshold=len(rules) if threshold is None else threshold,
        value_field=value_field,
        aliases=aliases or {},
    )


def indicator(
    kind: str, value: str, strength: str = "strong", means: str = "targeted", **rest: object
) -> IndicatorRow:
    """One row of an indicator file."""
    columns = {
        "valid_from": None,
        "valid_until": None,
        "withdrawn": False,
        "rung": "",
        "actor": "",
        "source": "A list",
        "first_published": None,
        "note": "",
    }
    return IndicatorRow(type=kind, value=value, strength=strength, means=means, **{**columns, **rest})  # type: ignore[arg-type]  # test columns


def pack(
    *rules: Rule | Correlation,
    name: str = "sample",
    indicators: Iterable[IndicatorRow] = (),
    yara: dict[str, str] | None = None,
) -> Pack:
    """One pack of these rules."""
    plain = [each for each in rules if isinstance(each, Rule)]
    return Pack(
        file=PackFile(
            id=name,
            version="1",
            title="Sample",
            description="",
            licence="",
            author="",
            ladder=(),
            wanted=(),
            steps=(),
            sources={},
        ),
        document=_DOCUMENT,
        rules=tuple(each for each in plain if not each.benign),
        correlations=tuple(each for each in rules if isinstance(each, Correlation)),
        benign=tuple(each for each in plain if each.benign),
        indicators=tuple(indicators),
        yara=yara or {},
        advice={},
        product_id=None,
        sha256="",
        root=Path(),
    )


def run(packs: Pack | list[Pack], records: Iterable[Record], *, prefilter: bool = True) -> dict[str, Matches]:
    """What the packs find in the records."""
    matcher = Matcher([packs] if isinstance(packs, Pack) else packs, prefilter=prefilter)
    for each in records:
        matcher.observe(each)
    return matcher.finish()
