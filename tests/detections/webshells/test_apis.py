"""Every row of the tables has an example, made from the row itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.detections.webshells.pages import SOURCE, reached, statement, traced

from tocsin.detections.webshells.tables import Api, SinkEntry, SourceEntry, Table, api, tables

SAMPLES = {r"[^\w\s\\][a-z]*e[a-z]*$": "'/./e'", "e": "'e'", "[waxc+]": "'w'", "^r": "'rb'"}
"""What fits a condition on an argument."""
ARGUMENTS = 5
SINKS = {"csharp": "Process.Start({})", "java": "Runtime.getRuntime().exec({})", "php": "passthru({})"}
SINKS |= {"vbnet": "Process.Start({})", "vbscript": "Execute({})", "jscript": "eval({})"}

Case = tuple[str, str, str, SinkEntry, str, str]


def _sinks() -> Iterator[Case]:
    for table in tables().values():
        for capability, roles in table.sinks.items():
            for role, entries in roles.items():
                for entry in entries:
                    for language in sorted(set(table.languages) & set(entry.languages or table.languages)):
                        for form in ("call", "new", "set", "receiver"):
                            for name in getattr(entry, form):
                                yield language, capability, role, entry, form, name


def _positions(entry: SinkEntry) -> list[int]:
    if entry.arguments == "last":
        return [ARGUMENTS - 1]
    return [0] if isinstance(entry.arguments, str) else entry.arguments


def _arguments(entry: SinkEntry, position: int, source: str) -> str:
    given = ["1"] * ARGUMENTS
    given[position] = source
    if entry.when is not None:
        given[entry.when.position] = SAMPLES[entry.when.matches]
    return ", ".join(given)


def _program(language: str, entry: SinkEntry, form: str, name: str, position: int) -> str:
    owner = "$it" if language == "php" else "it"
    joint = "->" if language == "php" else "."
    source = SOURCE[language]
    given = _arguments(entry, position, source)
    before = _typed(language, owner, entry, name)
    called = name.replace("*.", f"{owner}.").replace(".", joint) if name.startswith("*.") else name
    if form == "receiver":
        return (
            before
            + statement(language, f"{f'{owner} = {source}'}")
            + statement(language, f"{owner}{joint}{name.rsplit('.', 1)[-1]}()")
        )
    if form == "set":
        return before + statement(language, f"{called} = {source}")
    if form == "new":
        return before + statement(language, f"{owner} = {f'new {name}({given})'}")
    shaped = (
        called
        if language == "php" and "." not in called
        else called.replace(".", joint)
        if language == "php"
        else called
    )
    return before + statement(language, f"{owner}2 = {shaped}({given})")


def _typed(language: str, owner: str, entry: SinkEntry, name: str) -> str:
    """A variable of a type that the row asks for, or that a receiver has."""
    kind = next((one for one in entry.types if one), "") if "" not in entry.types else ""
    if not kind and name in entry.receiver and not name.startswith("*."):
        kind = name.rsplit(".", 1)[0]
    if not kind:
        return ""
    if language in {"vbscript", "jscript"} or "." in kind:
        word = "Set " if language.startswith("vb") else ""
        return statement(language, f'{word}{owner} = Server.CreateObject("{kind}")')
    if language == "vbnet":
        return statement(language, f"Dim {owner} As {kind}")
    return statement(language, f"{kind} {owner}")


@pytest.mark.parametrize("case", list(_sinks()), ids=lambda case: f"{case[0]}-{case[1]}-{case[4]}-{case[5]}")
def test_a_value_of_the_request_in_a_sink_is_a_flow(case: Case) -> None:
    language, capability, role, entry, form, name = case
    for position in _positions(entry) if form in {"call", "new"} else [0]:
        program = _program(language, entry, form, name, position)
        assert (capability, role) in reached(traced(language, program)), program


def _sources() -> Iterator[tuple[str, str, SourceEntry, str, str]]:
    for table in tables().values():
        for kind, entry in table.sources.items():
            for language in table.languages:
                marks = () if language == "jscript" else ("attributes",)
                for form in ("names", "types", "calls", "files", "members", *marks, "functions"):
                    for name in getattr(entry, form):
                        yield language, kind, entry, form, name


def _source_program(language: str, entry: SourceEntry, form: str, name: str) -> str:
    key = entry.keys[0].replace("*", "X") if entry.keys else "q"
    if form == "names":
        value = name.replace("*.", "it.") + (
            f'["{key}"]' if language in {"csharp", "jscript", "php"} else f'("{key}")'
        )
        return statement(language, SINKS[language].format(value))
    if form == "calls":
        return statement(language, SINKS[language].format(f'{name}("{key}")'))
    if form == "files":
        return statement(language, SINKS[language].format(f'file_get_contents("{name}")'))
    if form == "members":
        return statement(language, SINKS[language].format(f"box1.{name}"))
    return _function_program(language, form, name)


def _function_program(language: str, form: str, name: str) -> str:
    kind = name if form == "types" else "String"
    mark = (
        {"csharp": f"[{name}] ", "vbnet": f"<{name}> ", "java": f"@{name} "}.get(language, "")
        if form == "attributes"
        else ""
    )
    called = name if form == "functions" else "f"
    used = (
        "x.Item(1)" if language == "vbnet" else 'x["q"]' if language in {"csharp", "jscript"} else "x.get(1)"
    )
    inside = statement(language, SINKS[language].format(used if form == "types" else "x"))
    if language == "vbnet":
        return f"{mark}Public Sub {called}(x As {kind})\n{inside}End Sub\n"
    if language == "jscript":
        return f"function {called}(x : {kind}) {{ {inside} }}"
    return f"{mark}public void {called}({kind} x) {{ {inside} }}"


@pytest.mark.parametrize(
    "case", list(_sources()), ids=lambda case: f"{case[0]}-{case[1]}-{case[3]}-{case[4]}"
)
def test_every_source_begins_a_flow(case: tuple[str, str, SourceEntry, str, str]) -> None:
    language, kind, entry, form, name = case
    program = _source_program(language, entry, form, name)
    assert kind in {flow.source for flow in traced(language, program).flows}, program


@pytest.mark.parametrize("language", ["csharp", "vbnet", "java"])
def test_what_the_client_does_not_choose_is_no_source(language: str) -> None:
    for kind, entry in api(language).sources:
        for name in entry.except_:
            if name == "ServerVariables":
                continue
            owner = "Request" if language != "java" else "request"
            program = statement(language, SINKS[language].format(f"{owner}.{name}"))
            assert traced(language, program).flows == (), (kind, program)


@pytest.mark.parametrize("language", ["csharp", "vbnet", "vbscript", "java", "php", "jscript"])
def test_numbers_and_truth_values_carry_nothing(language: str) -> None:
    joint = "->" if language == "php" else "."
    for name in sorted(api(language).stops):
        value = (
            f"{name}({SOURCE[language]})"
            if language in {"php", "vbscript"}
            else f"{SOURCE[language]}{joint}{name}"
        )
        flows = traced(language, statement(language, SINKS[language].format(value))).flows
        assert not [flow for flow in flows if flow.capability in {"eval", "command"}], name


def test_every_telling_use_is_noted() -> None:
    for table in tables().values():
        for word, patterns in table.uses.items():
            for pattern in patterns:
                language = table.languages[0]
                program = _use_program(language, pattern)
                uses = {use.word for use in traced(language, program).uses}
                assert word in uses, (language, program)


def _use_program(language: str, pattern: str) -> str:
    if pattern.startswith("com:"):
        return f'Set x = Server.CreateObject("{pattern[4:]}")\n'
    name = pattern.replace("*.", "it.")
    if language == "php" and name == "COM":
        return 'new COM("x.y");'
    if language == "php":
        return statement(language, name.replace("it.", "$it->") + "(1)")
    return statement(language, f"x = {name}" if "." in name else f"x = new {name}(1)")


def test_tables_hold_no_unknown_language_and_no_double_row() -> None:
    for name, table in tables().items():
        assert set(table.languages) <= {"csharp", "jscript", "java", "php", "vbnet", "vbscript"}, name
        assert not _doubles(table), name


def _doubles(table: Table) -> list[str]:
    seen: set[tuple[str, str, str]] = set()
    double: list[str] = []
    for capability, roles in table.sinks.items():
        for role, entries in roles.items():
            for entry in entries:
                for name in entry.call:
                    key = (capability, f"{role}{entry.types}{entry.languages}{entry.arguments}", name.lower())
                    double += [name] if key in seen else []
                    seen.add(key)
    return double


def test_an_api_is_made_once() -> None:
    assert isinstance(api("php"), Api)
    assert api("php") is api("php")
