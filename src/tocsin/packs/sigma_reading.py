"""From Sigma, as pySigma reads it, to Tocsin's own condition tree.

Whatever cannot be evaluated here is an error when the pack is loaded, never a silent miss.
Format: Sigma rules specification 2.1 (https://sigmahq.io/sigma-specification/).
"""

from __future__ import annotations

from sigma import conditions as sc
from sigma import types as st
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

from tocsin.errors import RuleError
from tocsin.packs.conditions import (
    Check,
    Cidr,
    Either,
    Every,
    Exists,
    FieldTest,
    Glob,
    Node,
    Not,
    Null,
    Number,
    Regex,
    SameAs,
    Wild,
)
from tocsin.packs.regexes import danger
from tocsin.packs.yaml_text import Document

_OPERATORS = {
    st.CompareOperators.LT: "lt",
    st.CompareOperators.LTE: "lte",
    st.CompareOperators.GT: "gt",
    st.CompareOperators.GTE: "gte",
}
_WILD = {st.SpecialChars.WILDCARD_MULTI: Wild.MANY, st.SpecialChars.WILDCARD_SINGLE: Wild.ONE}
_FLAGS = {
    st.SigmaRegularExpressionFlag.IGNORECASE: "i",
    st.SigmaRegularExpressionFlag.MULTILINE: "m",
    st.SigmaRegularExpressionFlag.DOTALL: "s",
}


def read_condition(document: Document) -> Node:
    """Give the condition tree of a Sigma rule; several conditions are alternatives.

    Raises:
        RuleError: no valid Sigma, or a construct that Tocsin cannot evaluate.
    """
    where = document.where("detection", "condition")
    try:
        rule = SigmaRule.from_dict(dict(document.data))
        trees = [condition.parsed for condition in rule.detection.parsed_condition]
    except SigmaError as error:
        raise RuleError(
            f"pySigma: {error}.", where=document.where("detection"), remedy="Correct the Sigma body."
        ) from error
    except RecursionError as error:
        raise _unsupported("a condition nested this deeply", where) from error
    nodes = tuple(_node(tree, where) for tree in trees)
    return nodes[0] if len(nodes) == 1 else Either(nodes)


def _node(tree: object, where: str) -> Node:
    if isinstance(tree, sc.ConditionNOT):
        return Not(_node(tree.args[0], where))
    if isinstance(tree, sc.ConditionAND):
        return Every(tuple(_node(item, where) for item in tree.args))
    if isinstance(tree, sc.ConditionOR):
        return Either(tuple(_node(item, where) for item in tree.args))
    if isinstance(tree, sc.ConditionFieldEqualsValueExpression):
        return _test(tree.field, tree.value, where)
    if isinstance(tree, sc.ConditionValueExpression):
        return _test(None, tree.value, where)
    raise _unsupported(f"the condition element {type(tree).__name__}", where)


def _test(field: str | None, value: st.SigmaType, where: str) -> Node:
    if isinstance(value, st.SigmaExpansion):
        return Either(tuple(_test(field, item, where) for item in value.values))
    check = _check(value, where)
    if field is None and not isinstance(check, (Glob, Regex)):
        raise _unsupported(f"the keyword '{value}', which is no text", where)
    if field is None and isinstance(check, Glob):
        check = Glob(_open_ended(check.parts), check.cased)
    return FieldTest(field, check)


def _check(value: st.SigmaType, where: str) -> Check:
    if isinstance(value, st.SigmaString):
        return _glob(value, where)
    if isinstance(value, st.SigmaRegularExpression):
        return _regex(value, where)
    if isinstance(value, st.SigmaTimestampPart):
        raise _unsupported("a part of a time (minute, hour, day …)", where)
    return _plain_check(value, where)


def _plain_check(value: st.SigmaType, where: str) -> Check:
    match value:
        case st.SigmaNumber():
            return Number(value.number)
        case st.SigmaCompareExpression() if value.op in _OPERATORS:
            return Number(value.number.number, _OPERATORS[value.op])
        case st.SigmaNull():
            return Null()
        case st.SigmaExists():
            return Exists(value.exists)
        case st.SigmaBool():
            return Glob((str(value.boolean).lower(),))
        case st.SigmaCIDRExpression():
            return Cidr(str(value.network))
        case st.SigmaFieldReference():
            return SameAs(value.field, value.starts_with, value.ends_with)
        case _:
            raise _unsupported(f"a value of type {type(value).__name__}", where)


def _glob(value: st.SigmaString, where: str) -> Glob:
    parts: list[str | Wild] = []
    for part in value.s:
        if isinstance(part, str):
            parts.append(part)
        elif isinstance(part, st.SpecialChars):
            parts.append(_WILD[part])
        else:
            raise _unsupported("a placeholder (|expand)", where)
    return Glob(tuple(parts), isinstance(value, st.SigmaCasedString))


def _open_ended(parts: tuple[str | Wild, ...]) -> tuple[str | Wild, ...]:
    """A keyword may stand anywhere in a value: open both its ends."""
    head = () if parts[:1] == (Wild.MANY,) else (Wild.MANY,)
    tail = () if parts[-1:] == (Wild.MANY,) else (Wild.MANY,)
    return (*head, *parts, *tail)


def _regex(value: st.SigmaRegularExpression, where: str) -> Regex:
    pattern = str(value.regexp)
    problem = danger(pattern)
    if problem:
        raise RuleError(
            f"the regular expression '{pattern}' {problem}.",
            where=where,
            remedy="Use wildcards, or several fields with |contains|all: they take time in proportion.",
        )
    return Regex(pattern, "".join(sorted(_FLAGS[flag] for flag in value.flags)))


def _unsupported(what: str, where: str) -> RuleError:
    return RuleError(
        f"{what} cannot be evaluated here.",
        where=where,
        remedy="Say the same with strings, wildcards, |re, |cidr, numbers, null or |exists.",
    )
