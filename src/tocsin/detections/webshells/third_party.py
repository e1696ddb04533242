"""YARA rules that the user adds (``--rules DIR``): bounded in time, shown with author and licence.

Such rules never change Tocsin's own score: they are shown beside it, under the names of their authors.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yara_x
from msgspec import Struct

from tocsin.errors import UsageFault

SECONDS = 10
"""Time that all added rules together have for one file."""
LARGEST = 4 << 20
"""Bytes of one file of rules."""
MOST_FILES = 5_000
_EXTERNALS = ("filename", "filepath", "extension", "filetype", "owner", "md5")
_AUTHORS = ("author", "Author", "authors")
_LICENCES = ("license", "licence", "License", "Licence")
_MOST_SPANS = 5


class Match(Struct, frozen=True, kw_only=True):
    """A rule of somebody else that a file met: who wrote it, under which licence, and where (bytes)."""

    rule: str
    file: str
    author: str
    licence: str
    spans: tuple[tuple[int, int], ...]


class AddedRules:
    """Rules from a folder; a file with rules that do not compile is named in ``problems``."""

    def __init__(self, folder: Path) -> None:
        """Compile the folder's ``.yar`` and ``.yara`` files.

        Raises:
            UsageFault: the folder holds no rules that compile.
        """
        self.problems: list[str] = []
        compiler = yara_x.Compiler(relaxed_re_syntax=True)
        compiler.enable_includes(False)
        for name in _EXTERNALS:
            compiler.define_global(name, "")
        for path in _files(folder):
            self._add(compiler, folder, path)
        rules = compiler.build()
        if not any(True for _ in rules):
            raise UsageFault(
                "holds no YARA rules that compile",
                where=str(folder),
                remedy="Give a folder with .yar or .yara files.",
            )
        self._scanner = yara_x.Scanner(rules)
        self._scanner.set_timeout(SECONDS)

    def scan(self, data: bytes, path: str) -> tuple[Match, ...]:
        """Give the rules that a file's bytes meet; a file that takes too long is named in ``problems``."""
        name = path.replace("\\", "/").rpartition("/")[2]
        self._scanner.set_global("filename", name)
        self._scanner.set_global("filepath", path)
        self._scanner.set_global("extension", f".{name.rpartition('.')[2]}" if "." in name else "")
        try:
            rules = self._scanner.scan(data).matching_rules
        except (yara_x.TimeoutError, yara_x.ScanError) as error:
            self.problems.append(f"{path}: the added rules gave up: {error}")
            return ()
        return tuple(sorted((_match(rule) for rule in rules), key=lambda one: (one.file, one.rule)))

    def _add(self, compiler: yara_x.Compiler, folder: Path, path: Path) -> None:
        """Add the rules of a file; of one that does not compile as a whole, those that do by themselves."""
        name = path.relative_to(folder).as_posix() if folder.is_dir() else path.name
        try:
            if path.stat().st_size > LARGEST:
                self.problems.append(f"{path}: left out: longer than {LARGEST:,} bytes")
                return
            text = path.read_text("utf-8", "replace")
            compiler.new_namespace(name)
            compiler.add_source(text, origin=name)
        except yara_x.CompileError as error:
            why = str(error).splitlines()[0]
            self.problems.append(f"{path}: what does not compile in it is left out: {why}")
        except OSError as error:
            self.problems.append(f"{path}: left out: {error}")


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_file():
        yield folder
        return
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".yar", ".yara"})
    yield from (path for path in found[:MOST_FILES] if path.is_file())


def _match(rule: yara_x.Rule) -> Match:
    meta = {str(key): str(value) for key, value in rule.metadata}
    spans = sorted(
        (match.offset, match.offset + match.length) for pattern in rule.patterns for match in pattern.matches
    )
    return Match(
        rule=rule.identifier,
        file=rule.namespace,
        author=next((meta[key] for key in _AUTHORS if key in meta), "not stated"),
        licence=next((meta[key] for key in _LICENCES if key in meta), "not stated"),
        spans=tuple(spans[:_MOST_SPANS]),
    )
