"""What every part of the walk needs: variables by scope, sources by name, the place of a node."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from tocsin.detections.webshells.code import Assign, Function, Literal, Name, Node, Pair, Unit
from tocsin.detections.webshells.journal import Journal
from tocsin.detections.webshells.store import Store
from tocsin.detections.webshells.tables import Api, SourceEntry
from tocsin.detections.webshells.values import NOTHING, Step, Value

Reparse: TypeAlias = Callable[[str, str], Unit | None]
"""Gives the code of a text in a language, or nothing."""
DEEPEST = 150
"""Nodes above one another; a deeper one gives nothing (the parser cuts longer chains into statements)."""
_SELF = frozenset({"this", "me", "$this", "self", "mybase", "base", "super", "static", "myclass"})


class WalkBase:
    """The state of one walk over one unit."""

    def __init__(
        self,
        api: Api,
        store: Store,
        journal: Journal,
        reparse: Reparse,
        controls: frozenset[str],
        budget: int,
    ) -> None:
        """Begin outside of every function."""
        self.api = api
        self.store = store
        self.journal = journal
        self.reparse = reparse
        self.controls = controls
        self.budget = budget
        self.most = budget
        self.depth = 0
        self.nested = 0
        self.ran: tuple[int, Value] | None = None
        self.fixed: tuple[int, int] | None = None
        self.scopes: list[tuple[int, frozenset[str], Function]] = []
        self.basic = api.language in {"vbscript", "vbnet"}
        self.php = api.language == "php"

    @property
    def walked(self) -> int:
        """How many nodes were walked."""
        return self.most - self.budget

    def value(self, node: Node) -> Value:
        """Give what is known of a node."""
        raise NotImplementedError

    def owned(self, node: Node, owner: Value) -> Value:
        """Give what is known of a member whose owner was walked already."""
        raise NotImplementedError

    def statements(self, body: Iterable[Node]) -> None:
        """Walk statements."""
        raise NotImplementedError

    def call_function(self, name: str, given: list[Value], node: Node) -> Value | None:
        """Give what a function of the page returns, or nothing if the page has none of that name."""
        raise NotImplementedError

    def span(self, node: Node) -> tuple[int, int]:
        """Give the place of a node; within a text that the page runs, the place that runs it."""
        return self.fixed or (node.start, node.end)

    def slot(self, name: str) -> str:
        """Give where a variable is kept, as seen from the function that is walked."""
        word = name if self.api.exact else name.lower()
        for number, local, function in reversed(self.scopes):
            if word in local:
                return f"{number}:{word}"
            if self.php and function.kind != "lambda":
                return f"{number}:{word}"
        return f":{word}"

    def is_self(self, node: Node) -> bool:
        """Tell whether a node is the object itself, whose members are the page's fields."""
        return isinstance(node, Name) and node.name.lower() in _SELF

    def field(self, name: str) -> str:
        """Give where a field is kept."""
        word = name.lstrip("$")
        return f":.{word if self.api.exact else word.lower()}"

    def source(self, kind: str, node: Node) -> Step:
        """Note that a source is read, and begin a way at it."""
        step = Step(*self.span(node), kind)
        self.journal.source(step)
        return step

    def source_name(self, word: str, path: str) -> tuple[str, SourceEntry] | None:
        """Give the source that a name or member is, if it is one."""
        case = word if self.api.exact else word.lower()
        for pattern, kind, entry in self.api.source_names.get(case, ()):
            if _source_fits(pattern.lower(), path):
                return kind, entry
        return None

    def keeps_key(self, kind: str, key: Value) -> bool:
        """Tell whether the client chooses the element of that key."""
        patterns = [pattern for name, entry in self.api.sources if name == kind for pattern in entry.keys]
        if not patterns or key.text is None:
            return True
        word = key.text.upper()
        return any(
            word == one.upper() or (one.endswith("*") and word.startswith(one[:-1])) for one in patterns
        )

    def note_use(self, node: Node, *paths: str) -> None:
        """Note the use of what the tables call telling."""
        for path in paths:
            for word in self.api.uses.find(path) if path else ():
                self.journal.use(word, path, *self.span(node))

    def alias(self, value: Value, node: Node) -> None:
        """Note that the evaluator itself is handed around under another name (``{'E': eval}``)."""
        if value.path == "eval" and self.api.language == "jscript":
            self.journal.use("evaluator-renamed", "eval", *self.span(node))
            self.store.renamed[_written_to(node)] = value.path

    def through(self, value: Value, node: Node) -> Step | None:
        """Give the way of a value with this place added."""
        return value.origin.then(*self.span(node)) if value.origin else None


def _written_to(node: Node) -> str:
    """Give the last word of what a node names, in lower case."""
    target = node.key if isinstance(node, Pair) else node.target if isinstance(node, Assign) else node
    word = target.value if isinstance(target, Literal) else getattr(target, "name", "")
    return str(word).lower()


def _source_fits(pattern: str, path: str) -> bool:
    if pattern.startswith("*."):
        return path.endswith(pattern[1:])
    return path == pattern or ("." in pattern and path.endswith("." + pattern))


__all__ = ["DEEPEST", "NOTHING", "Reparse", "WalkBase"]
