"""What calls do: sinks, sources, functions of the page, objects that are made."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec.structs import replace

from tocsin.detections.webshells.code import (
    Assign,
    Call,
    Class,
    Declare,
    Function,
    Index,
    Literal,
    Member,
    Name,
    New,
    Node,
    Pair,
)
from tocsin.detections.webshells.folding import Folded
from tocsin.detections.webshells.store import keyed
from tocsin.detections.webshells.tables import Sink, short_type
from tocsin.detections.webshells.targets import Targets
from tocsin.detections.webshells.values import Step, Value, joined, known, origin_of

DEEPEST_TEXTS = 3
"""Code within text that code runs, within text that code runs."""
_GIVES_BACK = frozenset({"eval", "evaluate"})
_CIPHER = 200
"""Characters of a constant text that no label or message has."""
_MOST_CALLS = 40
"""Functions of one name that a call is thought to mean."""
_DYNAMIC = Sink("eval", "callee", "a function whose name is worked out", "all", frozenset())
_CLASS = Sink("eval", "class", "a class whose name is worked out", "all", frozenset())
_UNDECIDED = Sink("eval", "undecided", "arguments of a function that is not known", "all", frozenset())
_VERSION = re.compile(r"\.\d+(?:\.\d+)?$")
_GRAVE_NAMES = re.compile(
    r"exec|load|define|eval|start|invoke|runtime|run\b|compile|create|instance|write|shell|process|decode|reflect|class|command|script|parse",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z_][\w.\\:]*\Z")
_PASSING = frozenset(
    {
        "tostring",
        "trim",
        "ltrim",
        "rtrim",
        "lcase",
        "ucase",
        "tolower",
        "toupper",
        "cstr",
        "mappath",
        "unicode",
        "string",
        "stripslashes",
    }
)


class Calls(Targets):
    """The part of the walk that calls."""

    def call(self, node: Call) -> Value:
        """Walk ``function(arguments)``, which in Basic is an element as well."""
        owner = self.value(node.function.value) if isinstance(node.function, Member) else None
        callee = self.value(node.function) if owner is None else self.owned(node.function, owner)
        given = self.arguments(node.arguments, callee, owner)
        if callee.root:
            self._sinks([path for path in (callee.path, callee.typed) if path], owner, given, node)
            return self.element(callee, given, node)
        if self.basic and callee.declared and not self._is_function(callee):
            return self.indexed(callee, given)
        if self.php and self._is_worked_out(node.function):
            return self._dynamic(callee, given, node)
        if self.basic and callee.slot and len(given) == 1 and given[0].sure:
            held = self.store.read(keyed(callee.slot, given[0].known))
            if held is not None:
                return held
        return self.called(callee, owner, given, node)

    def _is_function(self, callee: Value) -> bool:
        return callee.path.rsplit(".", 1)[-1] in self.store.functions

    def _is_worked_out(self, function: Node) -> bool:
        plain = isinstance(function, Name) and not function.name.startswith("$")
        return not plain and not isinstance(function, Member)

    def _dynamic(self, callee: Value, given: list[Value], node: Call) -> Value:
        """A function that PHP finds by a text (``$f($x)``)."""
        own = isinstance(node.function, Index | Member) and self.is_self(node.function.value)
        notes = ("bound",) if own else ()  # only the object's own methods can be meant
        if callee.origin is not None:
            self.journal.sink(_DYNAMIC, [callee], self.span(node), depth=self.nested, notes=notes)
            return Value(callee.origin)
        if callee.text is not None and _WORD.match(callee.text):
            word = callee.text.rsplit("::", 1)[-1].lower().lstrip("\\")
            named = Value(path=word, made=callee.made)
            return self.called(named, None, given, node)
        if origin_of(*given) or callee.dark:
            sink = _DYNAMIC if callee.dark else _UNDECIDED
            self.journal.sink(sink, given, self.span(node), depth=self.nested, notes=notes)
        return Value(origin_of(*given), made=callee.dark)

    def arguments(self, nodes: tuple[Node, ...], callee: Value, owner: Value | None) -> list[Value]:
        """Walk arguments; a function among them is given what comes with it."""
        lambdas = [node for node in nodes if isinstance(node, Function)]
        given = [Value() if isinstance(node, Function) else self._argument(node) for node in nodes]
        origin = origin_of(*given, owner or callee)
        for function in lambdas:
            if origin is not None:
                self.taint_parameters(function, origin)
            self.value(function)
        return given

    def _argument(self, node: Node) -> Value:
        value = self.value(node.value if isinstance(node, Pair) else node)
        if value.origin is None and value.slot:
            inside = self.store.read(f"{value.slot}[]") or self.store.read(f"{value.slot}[·]")
            if inside is not None and inside.origin is not None:
                return joined(value, Value(inside.origin))
        return value

    def taint_parameters(self, function: Function, origin: Step) -> None:
        """Let every parameter of a function come from a source."""
        scope = self.store.scopes.get(id(function))
        for parameter in function.parameters if scope else ():
            word = parameter.name if self.api.exact else parameter.name.lower()
            self.store.taint(f"{scope[0] if scope else 0}:{word}", origin)

    def called(self, callee: Value, owner: Value | None, given: list[Value], node: Node) -> Value:
        """Give the result of a call of something by its name."""
        last = callee.path.rsplit(".", 1)[-1]
        paths = [path for path in (callee.path, callee.typed, self.store.renamed.get(last)) if path]
        own = self._own(last, callee, owner, given, node)
        if own is not None:
            return own
        self._sinks(paths, owner, given, node)
        self._absorb(last, owner, given, node)
        if self.api.factories.first(*paths):
            return self._made_object(given, node)
        source = self._source_call(last, given, node)
        if source is not None:
            return Value(source, path=callee.path)
        ran, self.ran = self.ran, None
        if ran is not None and ran[0] == id(node) and last in _GIVES_BACK:
            return ran[1]
        return self._result(last, paths, callee, owner, given)

    def _own(
        self, last: str, callee: Value, owner: Value | None, given: list[Value], node: Node
    ) -> Value | None:
        """A function of the page; a method of an object whose type the tables know is not one."""
        if owner is not None and owner.type and owner.type not in self.store.classes:
            return None
        if (
            callee.path.count(".")
            and owner is not None
            and not (owner.slot or owner.type or owner.path in _SELVES or owner.path in self.store.classes)
        ):
            return None
        return self.call_function(last, given, node)

    def call_function(self, name: str, given: list[Value], node: Node) -> Value | None:
        """Give what a function of the page returns, or nothing if the page has none of that name."""
        functions = self.store.functions.get(name)
        if not functions:
            return None
        result: Value | None = None
        for function in functions[:_MOST_CALLS]:
            back = self.bind(function, given, node)
            result = back if result is None else joined(result, back)
            self._entered(function, given)
        folded = self.store.foldings.function(self.api.language, functions[0], given, self.look)
        if folded is not None and len(functions) == 1:
            return known(folded[0], made=True)
        if result is not None and not result.sure and any(len(value.text or "") > _CIPHER for value in given):
            return replace(result, made=True)  # it makes something of a long constant text
        return result

    def _entered(self, function: Function, given: list[Value]) -> None:
        """Walk a function with a text that was worked out: what it runs depends on this call, not on all."""
        scope = self.store.scopes.get(id(function))
        inside = any(function is one for _, _, one in self.scopes)
        if scope is None or inside or not any(value.made and value.text for value in given):
            return
        if not self.store.foldings.may_enter():
            return
        for parameter, value in zip(function.parameters, given, strict=False):
            word = parameter.name if self.api.exact else parameter.name.lower()
            self.store.write(f"{scope[0]}:{word}", value, parameter.name.lower())
        self.scopes.append((*scope, function))
        self.statements(function.body)
        self.scopes.pop()

    def bind(self, function: Function, given: list[Value], node: Node) -> Value:
        """Hand arguments to a function of the page and give what it returns, as far as known by now."""
        scope = self.store.scopes.get(id(function))
        if scope is None:
            return Value()
        for parameter, value in zip(function.parameters, given, strict=False):
            word = parameter.name if self.api.exact else parameter.name.lower()
            origin = self.through(value, node)
            passed = Value(
                origin,
                "",
                value.type or short_type(parameter.type),
                value.known,
                value.sure,
                value.hint,
                value.made,
                value.root,
            )
            self.store.meet(f"{scope[0]}:{word}", passed, parameter.name.lower())
        back = self.store.read(f"{scope[0]}:·return")
        return (
            Value()
            if back is None
            else Value(self.through(back, node), "", back.type, back.known, back.sure, back.hint, back.made)
        )

    def _sinks(self, paths: list[str], owner: Value | None, given: list[Value], node: Node) -> None:
        kind = owner.type if owner is not None else ""
        for sink in self.api.calls.find(*paths):
            if (not sink.types or kind in sink.types) and _holds(sink, given):
                notes = ("bound",) if sink.role == "reflection" and _is_named(owner) else ()
                self.reached(sink, given, node, notes)
        for sink in self.api.receivers.find(*paths):
            if owner is not None:
                self.journal.sink(sink, [owner], self.span(node), depth=self.nested)

    def reached(self, sink: Sink, given: list[Value], node: Node, notes: tuple[str, ...] = ()) -> None:
        """Note a sink, and look into the text that it runs."""
        chosen = [self._read_from(value, node) for value in _chosen(sink, given)]
        self.journal.sink(sink, chosen, self.span(node), depth=self.nested, notes=notes)
        if sink.capability == "eval":
            for value in chosen:
                if sink.role == "callback":
                    self._callback(value, given, node)
                elif sink.role == "code" and value.text:
                    self.run_text(value.text, node)

    def _read_from(self, value: Value, node: Node) -> Value:
        """A file name that stands for the request (``include 'php://input'``) is a source there."""
        text = value.text
        for start, kind, _ in self.api.source_files if text else ():
            if text is not None and text.lower().startswith(start):
                return Value(self.source(kind, node), known=text, sure=True, made=value.made)
        return value

    def _callback(self, value: Value, given: list[Value], node: Node) -> None:
        """A function that a text names, called with the other arguments (``array_map('name', $_POST)``)."""
        others = [one for one in given if one is not value]
        if value.type in self.store.classes:
            self.call_function("__invoke", others, node)
        named = value.text or (value.path if self.php and not value.declared else "")
        if named and _WORD.match(named):
            word = named.rsplit("::", 1)[-1].lower()
            if self.call_function(word, others, node) is None:
                for sink in self.api.calls.find(word):
                    if sink.role in {"code", "program", "include", "path"}:
                        self.journal.sink(
                            sink, others, self.span(node), depth=self.nested, notes=("by-name",)
                        )

    def run_text(self, text: str, node: Node) -> None:
        """Walk the code in a text that the page runs, as if it stood where it is run."""
        if self.nested >= DEEPEST_TEXTS:
            return
        unit = self.reparse(text, self.api.language)
        if unit is None:
            return
        fixed, self.fixed = self.fixed, self.span(node)
        self.nested += 1
        self.store.learn(unit.body, exact=self.api.exact)
        self.statements(unit.body)
        last = unit.body[-1] if unit.body else None
        if isinstance(last, Call | Index | Member | Name | Literal):
            self.ran = (id(node), self.value(last))
        self.nested -= 1
        self.fixed = fixed

    def _absorb(self, last: str, owner: Value | None, given: list[Value], node: Node) -> None:
        origin = origin_of(*given)
        if last in self.api.absorbs and owner is not None and owner.slot:
            if origin is not None:
                self.store.taint(owner.slot, origin.then(*self.span(node)), owner.path)
            self.store.describe(owner.slot, next((value.pieces for value in given if value.pieces), ""))
        position = self.api.fills.get(last)
        if position is not None and 0 <= position < len(given) and given[position].slot:
            brought = origin_of(*((owner,) if owner else ()), *given)
            if brought is not None:
                self.store.taint(given[position].slot, brought.then(*self.span(node)), given[position].path)
        if last in self.api.spills and origin is not None and len(given) == 1:
            self.store.spilled = self.store.spilled or origin

    def _source_call(self, last: str, given: list[Value], node: Node) -> Step | None:
        found = self.api.source_calls.get(last)
        if found is not None and (not given or given[0].text is None or self.keeps_key(found[0], given[0])):
            return self.source(found[0], node)
        text = given[0].text if given else None
        for start, kind, _ in self.api.source_files if text else ():
            if text is not None and text.lower().startswith(start):
                return self.source(kind, node)
        return None

    def _made_object(self, given: list[Value], node: Node) -> Value:
        """What ``CreateObject`` and its kin give: an object of the type that the text names."""
        text = given[0].text if given else None
        if text is None:
            return Value(origin_of(*given), made=any(value.dark for value in given), type="")
        kind = com_type(text, self.api.classes)
        self.note_use(node, "com:" + kind)
        return Value(type=kind, path=kind, made=given[0].made)

    def _result(
        self, last: str, paths: list[str], callee: Value, owner: Value | None, given: list[Value]
    ) -> Value:
        decodes = last in self.api.decoders
        kind = self.api.types.first(*paths) or ""
        stops = last in self.api.stops
        made = not stops and (decodes or any(value.dark for value in given) or bool(owner and owner.dark))
        origin = None if stops else origin_of(*((owner,) if owner else ()), *given)
        folded = self.fold(callee.path or last, owner, given) if origin is None else None
        if folded is not None:
            return known(folded[0], made=True)
        hint = next((value.pieces for value in given if value.pieces), "")
        if last in _PASSING and len(given) == 1 and given[0].sure:
            return given[0]
        slot = callee.slot if owner is not None else ""
        return Value(origin, callee.path, kind, None, False, hint, made, False, slot, callee.typed)

    def fold(self, path: str, owner: Value | None, given: list[Value]) -> Folded:
        """Work out a pure function of constants, or give nothing."""
        return self.store.foldings.call(self.api.language, path, owner, given)

    def look(self, name: str) -> Value | None:
        """Give what is known of a variable as seen from here."""
        return self.store.read(self.slot(name))

    def element(self, root: Value, keys: list[Value], node: Node) -> Value:
        """Give a value of the request: ``Request("x")``, ``request.getParameter("x")``, ``$_GET['x']``."""
        kind = root.origin.kind if root.origin else "request"
        if keys and not self.keeps_key(kind, keys[0]):
            return Value(path=root.path)
        return Value(self.source(kind, node), root.path)

    def indexed(self, holder: Value, keys: list[Value]) -> Value:
        """Give an element of a list or text."""
        key = keys[0] if len(keys) == 1 else None
        if not keys and holder.sure and isinstance(holder.known, tuple) and holder.known:
            words = [one for one in holder.known if isinstance(one, str)]
            return known(holder.known[0]) if len(holder.known) == 1 else Value(hint="\x1f".join(words)[:1024])
        if key is not None and key.sure and not isinstance(key.known, tuple):
            held = self.store.read(keyed(holder.slot, key.known)) if holder.slot else None
            if held is not None:
                return held
            item = _item(holder, key)
            if item is not None:
                return item
        return self._some(holder, key)

    def _some(self, holder: Value, key: Value | None) -> Value:
        loose = self.store.read(f"{holder.slot}[]") if holder.slot else None
        if loose is None and holder.slot and (key is None or not key.sure):
            loose = self.store.read(f"{holder.slot}[·]")
        if loose is not None and (loose.origin or loose.sure):
            return Value(
                holder.origin or loose.origin,
                holder.path,
                loose.type,
                loose.known,
                loose.sure,
                made=loose.made,
                slot=loose.slot,
            )
        slot = (
            keyed(holder.slot, key.known)
            if holder.slot and key is not None and key.sure
            else f"{holder.slot}[]"
            if holder.slot
            else ""
        )
        return Value(
            holder.origin,
            holder.path,
            holder.type,
            hint=holder.hint,
            made=holder.made,
            slot=slot,
            declared=holder.declared,
        )

    def new(self, node: New) -> Value:
        """Walk ``new type(arguments)``."""
        callee = self.value(node.callee) if node.callee is not None else None
        given = self.arguments(node.arguments, Value(), None)
        if callee is not None and callee.origin is not None:
            self.journal.sink(_CLASS, [callee], self.span(node), depth=self.nested)
        kind = short_type(node.type or (callee.text or "" if callee else ""))
        for sink in self.api.news.find(kind):
            self.reached(sink, given, node)
        self.note_use(node, kind)
        inside = self.items(node, kind)
        if self.api.factories.first(kind):
            return self._made_object(given, node)
        self._construct(kind, given, node)
        everything = given + inside
        hint = next((value.pieces for value in everything if value.pieces), "")
        return Value(
            origin_of(*everything), kind, kind, hint=hint, made=any(value.dark for value in everything)
        )

    def items(self, node: New, kind: str) -> list[Value]:
        """Walk initialisers (``new ProcessStartInfo { FileName = x }`` sets a property) and give elements."""
        elements: list[Value] = []
        for item in node.items:
            name = _property(item)
            if name and isinstance(item, Pair | Assign):
                value = self.value(item.value)
                for sink in self.api.sets.find(f"{kind}.{name}"):
                    self.journal.sink(sink, [value], self.span(item), depth=self.nested)
            elif isinstance(item, Function | Class | Declare):
                self.statements((item,))
            else:
                elements.append(self.value(item))
        return elements

    def _construct(self, kind: str, given: list[Value], node: Node) -> None:
        held = self.store.classes.get(kind)
        for member in held.body if held else ():
            if isinstance(member, Function) and member.kind == "constructor":
                self.bind(member, given, node)


_SELVES = frozenset({"this", "me", "$this", "self", "mybase", "base", "super", "static", "parent"})


def com_type(identifier: str, classes: Mapping[str, str]) -> str:
    """Give the program identifier without version that a program or class identifier stands for."""
    word = identifier.strip().lower().removeprefix("new:").removeprefix("clsid:").strip("{} ")
    return classes.get(word) or _VERSION.sub("", word)


def _is_named(owner: Value | None) -> bool:
    """Tell whether a method was looked up by a constant name that runs, loads and starts nothing."""
    plain = owner is not None and owner.origin is None and not owner.dark and bool(owner.pieces)
    return plain and owner is not None and _GRAVE_NAMES.search(owner.pieces) is None


def _holds(sink: Sink, given: list[Value]) -> bool:
    """Tell whether the argument that a row asks for holds what it asks for."""
    if sink.matches is None:
        return True
    return sink.position < len(given) and sink.matches.search(given[sink.position].pieces) is not None


def _chosen(sink: Sink, given: list[Value]) -> list[Value]:
    if sink.arguments == "all":
        return given
    if sink.arguments == "last":
        return given[-1:]
    return [
        given[position] for position in sink.arguments if isinstance(position, int) and position < len(given)
    ]


def _item(holder: Value, key: Value) -> Value | None:
    held = holder.known if holder.sure else None
    if isinstance(held, str | tuple) and isinstance(key.known, int) and -len(held) <= key.known < len(held):
        return known(held[key.known], made=True)
    return None


def _property(item: Node) -> str:
    target = item.key if isinstance(item, Pair) else item.target if isinstance(item, Assign) else None
    if isinstance(target, Literal):
        return str(target.value).lower()
    if isinstance(target, Name):
        return target.name.lower()
    return target.name.lower() if isinstance(target, Member) else ""
