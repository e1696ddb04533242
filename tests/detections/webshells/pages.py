"""Programs for the tests of the flow, made in memory; words that scanners eat carry a middle dot."""

from __future__ import annotations

from itertools import pairwise

from tocsin.detections.webshells.code import Unit
from tocsin.detections.webshells.flow import trace
from tocsin.detections.webshells.languages import parse
from tocsin.detections.webshells.sightings import Sighting, Traced

LANGUAGES = ("csharp", "java", "jscript", "php", "vbnet", "vbscript")
SOURCE = {
    "csharp": 'Request["q"]',
    "jscript": 'Request.Item["q"]',
    "vbnet": 'Request("q")',
    "vbscript": 'Request("q")',
    "java": 'request.getParameter("q")',
    "php": "$_GET['q']",
}
"""An expression that gives a value of the request."""


def bare(text: str) -> str:
    """Give a text without its middle dots."""
    return text.replace("·", "")


def unit_of(language: str, code: str) -> Unit:
    """Parse a program."""
    return parse(bare(code), language)


def traced(
    language: str, code: str, *, controls: tuple[str, ...] = (), objects: tuple[tuple[str, str], ...] = ()
) -> Traced:
    """Follow the values of a program; texts that it runs are looked into."""
    return trace(
        [unit_of(language, code)],
        reparse=parse,
        controls=controls,
        objects=objects,
    )


def reached(found: Traced) -> set[tuple[str, str]]:
    """Give capability and role of every flow."""
    return {(flow.capability, flow.role) for flow in found.flows}


def sighted(found: Traced, capability: str) -> list[Sighting]:
    """Give the sightings of a capability."""
    return [sighting for sighting in found.sightings if sighting.capability == capability]


def statement(language: str, code: str) -> str:
    """End a statement as the language does."""
    return f"{code}\n" if language.startswith("vb") else f"{code};\n"


def assigned(language: str, name: str, value: str) -> str:
    """Write an assignment to a new variable."""
    word = {
        "csharp": f"var {name}",
        "java": f"String {name}",
        "jscript": f"var {name}",
        "vbnet": f"Dim {name}",
        "php": f"${name}",
    }
    return statement(language, f"{word.get(language, name)} = {value}")


def read(language: str, name: str) -> str:
    """Write a variable's use."""
    return f"${name}" if language == "php" else name


def function(language: str, name: str, parameter: str, body: str) -> str:
    """Write a function of one parameter around statements."""
    made = read(language, parameter)
    if language == "vbscript":
        return f"Function {name}({made})\n{body}End Function\n"
    if language == "vbnet":
        return f"Function {name}({made} As String) As String\n{body}End Function\n"
    if language in {"csharp", "java"}:
        return f"String {name}(String {made}) {{\n{body}}}\n"
    return f"function {name}({made}) {{\n{body}}}\n"


def text_of(language: str, word: str, cuts: tuple[int, ...] = ()) -> str:
    """Write a text constant, in pieces if asked for."""
    edges = sorted({0, len(word), *(cut % (len(word) + 1) for cut in cuts)})
    pieces = [word[start:end] for start, end in pairwise(edges)] or [word]
    joint = {"php": " . ", "vbnet": " & ", "vbscript": " & "}.get(language, " + ")
    return joint.join(f'"{piece}"' for piece in pieces)
