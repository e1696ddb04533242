"""web.config and applicationHost.config at collection, with the mitigations that stand in them."""

from __future__ import annotations

from tocsin.exercise.iis_sites import FOLDERS, HOST_CONFIG, ROOT_CONFIG, host_config, place_of, web_config
from tocsin.exercise.installing import installed_at
from tocsin.exercise.mitigating import Standing, in_force, pools_off, rules_of
from tocsin.exercise.story import Trace
from tocsin.exercise.workshop import Workshop


class Configuration:
    """Writes the configuration of IIS once, at the end; nothing if no disk was collected."""

    KINDS: tuple[str, ...] = ("iis.config",)

    def __init__(self, workshop: Workshop) -> None:
        """Refuse at once what the scenario cannot mean (``ScenarioError``)."""
        self._workshop = workshop
        self._standing = in_force(workshop)

    def take(self, trace: Trace) -> None:
        """No trace changes the configuration."""

    def close(self) -> None:
        """Write all files, each changed when its last mitigation came."""
        if not self._workshop.scenario.collection.disk:
            return
        for place in (ROOT_CONFIG, *(place_of(self._workshop, path) for path in FOLDERS)):
            here = self._at(place)
            self._write(place, web_config(_rewrite(here)), here)
        here = self._at(HOST_CONFIG)
        off = [pool for one in here for pool in pools_off(one)]
        modules = sorted({one.mitigation.module for one in self._standing if one.mitigation.module})
        self._write(HOST_CONFIG, host_config(self._workshop, off=off, modules=modules), here)

    def _at(self, place: str) -> list[Standing]:
        return [one for one in self._standing if one.place == place]

    def _write(self, place: str, lines: list[str], here: list[Standing]) -> None:
        changed = max((one.since for one in here), default=installed_at(self._workshop))
        if any(one.state == "malformed" for one in here):
            lines = _broken(lines)
        self._workshop.tree.write(place, "".join(f"{line}\r\n" for line in lines).encode(), changed)


def _rewrite(here: list[Standing]) -> list[str]:
    """Give the content of ``<rewrite>``, inbound rules before outbound ones."""
    rules = [rule for one in here for rule in rules_of(one)]
    content = []
    for outbound, name in ((False, "rules"), (True, "outboundRules")):
        inner = [f"  {line}" for is_outbound, lines in rules if is_outbound == outbound for line in lines]
        content += [f"<{name}>", *inner, f"</{name}>"] if inner else []
    return content


def _broken(lines: list[str]) -> list[str]:
    """Leave one end tag out, as a hasty edit does: IIS refuses the whole file."""
    at = max(number for number, line in enumerate(lines) if line.strip().startswith("</"))
    ends = [number for number, line in enumerate(lines[:at]) if line.strip() in {"</rewrite>", "</sites>"}]
    return [line for number, line in enumerate(lines) if number != (ends[-1] if ends else at)]
