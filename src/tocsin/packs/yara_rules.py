"""YARA rules of a pack (``webshells/*.yar``): what their meta must say, and their compilation.

Every rule carries ``author``, ``description``, ``means``, ``content`` (``live`` or ``inert``)
and, if it shows a step of the ladder, ``rung``.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator, Mapping
from functools import partial

import yara_x

from tocsin.errors import RuleError
from tocsin.model.words import Means
from tocsin.packs.cache import Form, kept

REQUIRED = ("author", "description", "means", "content")
CONTENTS = ("live", "inert")


def compiled_yara(texts: Mapping[str, str]) -> yara_x.Rules:
    """Compile a pack's files, each in a namespace of its own name.

    Raises:
        RuleError: a file does not compile.
    """
    origin = (text.encode() for pair in sorted(texts.items()) for text in pair)
    return kept("yara", origin, FORM, partial(_compiled, texts))


def _written(rules: yara_x.Rules) -> bytes:
    data = io.BytesIO()
    rules.serialize_into(data)
    return data.getvalue()


FORM: Form[yara_x.Rules] = Form(
    write=_written, read=lambda data: yara_x.Rules.deserialize_from(io.BytesIO(data)), faults=(OSError,)
)
"""How compiled rules are kept."""


def _compiled(texts: Mapping[str, str]) -> yara_x.Rules:
    compiler = yara_x.Compiler()
    compiler.enable_includes(False)
    for name, text in sorted(texts.items()):
        compiler.new_namespace(name)
        try:
            compiler.add_source(text, origin=name)
        except yara_x.CompileError as error:
            raise _error(f"no valid YARA: {error}", f"{name}:{_line_of(str(error))}") from error
    return compiler.build()


def yara_problems(text: str, *, where: str, rungs: Collection[str]) -> Iterator[RuleError]:
    """Yield what is wrong with one file of YARA rules."""
    try:
        rules = compiled_yara({where: text})
    except RuleError as error:
        yield error
        return
    for rule in rules:
        place = f"{where}:{_line_of_rule(text, rule.identifier)}"
        yield from _meta_problems(rule.identifier, dict(rule.metadata), place, rungs)


def _meta_problems(
    name: str, meta: Mapping[str, object], place: str, rungs: Collection[str]
) -> Iterator[RuleError]:
    for key in REQUIRED:
        if not meta.get(key):
            yield _error(f"the rule {name} has no meta '{key}'", place)
    if meta.get("means", Means.CONTEXT) not in tuple(Means):
        yield _error(f"the rule {name} has an unknown meaning '{meta['means']}'", place)
    if meta.get("content", "live") not in CONTENTS:
        yield _error(f"the rule {name} has content '{meta['content']}': live or inert", place)
    if meta.get("rung") and meta["rung"] not in rungs:
        yield _error(f"the rule {name} names the rung '{meta['rung']}', not on the ladder", place)


def _line_of(message: str) -> int:
    found = re.search(r"-->.*?:(\d+):\d+", message)
    return int(found.group(1)) if found else 1


def _line_of_rule(text: str, name: str) -> int:
    found = re.search(rf"^\s*(?:(?:private|global)\s+)*rule\s+{re.escape(name)}\b", text, re.MULTILINE)
    return text.count("\n", 0, found.end()) + 1 if found else 1


def _error(what: str, where: str) -> RuleError:
    return RuleError(f"{what}.", where=where, remedy="See docs/how-to/write-a-rule.md.")
