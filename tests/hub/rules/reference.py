"""The fold of exposures once more: every day of the calendar, no shortcuts, written apart from the rule."""

from __future__ import annotations

from typing import Any

from tocsin.hub.rules.decisions import Kind
from tocsin.hub.rules.exposure import History
from tocsin.hub.rules.words import Exposure, Grade

ORDER = [
    Exposure.NOT_AFFECTED,
    Exposure.PATCHED,
    Exposure.MITIGATED,
    Exposure.PARTLY_MITIGATED,
    Exposure.VULNERABLE,
]
STILL_OPEN = {
    Exposure.UNKNOWN,
    Exposure.VULNERABLE,
    Exposure.PARTLY_MITIGATED,
    Exposure.MITIGATED,
    Exposure.UNREACHABLE,
}


def saw(history: History, source: int, day: int) -> list[Any]:
    return [one for one in history.seen if one.source == source and one.days >> day & 1]


def telling(history: History, source: int, day: int) -> tuple[Exposure, bool] | None:
    said = [(one.exposure, one.checked) for one in saw(history, source, day) if one.exposure in ORDER]
    return max(said, key=lambda pair: (ORDER.index(pair[0]), pair[1])) if said else None


def last_word(history: History, source: int, day: int) -> tuple[int, Exposure, bool] | None:
    for past in range(day, max(day - 15, -1), -1):  # older words count for nothing anyway
        said = telling(history, source, past)
        if said:
            return (past, *said)
    return None


def answer(history: History, today: int) -> dict[str, Any] | None:  # noqa: C901 - plain, and in one piece
    sources = sorted({one.source for one in history.seen})
    now: dict[str, Any] = {"state": None, "missed": {}, "held": set(), "lost": "", "under": Exposure.UNKNOWN}
    now |= {"closed": None, "reopened": 0, "contradictory": False, "opened": 0, "since": 0}

    def enter(day: int, state: Exposure, lost: str = "") -> None:
        if now["state"] is None:
            now["opened"], now["closed"] = day, None if state in STILL_OPEN else day
        elif state in STILL_OPEN and now["closed"] is not None:
            if day - now["closed"] > 90:
                now["opened"], now["reopened"] = day, 0
            else:
                now["reopened"] += 1
            now["closed"] = None
        elif state not in STILL_OPEN and now["closed"] is None:
            now["closed"] = day
        if now["state"] != state:
            now["state"], now["since"] = state, day
        now["lost"] = lost

    for day in range(today + 1):
        here = [source for source in sources if saw(history, source, day)]
        if here:
            now["missed"] = {}
            _present(history, sources, here, day, now, enter)
        elif now["state"] in STILL_OPEN:
            _absent(history, sources, day, now, enter)
        for told in sorted((one for one in history.told if one.day == day), key=lambda one: one.order):
            _decided(told, day, now, enter)
    if now["state"] is None:
        return None
    over = [
        one
        for one in history.told
        if one.kind is Kind.FALSE_POSITIVE and one.until is not None and one.day <= today <= one.until
    ]
    if over:
        start = min(one.day for one in over)
        now |= {"state": Exposure.FALSE_POSITIVE, "since": start, "closed": start}
    return {name: now[name] for name in ("state", "since", "opened", "closed", "reopened", "contradictory")}


def _present(
    history: History, sources: list[int], here: list[int], day: int, now: dict[str, Any], enter: Any
) -> None:
    said = {source: telling(history, source, day) for source in here}
    spoken = {source: one for source, one in said.items() if one}
    if not spoken:
        _no_word(day, now, enter)
        return
    words = list(spoken.values())
    for source in now["held"] - set(spoken):
        past = last_word(history, source, day)
        if past and day - past[0] <= 14:
            words.append(past[1:])
    verdict, checked = max(words, key=lambda pair: (ORDER.index(pair[0]), pair[1]))
    pasts = {source: last_word(history, source, day) for source in sources}
    recent = {source: past for source, past in pasts.items() if past and day - past[0] <= 14}
    closing = any(past[1] not in STILL_OPEN for past in recent.values())
    now["contradictory"] = verdict in STILL_OPEN and closing
    opened = {source for source, past in recent.items() if past[1] in STILL_OPEN}
    now["held"] = opened if now["contradictory"] else set()
    known = now["under"] if now["lost"] else now["state"]
    only_version = (
        known in {Exposure.MITIGATED, Exposure.PARTLY_MITIGATED}
        and verdict is Exposure.VULNERABLE
        and not checked
    )
    less = (known is Exposure.PATCH_VERIFIED and verdict in {Exposure.PATCHED, Exposure.NOT_AFFECTED}) or (
        known is Exposure.PATCHED and verdict is Exposure.NOT_AFFECTED
    )
    if only_version or less:
        _no_word(day, now, enter)
    else:
        enter(day, verdict)


def _no_word(day: int, now: dict[str, Any], enter: Any) -> None:
    if now["state"] in {None, Exposure.RETIRED, Exposure.DISCONNECTED}:
        enter(day, Exposure.UNKNOWN)
    elif now["lost"]:
        enter(day, now["under"])


def _absent(history: History, sources: list[int], day: int, now: dict[str, Any], enter: Any) -> None:
    for source in sources:
        looks = [one for one in history.looks if one.source == source and one.days >> day & 1]
        past = [one for one in range(day) if saw(history, source, one)]
        if not looks or not past:
            continue
        then = saw(history, source, past[-1])
        able = [
            one
            for one in looks
            if day - past[-1] > one.window
            and all(seen.method == one.method or seen.method in one.continues for seen in then)
        ]
        if not able:
            continue
        covered = all(any(one.place is None or one.place == seen.place for one in able) for seen in then)
        if not covered:
            continue
        now["missed"][source] = now["missed"].get(source, 0) + 1
        if now["missed"][source] < 2:
            continue
        everything = any(one.lists_all for one in looks)
        if now["lost"] == "missing" or (now["lost"] == "unlisted" and not everything):
            continue
        if not now["lost"]:
            now["under"] = now["state"]
        enter(day, *((Exposure.UNREACHABLE, "missing") if everything else (Exposure.UNKNOWN, "unlisted")))


def _decided(told: Any, day: int, now: dict[str, Any], enter: Any) -> None:
    if told.kind is Kind.RETIRED:
        enter(day, Exposure.RETIRED)
    elif told.kind is Kind.DISCONNECTED:
        enter(day, Exposure.DISCONNECTED)
    elif told.kind is Kind.ASSESSMENT and told.exposure in ORDER:
        verified = told.exposure is Exposure.PATCHED and told.grade is Grade.RE_ASSESSED
        keeps = {
            Exposure.PATCH_VERIFIED: {Exposure.PATCHED, Exposure.NOT_AFFECTED},
            Exposure.PATCHED: {Exposure.NOT_AFFECTED},
        }
        if verified or told.exposure not in keeps.get(now["state"], set()):
            enter(day, Exposure.PATCH_VERIFIED if verified else told.exposure)
    elif now["state"] is None:
        enter(day, Exposure.UNKNOWN)
