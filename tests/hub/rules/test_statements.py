"""What a sighting says of a campaign, by the tables that the assessor uses."""

from __future__ import annotations

import pytest

from tocsin.hub.exposure.facts import facts_of
from tocsin.hub.rules.statements import Reader, Statement
from tocsin.hub.rules.words import Exposure
from tocsin.packs.loading import load_packs

TAGGED = ("exchange", "cve-2021-26855")


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(facts_of(load_packs(only=["proxylogon"])[0]))


@pytest.mark.parametrize(
    ("build", "tags", "status", "exposure"),
    [
        ("15.1.2106.2", ("exchange",), "", Exposure.VULNERABLE),
        ("15.1.2106.13", ("exchange",), "", Exposure.PATCHED),
        ("15.1.2106", ("exchange",), "", Exposure.UNKNOWN),
        ("15.1.2106", TAGGED, "", Exposure.VULNERABLE),
        ("15.1.2106.13", TAGGED, "", Exposure.VULNERABLE),
        ("", ("exchange",), "", Exposure.UNKNOWN),
        ("", ("exchange",), "patched", Exposure.PATCHED),
        ("", TAGGED, "patched", Exposure.PATCHED),
        ("", ("exchange", "cve-2020-0688"), "patched", Exposure.UNKNOWN),
        ("15.1.2106.2", ("exchange",), "mitigated", Exposure.MITIGATED),
        ("15.1.2106.2", ("exchange",), "patched", Exposure.VULNERABLE),
        ("15.02.0792.010", (), "", Exposure.PATCHED),
    ],
)
def test_exposure(reader: Reader, build: str, tags: tuple[str, ...], status: str, exposure: Exposure) -> None:
    said = reader.read(build=build, tags=tags, status=status, product="")
    assert said
    assert said.exposure is exposure


def test_about_something_else(reader: Reader) -> None:
    assert reader.read(build="1.18.0", tags=("http",), status="vulnerable", product="nginx") is None


def test_shell_and_branch(reader: Reader) -> None:
    said = reader.read(build="15.1.2106", tags=("exchange", "webshell"), status="", product="exchange")
    assert said == Statement(exposure=Exposure.UNKNOWN, shell=True, branch="Exchange Server 2016 CU18")
