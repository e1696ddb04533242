"""Mail read without a shell: the assessor tells whose mail, when and how much, as it was."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from tocsin.artefacts.registry import identify
from tocsin.assessment.assess import Knowledge
from tocsin.assessment.impact import UNNAMED
from tocsin.assessment.server import load_knowledge
from tocsin.evidence.opening import open_evidence
from tocsin.exercise.library import load
from tocsin.exercise.scoring.reading import files_by_kind, kinds_of_files, read
from tocsin.exercise.server import Made, make_server
from tocsin.model.records import Record
from tocsin.model.verdicts import MailboxImpact, Verdict

SCENARIO = "mail-read-over-web-services"
SEEDS = (1, 2)


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


def told(made: Made, knowledge: Knowledge, *, without: str = "") -> Verdict:
    withheld = files_by_kind(kinds_of_files(made.evidence)).get(without, frozenset())
    assert bool(withheld) == bool(without)
    whole = read(made.evidence, knowledge, at=load(SCENARIO).collected, without=withheld)
    if without:
        assert without in {one.kind for one in whole.coverage.missing}
    return next(one for one in whole.verdicts if one.campaign == "proxylogon")


def sizes(made: Made) -> dict[str, list[int]]:
    """What was answered of each mailbox, from the rows that the truth says are theft."""
    rows = {
        (row.path, row.line): row.label.note
        for row in made.truth.rows
        if row.kind == "exchange.httpproxy" and row.label.rung == "mail-read"
    }
    found: dict[str, list[int]] = defaultdict(list)
    with open_evidence(made.evidence) as evidence:
        for source in evidence.sources():
            if any(path == source.path for path, _ in rows) and (module := identify(source)):
                for item in module.parse(source):
                    note = rows.get((source.path, item.locator.line))
                    if note and isinstance(item, Record):
                        found[note.split()[5].rstrip(",")].append(int(item.fields["ResponseBytes"] or 0))
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_mailbox_interval_and_bytes_are_the_true_ones(
    tmp_path: Path, knowledge: Knowledge, seed: int
) -> None:
    made = make_server(load(SCENARIO), name=SCENARIO, seed=seed, out=tmp_path / "out")
    boxes = {one.mailbox: one for one in told(made, knowledge).impact.mailboxes}
    truth = sizes(made)
    assert set(boxes) == set(truth)
    assert {name: one.requests for name, one in boxes.items()} == {
        name: len(found) for name, found in truth.items()
    }
    for name, one in boxes.items():
        assert one.bytes_ceiling == sum(truth[name])
        assert one.bytes_floor == sum(size for size in truth[name] if size > 2048)
    assert [day(one) for one in sorted(boxes.values(), key=day)] == ["2021-02-26", "2021-02-28"]


def day(box: MailboxImpact) -> str:
    assert box.start is not None
    assert box.end is not None
    assert box.start.date() == box.end.date()
    return box.start.date().isoformat()


def test_without_the_log_of_the_web_services_one_mailbox_is_not_named(
    tmp_path: Path, knowledge: Knowledge
) -> None:
    made = make_server(load(SCENARIO), name=SCENARIO, seed=1, out=tmp_path / "out")
    boxes = {one.mailbox: one for one in told(made, knowledge, without="exchange.ews").impact.mailboxes}
    assert set(boxes) == {"anna@contoso.example", UNNAMED}
    assert boxes[UNNAMED].requests == 9


def test_the_log_of_the_web_services_alone_accuses_nobody(tmp_path: Path, knowledge: Knowledge) -> None:
    made = make_server(load(SCENARIO), name=SCENARIO, seed=1, out=tmp_path / "out")
    verdict = told(made, knowledge, without="exchange.httpproxy")
    assert verdict.compromise == "undetermined"
    assert verdict.impact.mailboxes == ()
    opened = [one for one in verdict.findings if one.rung == "mail-read"]
    assert {str(one.means) for one in opened} == {"context"}
    assert {one.details["SoapAction"] for one in opened} >= {"FindItem", "GetItem", "GetAttachment"}
