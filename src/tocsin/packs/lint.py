"""What a pack must hold beyond being readable: names, references, examples and files agree.

The examples themselves are proved by ``detections.proofs``, with the engine that runs the rules.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from tocsin.errors import PackError, RuleError
from tocsin.packs.digest import knowledge_files
from tocsin.packs.loading import AnyRule, Pack
from tocsin.packs.logsources import KINDS
from tocsin.packs.rules import BENIGN, slug
from tocsin.packs.schema import Cited
from tocsin.packs.skeleton import FILL_IN
from tocsin.packs.yara_rules import yara_problems

LEAST_MATCHES = 1
LEAST_IGNORES = 2
STATUSES = ("stable", "test", "experimental")
WHEN = frozenset(
    {
        "always",
        *("undetermined", "no-evidence", "targeted", "exploited", "compromised"),
        *("vulnerable", "partially-mitigated", "mitigated", "patched", "not-affected", "unknown"),
        *("residual-present", "residual-unknown", "mail-read", "webshell", "ransomware"),
        *("patch-incomplete", "configuration-invalid"),
    }
)
AUDIENCES = frozenset({"everyone", "forensic", "without-forensics"})


def pack_problems(pack: Pack) -> Iterator[PackError]:
    """Yield every problem of a readable pack, its rules' included."""
    for check in _PACK_CHECKS:
        yield from check(pack)
    yield from _left_open(pack)
    titles = frozenset(rule.title for rule in pack.everything)
    for rule in pack.everything:
        yield from _rule_problems(rule, pack, titles)
    for name, text in pack.yara.items():
        yield from yara_problems(text, where=str(pack.root / "webshells" / name), rungs=_rungs(pack))


def _rungs(pack: Pack) -> frozenset[str]:
    return frozenset(rung.id for rung in pack.file.ladder)


def _folder_name(pack: Pack) -> Iterator[PackError]:
    folder = pack.root.resolve().name
    if pack.file.id != folder:
        yield _error(pack, f"the id '{pack.file.id}' is not the folder's name '{folder}'", "id")


def _kinds(pack: Pack) -> Iterator[PackError]:
    for at, wish in enumerate(pack.file.wanted):
        if wish.kind not in KINDS:
            yield _error(pack, f"the record kind '{wish.kind}' is unknown", "wanted", at, "kind")
    for at, rung in enumerate(pack.file.ladder):
        for kind in (*rung.shown_by, *rung.also_shown_by):
            if kind not in KINDS:
                yield _error(pack, f"the record kind '{kind}' is unknown", "ladder", at, "shown_by")


def _repeated_ids(pack: Pack) -> Iterator[PackError]:
    lists: dict[str, list[str]] = {
        "ladder": [rung.id for rung in pack.file.ladder],
        "steps": [step.id for step in pack.file.steps],
        "actors": [actor.id for actor in pack.file.actors],
        "cves": [cve.id for cve in pack.file.cves],
    }
    for key, ids in lists.items():
        for at, name in enumerate(ids):
            if name in ids[:at]:
                yield _error(pack, f"the id '{name}' stands twice under {key}", key, at, "id")


def _repeated_titles(pack: Pack) -> Iterator[PackError]:
    rules = pack.everything
    for key, values in (
        ("title", [rule.title for rule in rules]),
        ("id", [rule.head.id for rule in rules if rule.head.id]),
        ("name", [rule.head.name for rule in rules if rule.head.name]),
    ):
        for name in _repeated(values):
            twice = [rule for rule in rules if name == getattr(rule.head, key)]
            for rule in twice[1:]:
                yield _fault(rule, f"the {key} '{name}' is that of another rule", key, "Choose another.")


def _steps(pack: Pack) -> Iterator[PackError]:
    for at, step in enumerate(pack.file.steps):
        if step.id not in pack.advice:
            yield _error(pack, f"advice/{step.id}.md is missing", "steps", at, "id")
        for word in set(step.when) - WHEN:
            yield _error(pack, f"'{word}' is no condition of a step", "steps", at, "when")
        if step.audience not in AUDIENCES:
            yield _error(pack, f"'{step.audience}' is no audience", "steps", at, "audience")
    for name in sorted(set(pack.advice) - {step.id for step in pack.file.steps}):
        yield _error(pack, f"advice/{name}.md belongs to no step", "steps")


def _web_shells(pack: Pack) -> Iterator[PackError]:
    meaning = pack.file.web_shells
    if meaning is None:
        return
    shells = {rung.id for rung in pack.file.ladder if rung.shell}
    for key in ("reachable", "written"):
        named: str = getattr(meaning, key)
        if named not in shells and (named or key == "reachable"):
            yield _error(pack, f"'{named}' is no step of the ladder that names a shell", "web_shells", key)
    for at, folder in enumerate(meaning.folders):
        try:
            re.compile(folder)
        except re.error as error:
            yield _error(pack, f"'{folder}' is no expression: {error}", "web_shells", "folders", at)


def _sources(pack: Pack) -> Iterator[PackError]:
    for key in ("first_exploited", "disclosed", "patch_available"):
        cited: Cited | None = getattr(pack.file, key)
        if cited is not None and cited.source not in pack.file.sources:
            yield _error(pack, f"the source '{cited.source}' is not among the sources", key, "source")
    for at, actor in enumerate(pack.file.actors):
        for key in ("source", "attributed_by", "disputed_by"):
            named = getattr(actor, key)
            for name in (named,) if isinstance(named, str) else named:
                if name not in pack.file.sources:
                    yield _error(pack, f"the source '{name}' is not among the sources", "actors", at, key)


def _actors(pack: Pack) -> Iterator[PackError]:
    titles = {rule.title for rule in pack.everything}
    for at, actor in enumerate(pack.file.actors):
        for title in actor.behaviours:
            if title not in titles:
                yield _error(pack, f"no rule is titled '{title}'", "actors", at, "behaviours")
    known = {"", *(actor.id for actor in pack.file.actors)}
    for row in pack.indicators:
        if row.actor not in known:
            yield _error(pack, f"the indicator {row.value} names the unknown actor '{row.actor}'", "actors")
        if row.rung not in {"", *_rungs(pack)}:
            yield _error(pack, f"the indicator {row.value} names the unknown rung '{row.rung}'", "ladder")


def _left_open(pack: Pack) -> Iterator[PackError]:
    """Yield every place that the skeleton left to its author."""
    for path in knowledge_files(pack.root):
        for number, line in enumerate(path.read_text(encoding="utf-8-sig", errors="replace").split("\n"), 1):
            if FILL_IN in line:
                yield PackError(f"'{FILL_IN}' is left.", where=f"{path}:{number}", remedy="Fill it in.")


_PACK_CHECKS: tuple[Callable[[Pack], Iterator[PackError]], ...] = (
    _folder_name,
    _kinds,
    _repeated_ids,
    _repeated_titles,
    _steps,
    _sources,
    _actors,
    _web_shells,
)


def _rule_problems(rule: AnyRule, pack: Pack, titles: frozenset[str]) -> Iterator[RuleError]:
    yield from _name_problems(rule)
    yield from _reference_problems(rule, pack, titles)
    yield from _example_counts(rule)


def _name_problems(rule: AnyRule) -> Iterator[RuleError]:
    expected = slug(rule.title) + ".yaml"
    if rule.document.path.name != expected:
        yield _fault(rule, "the file's name is not the title's", "title", f"Name it {expected}.")
    if rule.head.status not in STATUSES:
        remedy = f"Use one of {', '.join(STATUSES)}; remove a withdrawn rule."
        yield _fault(rule, f"the status '{rule.head.status}' is none of a pack's rule", "status", remedy)
    for key in ("author", "description"):
        if not getattr(rule.head, key).strip():
            yield _fault(rule, f"no {key}", key, "A reader needs it; the licence may, too.")


def _reference_problems(rule: AnyRule, pack: Pack, titles: frozenset[str]) -> Iterator[RuleError]:
    if rule.head.rung is not None and rule.head.rung not in _rungs(pack):
        known = ", ".join(sorted(_rungs(pack)))
        yield _fault(rule, f"the rung '{rule.head.rung}' is not on the ladder", "rung", f"Rungs: {known}.")
    for title in rule.head.explains:
        if title not in titles:
            yield _fault(rule, f"it explains '{title}', which no rule is", "explains", "Use a title.")
    if bool(rule.head.explains) != (rule.head.means == BENIGN):
        yield _fault(rule, "means: benign and explains belong together", "means", "Give both or neither.")
    used = any(rule.title in correlation.rules for correlation in pack.correlations)
    if not rule.head.report and not used:
        yield _fault(rule, "report: false, and no correlation uses it", "report", "Remove the key.")


def _example_counts(rule: AnyRule) -> Iterator[RuleError]:
    examples = rule.head.examples
    if len(examples.matches) < LEAST_MATCHES or len(examples.ignores) < LEAST_IGNORES:
        yield _fault(
            rule,
            f"{len(examples.matches)} examples that match and {len(examples.ignores)} that do not",
            "examples",
            "A rule without examples is refused: give one that matches and two that nearly do.",
        )


def _repeated(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


def _error(pack: Pack, what: str, *place: str | int) -> PackError:
    where = pack.document.where(*place)
    return PackError(f"{what}.", where=where, remedy="See docs/how-to/write-a-pack.md.")


def _fault(rule: AnyRule, what: str, key: str, remedy: str) -> RuleError:
    return RuleError(f"{what}.", where=rule.document.where(key), remedy=remedy)
