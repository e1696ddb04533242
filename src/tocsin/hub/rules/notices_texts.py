"""The words of a notice: a template of its language, filled once with values that cannot be more than text.

Templates and phrases are data, one folder for each language (`hub/notices/wording`). A value from outside
is one line without control characters, put in once: what looks like a placeholder, a tag or a formula in it
stays what it is. A message that may hold a reference only is filled with the reference and the sender, and is
given nothing else to tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from string import Template

import msgspec
import yaml
from msgspec import Struct

from tocsin.hub.rules.ladder import OWN, Rung
from tocsin.hub.rules.notices import LISTED, Kind, Part, Seen, plain
from tocsin.hub.rules.secrecy import Say
from tocsin.hub.rules.words import Channel, Exposure

LINK = "\ue000"
"""Stands in a text where the owner's link will: `plain` takes this character out of every value."""
ENGLISH = "en"
SUBJECT = "Subject: "
LONGEST_SUBJECT = 200


class Words(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Phrases of one language, as `words.yaml` holds them; names of placeholders as in those of English."""

    exposure: dict[Exposure, str]
    server: dict[str, str]
    own: str
    passed_on: str
    national: str
    line: str
    build: str
    shell: str
    seen: str
    by: str
    more: str
    deadline: str
    link: str
    no_link: str
    link_comes: str


class Text(Struct, frozen=True, kw_only=True):
    """Subject (one line) and text of a message."""

    subject: str
    text: str


class Facts(Struct, frozen=True, kw_only=True):
    """What a notice may tell; every text in it is from outside."""

    reference: str
    sender: str
    organisation: str
    campaign: str
    cves: tuple[str, ...] = ()
    servers: tuple[Seen, ...] = ()
    rung: Rung = Rung.DOMAIN
    directive: str = ""
    deadline: str = ""
    told: date | None = None


class Wording:
    """Every language's templates and phrases."""

    def __init__(self, folder: Path) -> None:
        """Read them from one folder for each language."""
        self.texts: dict[tuple[str, str], str] = {}
        self.words: dict[str, Words] = {}
        for language in sorted(path for path in folder.iterdir() if (path / "words.yaml").is_file()):
            words = yaml.safe_load((language / "words.yaml").read_text("utf-8"))
            self.words[language.name] = msgspec.convert(words, Words)
            for file in language.glob("*.txt"):
                self.texts[language.name, file.stem] = file.read_text("utf-8")

    def language(self, wanted: str) -> str:
        """The language itself, the one that it is a kind of (``de`` for ``de-AT``), or English."""
        short = wanted.lower().replace("_", "-")
        return next((one for one in (short, short.partition("-")[0]) if one in self.words), ENGLISH)

    def composed(
        self, kind: Kind, part: Part, channel: Channel, say: Say, language: str, facts: Facts
    ) -> Text:
        """One message, word for word but for the owner's link (`LINK`)."""
        spoken = self.language(language)
        if say is Say.REFERENCE:
            name = "call-reference" if channel == Channel.PHONE else "reference"
            known = {"reference": facts.reference, "sender": plain(facts.sender)}
            return _filled(self.texts[spoken, name], known)
        values = self._values(channel, self.words[spoken], facts)
        said = _filled(self.texts[spoken, _name(kind, part, facts)], values)
        frame = {Channel.LETTER: "letter", Channel.PHONE: "call"}.get(channel)
        if frame is None:
            return said
        return _filled(self.texts[spoken, frame], {**values, "subject": said.subject, "body": said.text})

    def _values(self, channel: Channel, words: Words, facts: Facts) -> dict[str, str]:
        linked = channel != Channel.PHONE and facts.rung in OWN  # the owner's page is the owner's
        link = f"{words.link}\n\n{LINK}" if linked else words.no_link
        opening = {Rung.PROVIDER: words.passed_on, Rung.NATIONAL: words.national}.get(facts.rung, words.own)
        number = len(facts.servers)
        due = plain(facts.deadline)
        return {
            "reference": facts.reference,
            "sender": plain(facts.sender),
            "campaign": plain(facts.campaign),
            "cves": ", ".join(plain(cve, 20) for cve in facts.cves[:10]) or plain(facts.campaign),
            "opening": _put(opening, {"organisation": plain(facts.organisation)}),
            "servers": _listed(words, facts.servers),
            "count_servers": _put(words.server["one" if number == 1 else "many"], {"n": f"{number:,}"}),
            "answer": link,
            "directive": plain(facts.directive) or plain(facts.campaign),
            "deadline": _put(words.deadline, {"deadline": due}) if due else "",
            "told": facts.told.isoformat() if facts.told else "",
        }


@cache
def wording(folder: Path) -> Wording:
    """The wording of a folder, read once."""
    return Wording(folder)


def _name(kind: Kind, part: Part, facts: Facts) -> str:
    """A reminder says that we told you: to owners alone, and where something of it arrived."""
    repeats = part is Part.REMINDER and kind in {Kind.VULNERABLE, Kind.MITIGATED}
    return "reminder" if repeats and facts.told and facts.rung in OWN else kind.value


def _filled(template: str, values: Mapping[str, str]) -> Text:
    """A template's subject and text. Values are put in once, and not looked into."""
    head, _, body = template.partition("\n\n") if template.startswith(SUBJECT) else ("", "", template)
    subject = _put(head.removeprefix(SUBJECT).strip(), values) if head else values.get("subject", "")
    return Text(subject=plain(subject, LONGEST_SUBJECT), text=_put(body, values).strip() + "\n")


def _put(template: str, values: Mapping[str, str]) -> str:
    return Template(template).substitute(values)


def _listed(words: Words, servers: tuple[Seen, ...]) -> str:
    lines = [f"  - {_line(words, one)}" for one in servers[:LISTED]]
    left = len(servers) - LISTED
    return "\n".join([*lines, f"  - {_put(words.more, {'n': f'{left:,}'})}"] if left > 0 else lines)


def _line(words: Words, one: Seen) -> str:
    names = dict.fromkeys(plain(text) for text in (one.hostname, one.name) if text)
    place = ", ".join([*names, f"{one.ip} ({one.port})"])
    by = _put(words.by, {"source": plain(one.source)}) if one.source else ""
    day = {"day": one.day.isoformat(), "by": by} if one.day else None
    return _put(
        words.line,
        {
            "place": place,
            "state": words.exposure[one.exposure],
            "build": _put(words.build, {"build": plain(one.build, 60)}) if one.build else "",
            "shell": _put(words.shell, {"day": one.shell.isoformat()}) if one.shell else "",
            "seen": _put(words.seen, day) if day else "",
        },
    )
