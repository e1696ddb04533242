"""A pack's YARA rules over the content of files below the web roots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import yara_x
from msgspec.structs import replace

from tocsin.detections.findings import details_of, finding_id, finding_of
from tocsin.model.findings import Finding
from tocsin.model.places import Locator
from tocsin.model.records import Record
from tocsin.model.words import Means
from tocsin.packs.yara_rules import compiled_yara

SECONDS = 20
"""Time that the rules of one pack have for one file."""
_DETAILS = ("Path", "Url", "Sha256")


class YaraScan:
    """Scans ``web.file`` records; what took too long is noted, never skipped in silence."""

    def __init__(self, pack: str, texts: Mapping[str, str], *, seconds: int = SECONDS) -> None:
        """Compile the pack's files.

        Raises:
            RuleError: a file does not compile.
        """
        self.pack = pack
        self._scanner = yara_x.Scanner(compiled_yara(texts))
        self._scanner.set_timeout(seconds)
        self._seconds = seconds
        self.gave_up: list[str] = []

    def observe(self, record: Record) -> Iterator[Finding]:
        """Yield a finding for every rule that the file's content meets."""
        content = record.fields.get("Content")
        if not content:
            return
        data = content.encode("utf-8", "replace")
        try:
            results = self._scanner.scan(data)
        except (yara_x.TimeoutError, yara_x.ScanError):
            self.gave_up.append(record.locator.path)
            return
        for rule in sorted(results.matching_rules, key=lambda rule: rule.identifier):
            yield self._finding(rule, record, data)

    def _finding(self, rule: yara_x.Rule, record: Record, data: bytes) -> Finding:
        meta = {str(key): str(value) for key, value in rule.metadata}
        finding = finding_of(
            record,
            pack=self.pack,
            rule=f"yara: {rule.identifier}",
            author=meta.get("author", ""),
            means=Means(meta.get("means", Means.CONTEXT)),
            weak=record.weak,
            rung=meta.get("rung") or None,
            summary=meta.get("description", rule.identifier),
            details={**details_of(record, _DETAILS), "content": meta.get("content", "")},
        )
        where = _where(record, rule, data)
        return replace(finding, locator=where, id=finding_id(self.pack, finding.rule, where, record.time))

    def notices(self) -> Iterable[str]:
        """Yield what was left out, in plain words."""
        if self.gave_up:
            paths = ", ".join(sorted(set(self.gave_up))[:5])
            yield (
                f"web-shell rules gave up after {self._seconds} s on {len(self.gave_up):,} files: {paths}. "
                "Look at them by hand."
            )


def _where(record: Record, rule: yara_x.Rule, data: bytes) -> Locator:
    """The line of the first text that matched; the file alone for a rule without texts."""
    offsets = [match.offset for pattern in rule.patterns for match in pattern.matches]
    if not offsets:
        return record.locator
    return Locator(path=record.locator.path, line=data.count(b"\n", 0, min(offsets)) + 1)
