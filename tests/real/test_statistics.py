"""Generated logs beside real ones: columns, row lengths, status mix, header repeats, user agents.

``PROFILES`` holds every band in one place, for each kind of which a real sample exists. Each figure of
the generator must lie in its band, which is wide where the real sample is small; ``pytest -s`` prints
both side by side. Real samples: D01 (Exchange excerpts), D07 (a general IIS site), D03 (Exchange 2016,
one or few rows of each log), D08 (events), D10 (httperr). A figure that a profile leaves out is one
that the log does not have: the control panel's log has neither status nor client, for instance.
"""

from __future__ import annotations

import functools
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tocsin.artefacts.registry import identify
from tocsin.evidence.opening import open_evidence
from tocsin.evidence.source import Source
from tocsin.exercise.scenario import Act, BuildSpan, Expected, Scenario, Server
from tocsin.exercise.server import make_server
from tocsin.model.records import Header, Item, Record

pytestmark = pytest.mark.real

REAL = Path(__file__).parents[3] / "shared" / "evidence"
SCENARIO = Scenario(
    title="Everyday work",
    description="Three working days of a server on which nothing happens but a page of its owner's.",
    innocent=True,
    first_day=date(2021, 3, 1),
    collected=datetime(2021, 3, 4, 6, tzinfo=UTC),
    traffic=4000,
    server=Server(builds=(BuildSpan(build="15.1.2176.9", since=date(2021, 2, 1)),), sysmon=True),
    acts=(Act(script="owa-custom-page", at=datetime(2021, 3, 2, 9, tzinfo=UTC)),),
    expected=(Expected(campaign="proxylogon", exposure="patched", compromise="undetermined"),),
)

Range = tuple[float, float]
P50, P90, P99 = 0.5, 0.9, 0.99


@dataclass(frozen=True)
class Profile:
    """How near the generated logs of a kind must come to the real ones of a case.

    ``lengths``: for a share of the rows, how far the length that they do not exceed may be from the
    real one, as a share of that. ``statuses`` and ``agents``: between what the share of rows must lie whose
    status is this, whose user agent holds this. ``headers``: between what the headers of a file must
    lie on average. ``event``: only events of that number.
    """

    kind: str
    case: str
    lengths: dict[float, float]
    columns: bool = True
    statuses: dict[str, Range] = field(default_factory=dict)
    headers: Range | None = None
    agents: dict[str, Range] = field(default_factory=dict)
    event: str = ""

    @property
    def name(self) -> str:
        return " ".join(filter(None, (self.kind, self.event, self.case)))


ONCE = (1.0, 1.0)
SOME = (0.0005, 0.85)
NEAR = {P50: 0.35, P90: 0.35, P99: 0.35}
PROFILES = (
    # Exchange's rows are longer than a general site's, for they carry an id in the query; and it refuses.
    Profile(
        kind="iis.w3c",
        case="D07",
        lengths={P50: 0.4, P90: 0.5, P99: 0.6},
        statuses={"200": (0.75, 0.99), "401": (0.005, 0.3)},
        headers=(1.0, 7.0),
        agents={"Mozilla/5.0": (0.003, 0.95), "AMProbe": (0.15, 0.9)},
    ),
    Profile(kind="iis.w3c", case="D01", lengths={P50: 0.35}, columns=False, statuses={"302": (0.001, 0.6)}),
    Profile(
        kind="exchange.httpproxy",
        case="D03",
        lengths=NEAR,
        statuses={"200": (0.6, 0.98), "401": (0.005, 0.3), "302": (0.001, 0.3)},
        headers=ONCE,
        agents={
            "MapiHttpClient": SOME,
            "Microsoft Office": SOME,
            "Microsoft WinRM": SOME,
            "AMProbe": SOME,
            "AppleExchangeWebServices": SOME,
            "Outlook-iOS": SOME,
            "zgrab": SOME,
        },
    ),
    Profile(kind="exchange.httpproxy", case="D10", lengths={P50: 0.5}, columns=False),
    Profile(
        kind="exchange.ews",
        case="D03",
        lengths={P50: 0.15, P90: 0.15, P99: 0.15},
        statuses={"200": (0.9, 1.0)},
        headers=ONCE,
        agents={"Ews_AM_Probe/Local (ExchangeServicesClient/15.": (0.2, 1.0)},
    ),
    Profile(kind="exchange.ecp-server", case="D03", lengths=NEAR, headers=ONCE),
    # of the two real rows one is a call of a service, long, and one a page, short
    Profile(kind="exchange.ecp-activity", case="D03", lengths={**NEAR, P50: 0.5}, headers=ONCE),
    Profile(
        kind="exchange.cmdletinfra",
        case="D03",
        lengths={P50: 0.2, P90: 0.2, P99: 0.2},
        statuses={"Success": (0.9, 1.0)},
        headers=ONCE,
        agents={"ActiveMonitor": (0.5, 1.0)},
    ),
    # the real sample has lost its header
    Profile(
        kind="http.err",
        case="D10",
        lengths=NEAR,
        columns=False,
        statuses={"400": (0.2, 0.9), "404": (0.02, 0.4)},
    ),
    Profile(kind="event.msexchange-management", event="1", case="D08", lengths=NEAR),
    Profile(kind="event.sysmon", event="11", case="D08", lengths=NEAR),
)
STATUSES = ("sc-status", "HttpStatus", "ExecutionResult")
AGENTS = ("cs-user-agent", "UserAgent", "ClientApplication")


@dataclass
class Sample:
    """What was counted in the logs of one kind."""

    columns: set[tuple[str, ...]] = field(default_factory=set)
    lengths: list[int] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    agents: Counter[str] = field(default_factory=Counter)
    headers: list[int] = field(default_factory=list)

    def length(self, share: float) -> int:
        """The least length that so large a share of the rows does not exceed."""
        return sorted(self.lengths)[math.ceil(share * len(self.lengths)) - 1]

    def with_status(self, status: str) -> float:
        return self.statuses[status] / len(self.lengths)

    def with_agent(self, words: str) -> float:
        return sum(count for agent, count in self.agents.items() if words in agent) / len(self.lengths)

    def headers_of_a_file(self) -> float:
        return sum(self.headers) / len(self.headers)


Samples = dict[tuple[str, str], Sample]


@dataclass(frozen=True)
class Band:
    """One figure: the real one, the generated one, and between what the latter must lie."""

    name: str
    real: float
    made: float
    low: float
    high: float

    def told(self) -> str:
        return f"{self.name:<64}{self.real:>10.4g}{self.made:>10.4g}   {self.low:.4g} to {self.high:.4g}"


def counted(folder: Path, takes: Callable[[str], bool] = lambda _: True) -> Samples:
    """Count by kind of record and, of events, by their number."""
    samples: Samples = defaultdict(Sample)
    with open_evidence(folder) as evidence:
        for source in evidence.sources():
            module = identify(source)
            if module is None or not takes(source.where):
                continue
            events = module.KIND == "event.evtx"
            if events or any(profile.kind == module.KIND for profile in PROFILES):
                (count_events if events else count_rows)(samples, module.KIND, source, module.parse(source))
    return samples


def count_rows(samples: Samples, kind: str, source: Source, items: Iterator[Item]) -> None:
    sample = samples[kind, ""]
    lengths = {line.number: len(line.text) for line in source.lines()}
    headers = 0
    for item in items:
        if isinstance(item, Header) and item.text.startswith("#Fields: "):
            headers += 1
            sample.columns.add(tuple(item.text[9:].replace(",", " ").split()))
        elif isinstance(item, Record):
            sample.lengths.append(lengths[item.locator.line or 0])
            sample.statuses[first_of(item, STATUSES)] += 1
            sample.agents[first_of(item, AGENTS)] += 1
    sample.headers.append(headers)


def count_events(samples: Samples, _kind: str, _source: Source, items: Iterator[Item]) -> None:
    """The names of an event's data are its columns; its values, put together, its length."""
    for item in items:
        if isinstance(item, Record):
            sample = samples[item.kind, item.fields["EventID"] or ""]
            sample.columns.add(tuple(sorted(item.fields)))
            sample.lengths.append(
                sum(len(text or "") for name, text in item.fields.items() if name != "Data")
            )


def first_of(record: Record, names: tuple[str, ...]) -> str:
    return next((value for name in names if (value := record.fields.get(name))), "-")


@functools.cache
def real(case: str) -> Samples:
    (folder,) = REAL.glob(f"{case}-*")
    return counted(folder / "evidence")


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """All logs, of IIS the front end's only: the real IIS samples are of front ends."""
    made = make_server(SCENARIO, name="everyday", seed=1, out=tmp_path_factory.mktemp("made") / "server")
    return counted(made.evidence, lambda where: "w3svc2" not in where)


def bands(profile: Profile, original: Sample, made: Sample) -> Iterator[Band]:
    """Yield every figure of a profile."""
    for share, within in profile.lengths.items():
        first, second = original.length(share), made.length(share)
        yield Band(f"length p{share * 100:.0f}", first, second, first * (1 - within), first * (1 + within))
    for status, (low, high) in profile.statuses.items():
        yield Band(f"status {status}", original.with_status(status), made.with_status(status), low, high)
    for agent, (low, high) in profile.agents.items():
        yield Band(f"client {agent}", original.with_agent(agent), made.with_agent(agent), low, high)
    if profile.headers:
        real_headers, made_headers = original.headers_of_a_file(), made.headers_of_a_file()
        yield Band("headers of a file", real_headers, made_headers, *profile.headers)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_generated_logs_are_like_real_ones(front: Samples, profile: Profile) -> None:
    original = real(profile.case)[profile.kind, profile.event]
    made = front[profile.kind, profile.event]
    told = list(bands(profile, original, made))
    print(f"\n{profile.name:<64}{'real':>10}{'made':>10}   band")  # noqa: T201 - side by side, for pytest -s
    for band in told:
        print(band.told())  # noqa: T201 - as above
    outside = [band.told() for band in told if not band.low <= band.made <= band.high]
    assert not outside, "\n".join(outside)


@pytest.mark.parametrize("profile", [one for one in PROFILES if one.columns], ids=lambda one: one.name)
def test_columns_are_the_real_ones(front: Samples, profile: Profile) -> None:
    original = real(profile.case)[profile.kind, profile.event].columns
    made = front[profile.kind, profile.event].columns
    print(f"\n{profile.name}: {sorted(map(len, original))} columns, {sorted(map(len, made))} made")  # noqa: T201 - as above
    assert original
    assert made == original


def test_headers_come_again_within_a_day(front: Samples) -> None:
    """Within a real day of D07 the header stands seven times; no made day has it more often."""
    most = max(real("D07")["iis.w3c", ""].headers)
    assert 1 < max(front["iis.w3c", ""].headers) <= most


def test_every_kind_of_which_there_is_a_real_sample_is_compared() -> None:
    """A writer for which no real row is known is named here, so that none is forgotten."""
    from tocsin.exercise.writers.registry import classes  # noqa: PLC0415 - for this test alone

    unknown = {
        "aspnet.compiled", "exchange.file-version", "exchange.oabgenerator", "exchange.setup-log",
        "exchange.vdir-dump", "iis.config", "web.file", "event.application", "event.defender",
        "event.security", "event.system", "event.powershell", "event.other",
    }  # fmt: skip
    written = {kind for writer in classes() for kind in writer.KINDS}
    assert written - unknown == {profile.kind for profile in PROFILES}
