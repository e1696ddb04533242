"""Which pure function a word of the languages stands for.

Where languages share a word with different meaning, the table of the language comes first.
"""

from __future__ import annotations

from collections.abc import Mapping

from tocsin.detections.webshells.encodings import (
    from_base64,
    from_hex_text,
    inflated,
    packed,
    rotated,
    spoken,
    to_base64,
    to_hex_text,
    unquoted,
    unquoted_utf8,
    unslashed,
    written,
)
from tocsin.detections.webshells.pure import (
    Pure,
    as_text,
    at,
    between,
    blanks,
    character,
    characters,
    chunks,
    code_at,
    code_of,
    concatenated,
    counted,
    exploded,
    first_upper,
    formatted,
    found,
    found_basic,
    from_hex,
    hexadecimal,
    items,
    joined,
    joined_basic,
    left,
    listed,
    low_character,
    lower,
    middle,
    number,
    numbers,
    padded_left,
    part,
    printed,
    repeated,
    replaced,
    right,
    row,
    same,
    split,
    str_replaced,
    text,
    translated,
    trimmed,
    turned,
    upper,
    upper_bound,
)

_EVERYWHERE: Mapping[str, Pure] = {
    "chr": character, "chrw": character, "asc": code_of, "ascw": code_of, "ord": code_of, "replace": replaced,
    "strreverse": turned, "reverse": turned, "strrev": turned, "split": split, "join": joined,
    "concat": concatenated,
    "mid": middle, "left": left, "right": right, "len": counted, "strlen": counted, "length": counted,
    "count": counted,
    "ucase": upper, "lcase": lower, "toupper": upper, "tolower": lower, "touppercase": upper,
    "tolowercase": lower,
    "toupperinvariant": upper, "tolowerinvariant": lower, "trim": trimmed, "ltrim": trimmed, "rtrim": trimmed,
    "substring": part, "substr": part, "slice": between, "indexof": found, "instr": found_basic,
    "ubound": upper_bound,
    "space": blanks, "string": row, "hex": hexadecimal, "cint": number, "clng": number, "cbyte": number,
    "cdbl": number,
    "val": number, "cstr": as_text, "tostring": as_text, "format": formatted, "array": listed, "chars": at,
    "charat": at,
    "elementat": at, "charcodeat": code_at, "fromcharcode": characters, "fromcharcodes": characters,
    "unescape": unquoted, "decodeuri": unquoted_utf8, "decodeuricomponent": unquoted_utf8,
    "urldecode": unquoted_utf8,
    "atob": from_base64, "frombase64string": from_base64, "tobase64string": to_base64, "btoa": to_base64,
    "getstring": spoken, "getbytes": written, "tochararray": items, "toarray": same, "padleft": padded_left,
    "parseint": number, "toint32": number, "toint16": number, "tobyte": number, "tochar": character,
    "int32": number,
    "parse": number, "tolist": same, "valueof": as_text, "copyvalueof": as_text, "b64decode": from_base64,
    "base64decode": from_base64, "decodebuffer": from_base64, "decodebase64": from_base64,
    "parsebase64binary": from_base64,
    "parsehexbinary": from_hex_text, "repeat": repeated, "intern": same, "normalize": same,
}  # fmt: skip
_OWN: Mapping[str, Mapping[str, Pure]] = {
    "vbscript": {"join": joined_basic, "filter": same},
    "java": {"substring": between, "decode": from_base64},
    "jscript": {"substring": between, "substr": part, "string": as_text, "number": number},
    "csharp": {"string": spoken},
    "php": {
        "chr": low_character, "str_replace": str_replaced, "strtr": translated, "implode": joined,
        "explode": exploded,
        "str_split": chunks, "str_repeat": repeated, "strtolower": lower, "strtoupper": upper,
        "base64_decode": from_base64,
        "base64_encode": to_base64, "hex2bin": from_hex_text, "bin2hex": to_hex_text, "gzinflate": inflated,
        "gzuncompress": inflated, "gzdecode": inflated, "str_rot13": rotated, "pack": packed,
        "urldecode": unquoted,
        "rawurldecode": unquoted, "sprintf": printed, "strval": as_text, "intval": number, "range": numbers,
        "dechex": lambda value: hexadecimal(value).lower(), "hexdec": from_hex, "ucfirst": first_upper,
        "stripslashes": unslashed, "array_reverse": turned, "strpos": found, "trim": trimmed,
        "sizeof": counted,
        "bindec": lambda value: int(text(value)[:64], 2), "octdec": lambda value: int(text(value)[:22], 8),
        "join": joined,
    },
}  # fmt: skip


def function_of(language: str, name: str) -> Pure | None:
    """Give the pure function that the last word of a name (lower case) stands for, if there is one."""
    return _OWN.get(language, {}).get(name) or _EVERYWHERE.get(name)
