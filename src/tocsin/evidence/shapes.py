"""What single values of web logs look like: enough to tell which column a value belongs to.

Used only where a log does not say itself: rows without a header, rows with a value too many or too
few. Evidence is often anonymised (``xxx``, ``10.7x.xx.2x``), so a shape says "fits", never "is valid".
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tocsin.model.times import parse_utc

Shape = Callable[[str], bool]

_DATE = re.compile(r"(?:19|20)\d\d-\d\d-\d\d", re.ASCII)
_CLOCK = re.compile(r"\d\d?:\d\d:\d\d(?:\.\d{1,7})?", re.ASCII)
_IPV4 = re.compile(r"[\dx*]{1,3}(?:\.[\dx*]{1,3}){3}(?::\d{1,5})?", re.ASCII | re.IGNORECASE)
_IPV6 = re.compile(
    r"\[?(?:[0-9a-f]{0,4}:){2,8}[0-9a-f.]{0,15}(?:%\w{1,16})?(?:\]:\d{1,5}|\])?", re.IGNORECASE
)
_METHOD = re.compile(r"[A-Z][A-Z_-]{1,23}")
_STATUS = re.compile(r"[1-5]\d\d", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,20}", re.ASCII)
_VERSION = re.compile(r"HTTP/\d(?:\.\d)?", re.ASCII | re.IGNORECASE)
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,62}\.)+[a-z][a-z0-9-]{1,62}(?::\d{1,5})?", re.IGNORECASE)
_GUID = re.compile(r"\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?", re.IGNORECASE)
_TIME_LIKE = re.compile(r"\s?\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}[T ,]{1,2}\d{1,2}[:.]\d\d", re.ASCII)
_AGENT = re.compile(
    r"[A-Za-z][\w.+-]{1,40}/v?\d|.{0,64}(?:Mozilla|MSIE|Outlook|Probe|WinRM|requests|urllib|curl|bot\b)"
)


def is_date(value: str) -> bool:
    """``2021-03-03``."""
    return _DATE.fullmatch(value) is not None


def is_clock(value: str) -> bool:
    """``06:49:42``, with a fraction or not."""
    return _CLOCK.fullmatch(value) is not None


def is_ip(value: str) -> bool:
    """An IPv4 or IPv6 address, with zone, port or brackets, anonymised or not."""
    if len(value) > 64:  # noqa: PLR2004 - the longest form with zone and port is shorter
        return False
    return _IPV4.fullmatch(value) is not None or _IPV6.fullmatch(value) is not None


def is_ip_list(value: str) -> bool:
    """Addresses separated by commas, as X-Forwarded-For has them."""
    parts = value.replace("+", "").split(",")
    return len(parts) < 32 and all(is_ip(part.strip()) for part in parts)  # noqa: PLR2004 - a chain, not a list


def is_method(value: str) -> bool:
    """An HTTP method, those of WebDAV and RPC over HTTP included."""
    return _METHOD.fullmatch(value) is not None


def is_path(value: str) -> bool:
    """The path of a request."""
    return value.startswith(("/", "http://", "https://")) or value == "*"


def is_status(value: str) -> bool:
    """A status of three digits."""
    return _STATUS.fullmatch(value) is not None


def is_number(value: str) -> bool:
    """Digits, with a sign or not."""
    return _NUMBER.fullmatch(value) is not None


def is_http_version(value: str) -> bool:
    """``HTTP/1.1``."""
    return _VERSION.fullmatch(value) is not None


def is_host(value: str) -> bool:
    """A host name of two labels or more."""
    return _HOST.fullmatch(value) is not None


def is_guid(value: str) -> bool:
    """A GUID with or without dashes or braces."""
    return _GUID.fullmatch(value) is not None


def is_agent(value: str) -> bool:
    """A user agent: ``Name/1.0``, or a name that only agents have."""
    return not value.startswith(("/", "http")) and _AGENT.match(value) is not None


def is_referer(value: str) -> bool:
    """An absolute URL, as a Referer is."""
    return value.startswith(("http://", "https://"))


def is_moment(value: str) -> bool:
    """A date with a time that can be read in one way."""
    return parse_utc(value) is not None


def is_time_like(value: str) -> bool:
    """A date with a time in any order: it fits a column for times, although it may not be readable."""
    return _TIME_LIKE.match(value) is not None


def is_truth(value: str) -> bool:
    """``true`` or ``False``."""
    return value.lower() in {"true", "false"}
