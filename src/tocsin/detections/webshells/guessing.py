"""Which language a page is in: what it says, and where it says nothing, what its code looks like."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tocsin.detections.webshells.blocks import SAID, Block, Kind, Language
from tocsin.detections.webshells.inventory import Family
from tocsin.model.expressions import compiled

_BASIC = re.compile(
    r"(?im)^[ \t]*(?:dim|set|end\s+(?:if|sub|function|class|select)|sub"
    r"|function\s+\w+\s*\([^)\n]{0,300}\)[ \t]*(?:as[ \t]+\w+[ \t]*)?$|imports|elseif|next|loop"
    r"|on\s+error|private\s+(?:sub|function)|(?:public|protected)\s+(?:sub|function|shared))\b"
    r"|\bthen\b|\bas\s+new\b|&[ \t]*_[ \t]*$|^[ \t]*'|"
    r"\b(?:execute|eval|executeglobal)\s+\(?request\b"
)
_CURLY = re.compile(r"(?m);[ \t]*(?://.*)?$|[{}]|\bvar\s+\w+\s*=|\bnew\s+\w+(?:\.\w+)*\s*[\[(]|==|&&|\|\||//")
_JSCRIPT = re.compile(
    r"\bfunction\s+\w*\s*\(|\bvar\s+\w+\s*[=:;]|\beval\s*\(|\bnew\s+ActiveXObject|\"unsafe\"|'unsafe'|===|Request\.Item\["
)
_CSHARP = re.compile(
    r"\b(?:void|string|int|byte|bool|public|private|protected|using|foreach|namespace|static|object)\s+[\w.<>\[\]]+|\bnew\s+\w+\s*\{|\bout\s+\w+|\b\w+\[\]\s+\w+"
)
_ENDS = re.compile(r"(?im)^[ \t]*end[ \t]+(?:if|function|sub|class|select|with)\b")
"""What no JScript has."""
_TEXTS = compiled(r'"[^"\r\n]*+"')
_SAMPLE = 60_000


def named_language(word: str, family: Family) -> Language:
    """Give the language that a page names; ``NONE`` for an empty word."""
    name = word.strip().lower()
    if not name:
        return Language.NONE
    if name.startswith(("c#", "cs", "c-sharp")):
        return Language.CSHARP
    if name.startswith(("vb", "visualbasic", "basic")):
        return Language.VBSCRIPT if family is Family.ASP and name != "vb.net" else Language.VBNET
    if name.startswith(("js", "jscript", "javascript", "ecmascript", "livescript", "vjs", "vj#")):
        return Language.JSCRIPT
    return {"java": Language.JAVA, "php": Language.PHP}.get(name, Language.OTHER)


def page_language(text: str, blocks: Sequence[Block], family: Family) -> Language:
    """Give the language of a page's code."""
    if family in _FIXED:
        return _FIXED[family]
    for block in blocks:
        if block.kind is Kind.DIRECTIVE and "language" in block.attributes:
            return _stated(block, family)
    if family is Family.ASP:
        return guessed(_sample(text, [block for block in blocks if not _names_its_own(block)]), family)
    for block in blocks:
        if _names_its_own(block):
            return named_language(block.attributes["language"], family)
    return guessed(_sample(text, blocks), family)


def _names_its_own(block: Block) -> bool:
    """Tell whether a script states its language; in classic ASP that says nothing of the rest of the page."""
    return block.kind is Kind.SERVER_SCRIPT and "language" in block.attributes


_FIXED = {
    Family.JSP: Language.JAVA,
    Family.PHP: Language.PHP,
    Family.RAZOR: Language.CSHARP,
    Family.COLDFUSION: Language.CFML,
}


def _stated(block: Block, family: Family) -> Language:
    return named_language(block.attributes["language"], family) or Language.CSHARP


def _sample(text: str, blocks: Sequence[Block]) -> str:
    parts: list[str] = []
    size = 0
    for block in blocks:
        if block.kind in SAID:
            parts.append(text[block.start : min(block.end, block.start + _SAMPLE - size)])
            size += len(parts[-1])
            if size >= _SAMPLE:
                break
    return "\n".join(parts)


def guessed(code: str, family: Family) -> Language:
    """Guess from the code; a draw goes to what the server takes without a word: VBScript, else C#."""
    if not code.strip():
        return Language.NONE
    code = _TEXTS.sub('""', code)
    basic, curly = len(_BASIC.findall(code)), len(_CURLY.findall(code))
    if family in {Family.ASP, Family.CONFIG, Family.HTML, Family.OTHER}:
        curled = curly > 2 * basic + 1 and _JSCRIPT.search(code) and not _ENDS.search(code)
        return Language.JSCRIPT if curled else Language.VBSCRIPT
    if basic > curly:
        return Language.VBNET
    script, sharp = len(_JSCRIPT.findall(code)), len(_CSHARP.findall(code))
    return Language.JSCRIPT if script > sharp else Language.CSHARP
