"""Zircolite: Sigma rules over event logs. It is in no package index, so a checkout must be given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.peers.contending import Answer, Contender, Ground, Task

_RULES = "rules/rules_windows_sysmon_high.json"


def processed(folder: Path) -> Answer:
    """Add up the events that it says it processed, file by file; it filters some out before."""
    told = (folder / "stdout").read_text("utf-8", "replace")
    counts = re.findall(r"Total events processed: ([\d,]+)", told)
    return Answer(counts={"records": sum(int(count.replace(",", "")) for count in counts)})


def tasks(ground: Ground) -> Iterator[Task]:
    """Hunt in the event logs with the rules that come with it."""
    if "events" in ground.kits and ground.checkout is not None:
        kit, home = ground.kits["events"], ground.checkout
        options = ("--ruleset", str(home / _RULES), "--config", str(home / "config/config.yaml"), "-w", "1")
        yield Task(
            key="zircolite:events",
            does="hunts with its own Sigma rules of high level",
            kit="events",
            size=kit.size,
            command=(ground.program, str(home / "zircolite.py"), "--evtx", kit.path, *options),
            answer=processed,
        )


CONTENDER = Contender(
    name="zircolite",
    licence="LGPL-3.0-or-later",
    answers="which event records match a Sigma rule, with its level",
    packages=(
        "orjson",
        "xxhash",
        "rich",
        "chardet<6",
        "RestrictedPython",
        "requests",
        "jinja2",
        "evtx",
        "lxml",
        "pysigma",
        "pysigma-pipeline-sysmon",
        "pysigma-pipeline-windows",
        "pysigma-backend-sqlite",
        "pyyaml",
        "psutil",
        "py7zr",
    ),
    checkout="zircolite",
    tasks=tasks,
)
