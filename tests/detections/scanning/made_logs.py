"""Whole logs and small collections for hypothesis, and both lanes' reading of them side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import strategies as st
from tests.detections.exposure_makers import exchange
from tests.detections.scanning.made_rows import IIS_HEADERS, PROXY_HEADERS, other_lines, rows

from tocsin.detections.compiling import KindIndex
from tocsin.detections.pages import pages_named
from tocsin.detections.pipeline import Detections, detect
from tocsin.detections.scanning import lane, lanes
from tocsin.detections.scanning.engines import MakeEngine
from tocsin.detections.scanning.gates import Dialect, Gate
from tocsin.detections.scanning.lanes import Scanning
from tocsin.detections.scanning.scope import Scopes
from tocsin.evidence import block_rows, blocks, lines
from tocsin.evidence.opening import open_evidence
from tocsin.packs.loading import Pack, load_packs
from tocsin.packs.products import Product

IIS_LOG = "C/inetpub/logs/LogFiles/W3SVC1/u_ex210303.log"
PROXY_LOG = "C/Program Files/Microsoft/Exchange Server/V15/Logging/HttpProxy/Ecp/HttpProxy_2021030306-1.LOG"
CONFIG = "C/Windows/System32/inetsrv/config/applicationHost.config"
RENAMED = (
    '<configuration><system.applicationHost><sites><site name="Default Web Site" id="1">'
    '<application path="/x7f3"><virtualDirectory path="/"'
    ' physicalPath="C:\\Program Files\\Microsoft\\Exchange Server\\V15\\FrontEnd\\HttpProxy\\ecp" />'
    "</application></site></sites></system.applicationHost></configuration>"
)
_IIS_TOP = "#Software: Microsoft Internet Information Services 10.0\n#Fields: "
_PROXY_TOP = (
    "#Software: Microsoft Exchange Server\n#Version: 15.01.2106.002\n#Log-type: HttpProxy Logs\n#Fields: "
)
_LONGEST = 1600
"""Stands for LONGEST_LINE, so that a small file has blocks, and lines that are too long."""


@st.composite
def logs(draw: st.DrawFn, kind: str, most: int = 9) -> bytes:
    """A log of a kind: header, rows, now and then something else."""
    web = kind == "iis.w3c"
    headers = IIS_HEADERS if web else PROXY_HEADERS
    header = draw(st.sampled_from((*headers[:2] * 3, *headers)))
    top = (_IIS_TOP if web else _PROXY_TOP) + header
    found = [draw(st.sampled_from((b"", b"", b"\xef\xbb\xbf"))) + top.encode()]
    for _ in range(draw(st.integers(most // 3, most))):
        odd = draw(st.integers(0, 14)) == 0
        line = draw(other_lines(kind) if odd else rows(kind, header))
        if line.startswith(b"#Fields: ") and draw(st.booleans()):
            header = line.removeprefix(b"#Fields: ").decode()
        found += [line] * draw(st.sampled_from((1, 1, 1, 3)))
    end = draw(st.sampled_from((b"\n", b"\r\n", b"\r\r\n")))
    return end.join(found) + draw(st.sampled_from((b"", end, b"\n", b"\n\n")))


@st.composite
def collections(draw: st.DrawFn) -> dict[str, bytes]:
    """Logs of one server, perhaps with a renamed directory and a shadow copy."""
    files = {IIS_LOG: draw(logs("iis.w3c"))}
    if draw(st.booleans()):
        files[PROXY_LOG] = draw(logs("exchange.httpproxy"))
    if draw(st.integers(0, 3)) == 0:
        files[CONFIG] = RENAMED.encode()
    if draw(st.integers(0, 3)) == 0:
        more = draw(logs("iis.w3c", 3)) if draw(st.booleans()) else b""
        files[f"VSS1/{IIS_LOG}"] = files[IIS_LOG] + more
    return files


def read(
    files: Mapping[str, bytes],
    engine: str,
    *,
    packs: Sequence[Pack] | None = None,
    products: Sequence[Product] | None = None,
    block: int | None = None,
    shortest: int = 0,
) -> Detections:
    """Read a collection with an engine; with ``block``, in blocks of at least so many bytes."""
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        _remember_gates(patch)
        if block is not None:
            for module in (lines, blocks, block_rows):
                patch.setattr(module, "LONGEST_LINE", _LONGEST)
            patch.setattr(lane, "blocks", partial(blocks.blocks, size=block))
        for path, content in files.items():
            place = Path(name) / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        with open_evidence(Path(name)) as evidence:
            return detect(
                evidence,
                load_shipped() if packs is None else packs,
                [exchange()] if products is None else products,
                scanning=Scanning(engine=engine, shortest=shortest),
            )


@cache
def load_shipped() -> tuple[Pack, ...]:
    """Give the shipped packs."""
    return load_packs()


_CHOSEN: dict[object, Scopes] = {}


def _remember_gates(patch: pytest.MonkeyPatch) -> None:
    """Choosing and compiling gates costs more than reading a small log: do it once for each set of packs."""
    choose = lanes.Scopes

    def scopes(
        index: KindIndex | None,
        packs: Sequence[Pack],
        dialect: Dialect,
        make: MakeEngine,
        pages: Gate | None = None,
    ) -> Scopes:
        conditions = index.conditions if index else ()
        key = (conditions, tuple(pack.indicators for pack in packs), dialect, make, pages)
        if key not in _CHOSEN:
            _CHOSEN[key] = choose(index, packs, dialect, make, pages)
        return _CHOSEN[key]

    patch.setattr(lanes, "Scopes", scopes)


def told(found: Detections) -> dict[str, object]:
    """Give everything that a reader of the detections could see, as plain data."""
    urls = sorted({url for findings in found.findings.values() for url in pages_named(findings)})
    builds = found.builds.result(exchange())
    return {
        "findings": msgspec.to_builtins(found.findings),
        "folded": found.folded,
        "notices": found.notices,
        "account": [msgspec.to_builtins(row) for row in found.account.rows({})],
        "last": found.account.last_moment,
        "skipped": msgspec.to_builtins(found.skipped),
        "pages": {url: page_told(found, url) for url in urls},
        "answers": found.pages.answers_anything,
        "name": found.identity.name(),
        "offset": found.identity.utc_offset(),
        "products": sorted(found.products),
        "builds": msgspec.to_builtins(builds),
        "strange": found.strange_names,
    }


def page_told(found: Detections, url: str) -> object:
    """Give what is known of the requests for a page."""
    page = found.pages.get(url)
    if page is None:
        return None
    return (
        page.requests,
        page.not_served_since,
        page.last_asked,
        msgspec.to_builtins(page.clients()),
        [
            (each.count, each.first, each.last, each.last_weak, each.locators())
            for each in (page.served, page.refused)
        ],
    )
