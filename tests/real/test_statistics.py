"""Generated logs beside real ones: columns, row lengths, status mix, header repeats, user agents.

A figure of the generator must lie in a band around the real figure; the bands are stated here, wide
where the real sample is small. ``pytest -s`` prints both side by side. Real samples: D01 (Exchange
excerpts), D02 and D07 (IIS), D03 (Exchange 2016, one or few rows of each log), D10 (IIS variants).
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tocsin.artefacts.registry import identify
from tocsin.evidence.opening import open_evidence
from tocsin.exercise.scenario import BuildSpan, Expected, Scenario, Server
from tocsin.exercise.server import make_server
from tocsin.model.records import Header, Record

pytestmark = pytest.mark.real

REAL = Path(__file__).parents[3] / "shared" / "evidence"
KINDS = (
    "iis.w3c", "exchange.httpproxy", "exchange.ecp-server", "exchange.ecp-activity", "exchange.cmdletinfra",
    "http.err",
)  # fmt: skip
SCENARIO = Scenario(
    title="Everyday work",
    description="Three working days of a server on which nothing happens.",
    innocent=True,
    first_day=date(2021, 3, 1),
    collected=datetime(2021, 3, 4, 6, tzinfo=UTC),
    traffic=4000,
    server=Server(builds=(BuildSpan(build="15.1.2176.9", since=date(2021, 2, 1)),)),
    expected=(Expected(campaign="proxylogon", exposure="patched", compromise="undetermined"),),
)
FAMILIES = (
    "MapiHttpClient", "Microsoft Office", "Microsoft WinRM", "AMProbe", "AppleExchangeWebServices",
    "Outlook-iOS", "zgrab",
)  # fmt: skip
"""User agents of D03 and D10 by what they begin with or hold."""


@dataclass
class Sample:
    """What was counted in the logs of one kind."""

    columns: set[tuple[str, ...]] = field(default_factory=set)
    lengths: list[int] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    agents: Counter[str] = field(default_factory=Counter)
    headers: list[int] = field(default_factory=list)

    def length(self, share: float) -> int:
        """The length below which that share of the rows lies."""
        return sorted(self.lengths)[min(int(share * len(self.lengths)), len(self.lengths) - 1)]

    def share(self, status: str) -> float:
        return self.statuses[status] / sum(self.statuses.values())

    def top_agent(self) -> float:
        return self.agents.most_common(1)[0][1] / sum(self.agents.values())


@dataclass(frozen=True)
class Band:
    """One figure: the real one, the generated one, and between what the latter must lie."""

    name: str
    real: float
    made: float
    low: float
    high: float

    def told(self) -> str:
        return f"{self.name:<44}{self.real:>10.4g}{self.made:>10.4g}   {self.low:.4g} to {self.high:.4g}"


def counted(folder: Path, takes: Callable[[str], bool] = lambda _: True) -> dict[str, Sample]:
    samples = {kind: Sample() for kind in KINDS}
    with open_evidence(folder) as evidence:
        for source in evidence.sources():
            module = identify(source)
            if module is None or module.KIND not in samples or not takes(source.where):
                continue
            sample = samples[module.KIND]
            lengths = {line.number: len(line.text) for line in source.lines()}
            headers = 0
            for item in module.parse(source):
                if isinstance(item, Header) and item.text.startswith("#Fields: "):
                    headers += 1
                    sample.columns.add(tuple(item.text[9:].replace(",", " ").split()))
                elif isinstance(item, Record):
                    sample.lengths.append(lengths[item.locator.line or 0])
                    sample.statuses[item.fields.get("sc-status") or "-"] += 1
                    sample.agents[item.fields.get("cs-user-agent") or "-"] += 1
            sample.headers.append(headers)
    return samples


@functools.cache
def real(case: str) -> dict[str, Sample]:
    (folder,) = REAL.glob(f"{case}-*")
    return counted(folder / "evidence")


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sample]:
    """All logs, of IIS the front end's only: the real IIS samples are of front ends."""
    return counted(made(tmp_path_factory), lambda where: "w3svc2" not in where)


def made(factory: pytest.TempPathFactory) -> Path:
    return make_server(SCENARIO, name="everyday", seed=1, out=factory.mktemp("made") / "server").evidence


def hold(title: str, bands: Iterable[Band]) -> None:
    """Print all figures side by side, then say which lie outside their band."""
    told = list(bands)
    print(f"\n{title:<44}{'real':>10}{'made':>10}   band")  # noqa: T201 - side by side, for pytest -s
    for band in told:
        print(band.told())  # noqa: T201 - as above
    outside = [band.told() for band in told if not band.low <= band.made <= band.high]
    assert not outside, "\n".join(outside)


def near(name: str, original: float, generated: float, *, within: float) -> Band:
    """The generated figure lies within a share of the real one."""
    return Band(name, original, generated, original * (1 - within), original * (1 + within))


@pytest.mark.parametrize(
    ("kind", "case"),
    [
        ("iis.w3c", "D07"),
        ("exchange.httpproxy", "D03"),
        ("exchange.ecp-server", "D03"),
        ("exchange.ecp-activity", "D03"),
        ("exchange.cmdletinfra", "D03"),
    ],
)
def test_columns_are_the_real_ones(front: dict[str, Sample], kind: str, case: str) -> None:
    assert front[kind].columns == real(case)[kind].columns


def test_rows_are_as_long_as_real_ones(front: dict[str, Sample]) -> None:
    hold("Characters of a row", lengths(front))


def lengths(front: dict[str, Sample]) -> Iterator[Band]:
    """A general site's rows (D07) are shorter than Exchange's, which carry an id in the query."""
    iis, own = real("D07")["iis.w3c"], front["iis.w3c"]
    exchange = real("D01")["iis.w3c"].length(0.5)
    yield near("iis.w3c p50 (D01, Exchange)", exchange, own.length(0.5), within=0.35)
    for share, within in ((0.5, 0.4), (0.9, 0.5), (0.99, 0.6)):
        yield near(f"iis.w3c p{int(share * 100)} (D07)", iis.length(share), own.length(share), within=within)
    for kind, within in (
        ("exchange.httpproxy", 0.35),
        ("exchange.ecp-server", 0.35),
        ("exchange.cmdletinfra", 0.2),
    ):
        for share in (0.5, 0.9, 0.99):
            first, second = (each[kind].length(share) for each in (real("D03"), front))
            yield near(f"{kind} p{int(share * 100)} (D03)", first, second, within=within)
    errors = real("D10")["http.err"]
    for share in (0.5, 0.9, 0.99):
        yield near(
            f"http.err p{int(share * 100)} (D10)",
            errors.length(share),
            front["http.err"].length(share),
            within=0.35,
        )


def test_answers_are_mixed_as_in_real_logs(front: dict[str, Sample]) -> None:
    proxy, iis = front["exchange.httpproxy"], front["iis.w3c"]
    original = real("D03")["exchange.httpproxy"]
    hold(
        "Share of a status",
        [
            Band("iis.w3c 200 (D07)", real("D07")["iis.w3c"].share("200"), iis.share("200"), 0.75, 0.99),
            Band("iis.w3c 401 (Exchange only)", 0.0, iis.share("401"), 0.005, 0.3),
            Band("exchange.httpproxy 200 (D03)", original.share("200"), proxy.share("200"), 0.6, 0.98),
            Band("exchange.httpproxy 401 (D03)", original.share("401"), proxy.share("401"), 0.005, 0.3),
            Band("exchange.httpproxy 302 (D03)", original.share("302"), proxy.share("302"), 0.001, 0.3),
        ],
    )


def test_headers_come_again_as_often_as_in_real_logs(front: dict[str, Sample]) -> None:
    most = max(real("D07")["iis.w3c"].headers)
    headers = front["iis.w3c"].headers
    mean = sum(headers) / len(headers)
    hold("Headers of a day", [Band("iis.w3c (D07: most, made: mean)", most, mean, 1, most)])
    assert max(headers) > 1, "no file has its header again"


def test_clients_are_those_of_real_logs(front: dict[str, Sample]) -> None:
    proxy = front["exchange.httpproxy"]
    whole = sum(proxy.agents.values())
    seen = {
        family: sum(count for agent, count in proxy.agents.items() if family in agent) / whole
        for family in FAMILIES
    }
    original = real("D03")["exchange.httpproxy"].agents + real("D10")["exchange.httpproxy"].agents
    rows = sum(original.values())
    bands = [
        Band(
            f"exchange.httpproxy {family}",
            sum(count for agent, count in original.items() if family in agent) / rows,
            seen[family],
            0.0005,
            0.85,
        )
        for family in FAMILIES
    ]
    top = Band(
        "iis.w3c commonest (D07)", real("D07")["iis.w3c"].top_agent(), front["iis.w3c"].top_agent(), 0.15, 0.9
    )
    hold("Share of a client", [*bands, top])
