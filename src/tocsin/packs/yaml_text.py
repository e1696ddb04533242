"""YAML with the line of every value, so that each complaint about a pack ends in ``file:line``.

Only plain data is accepted: no tags, no anchors (they can expand without bound), no key twice.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeVar

import msgspec
import yaml

from tocsin.errors import PackError

LARGEST = 2 << 20
"""Bytes of one YAML file of a pack."""

DEEPEST = 32
"""Mappings and lists within one another. The parser's own recursion would end the process, not raise."""

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]
Place = tuple[str | int, ...]
T = TypeVar("T")


class Document:
    """One YAML document: its data, and the 1-based line on which every value starts.

    What is not given is read from the path when somebody asks for it; then it raises what ``read_yaml`` does.
    """

    def __init__(
        self, *, path: Path, data: dict[str, Plain] | None = None, lines: dict[Place, int] | None = None
    ) -> None:
        """Take what was read."""
        self.path = path
        self._data = data
        self._lines = lines

    @property
    def data(self) -> dict[str, Plain]:
        """Keys and values."""
        if self._data is None:
            self._data = read_yaml(self.path).data
        return self._data

    @property
    def lines(self) -> dict[Place, int]:
        """The line of every value."""
        if self._lines is None:
            self._lines = read_yaml(self.path).lines
        return self._lines

    def where(self, *place: str | int) -> str:
        """``path:line`` of the value, or of the closest value that holds it."""
        while place and place not in self.lines:
            place = place[:-1]
        return f"{self.path}:{self.lines.get(place, 1)}"


def read_yaml(path: Path) -> Document:
    """Read one YAML file that holds one mapping.

    Raises:
        PackError: it cannot be read, is no YAML, repeats a key or uses anchors.
    """
    text = _text(path)
    try:
        _check_depth(text, path)
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PackError(
            f"no valid YAML: {error.problem}.", where=f"{path}:{line}", remedy="Correct the line."
        ) from error
    except yaml.YAMLError as error:
        raise PackError(f"no valid YAML: {error}.", where=f"{path}:1", remedy="Correct it.") from error
    if not isinstance(node, yaml.MappingNode):
        raise PackError("no mapping of keys to values.", where=f"{path}:1", remedy="Start with a key.")
    reader = _Reader(path)
    data = reader.mapping(node, ())
    return Document(path=path, data=data, lines=reader.lines)


def _check_depth(text: str, path: Path) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise PackError(
                "nested too deeply.", where=f"{path}:{line}", remedy="No key of a pack needs this."
            )


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        if len(data) > LARGEST:
            raise PackError(f"longer than {LARGEST:,} bytes.", where=str(path), remedy="Split it.")
        return data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PackError(
            f"cannot be read as UTF-8 text: {error}.", where=str(path), remedy="Check the file."
        ) from error


class _Reader:
    """Turns composed nodes into plain data and notes where each stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[Place, int] = {(): 1}
        self._seen: set[int] = set()
        self._constructor = yaml.constructor.SafeConstructor()

    def value(self, node: yaml.Node, place: Place) -> Plain:
        line = node.start_mark.line + 1
        self.lines.setdefault(place, line)
        if id(node) in self._seen:
            raise self._error(line, "an alias (*) of this value is used", "Write the value out.")
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*place, at)) for at, item in enumerate(node.value)]
        return self._scalar(node, line)

    def mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Plain]:
        result: dict[str, Plain] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = str(key_node.value)
            if key in result:
                raise self._error(line, f"the key '{key}' stands twice", "Keep one of them.")
            self.lines[*place, key] = line
            result[key] = self.value(value_node, (*place, key))
        return result

    def _scalar(self, node: yaml.Node, line: int) -> Plain:
        if node.tag == "tag:yaml.org,2002:timestamp":  # stays text: structs that want a date read it
            return str(node.value)
        try:
            value = self._constructor.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            raise self._error(line, f"no plain value: {error}", "Quote it.") from error
        if value is not None and not isinstance(value, (bool, int, float, str)):
            raise self._error(line, f"a {type(value).__name__} where plain text is wanted", "Quote it.")
        return value

    def _error(self, line: int, what: str, remedy: str) -> PackError:
        return PackError(f"{what}.", where=f"{self.path}:{line}", remedy=remedy)


_PLACE = re.compile(r" - at `(?:key in )?\$(.*)`$")
_UNKNOWN = re.compile(r"unknown field `(.+)`")
_PART = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[(\.\.\.)\]")


def converted(document: Document, kind: type[T], *, fault: type[PackError] = PackError) -> T:
    """Turn the document into the struct.

    Raises:
        PackError: (or ``fault``) a key is missing, unknown or of the wrong type, at its line.
    """
    try:
        return msgspec.convert(document.data, kind)
    except msgspec.ValidationError as error:
        message = str(error)
        found = _PLACE.search(message)
        place = _place(found.group(1)) if found else ()
        what = message[: found.start()] if found else message
        unknown = _UNKNOWN.search(what)
        spoken = ".".join(str(part) for part in place)
        raise fault(
            f"{what}{f' (at {spoken})' if spoken else ''}.",
            where=document.where(*place, *(unknown.groups() if unknown else ())),
            remedy="See docs/how-to/write-a-pack.md.",
        ) from error


def _place(path: str) -> Place:
    """``.ladder[0].id`` as parts; msgspec prints ``[...]`` for a key of a mapping, where we stop."""
    parts: list[str | int] = []
    for name, index, unknown in _PART.findall(path):
        if unknown:
            break
        parts.append(int(index) if index else name)
    return tuple(parts)
