"""Microsoft's Script Encoder (``VBScript.Encode``, ``JScript.Encode``), undone.

The encoding is a substitution without a key: three alphabets, chosen by the position in a cycle of
64. A stretch is ``#@~^``, its length (six characters of base64, then ``==``), the text, a checksum
and ``==^#~@``. Characters beyond ASCII stand unchanged and do not move the cycle.
Source: published analyses of the format, checked against encoded pages.
"""

from __future__ import annotations

import re

LONGEST = 4_000_000
ENCODED = re.compile(
    rf"#@~\^[A-Za-z0-9+/]{{6}}==(.{{0,{LONGEST}}}?)(?:[A-Za-z0-9+/]{{6}}==\^#~@|\^#~@|\Z)", re.DOTALL
)
"""One encoded stretch; a stretch that was cut off counts too."""

_ORDER = "1201202002021020102011200210200211020201011201021020112001120102"
_CODES = bytes.fromhex(
    "643769507e2c225a654a4572613a5b5e79665d59755b274c42764560637623622a654d435f51337e"
    "53424f52205220637a264a21545a467138202b79266632632a572a586c767f2b477b462530522c31"
    "4f296c3d6949703f3f3f27787b3f3f3f675f513f3f3f62297a41247e5a2f3b663947323341736f77"
    "4d215643755f7128263942787c466e534a64485c7431486772367d6e4b68707d35495d223f6a554b"
    "503a6a69602e236a7f097128706f3565497d745c242c5d2d7727544459373f257b6d7c3d7c236c43"
    "6d3438286d5e314e5b392b6e7f3057366f4c547434346b72624c254e33563056735e3a6873785509"
    "57474b7732613b3524442e4d2f646b594f44453b215c2d37684153366158587a4879222e09605075"
    "6b2d384e29553d3f"
)
"""For TAB and every character from space to ``~``: its code in each alphabet (none for ``<>@``)."""

_ESCAPED: dict[str, str] = {"&": "\n", "#": "\r", "*": ">", "!": "<", "$": "@"}
_PIECE = re.compile(r"@[&#*!$]|[\x00-\x7f]|[^\x00-\x7f]+")


def _alphabet(number: int) -> dict[str, str]:
    plain = ["\t", *(chr(code) for code in range(0x20, 0x7F))]
    pairs = zip(_CODES[number::3], plain, strict=True)
    return {chr(code): char for code, char in pairs if char not in "<>@"}


_ALPHABETS = tuple(_alphabet(number) for number in range(3))
_CYCLE = tuple(_ALPHABETS[int(number)] for number in _ORDER)


def decoded_script(match: re.Match[str]) -> str:
    """Give the script of one stretch that ``ENCODED`` found."""
    at, out = 0, list[str]()
    pieces: list[str] = _PIECE.findall(match.group(1))
    for piece in pieces:
        if piece > "\x7f":
            out.append(piece)
            continue
        out.append(_ESCAPED[piece[1]] if len(piece) > 1 else _CYCLE[at % 64].get(piece, piece))
        at += 1
    return "".join(out)
