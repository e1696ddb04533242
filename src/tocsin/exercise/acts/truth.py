"""Labels, by what a careful human would say."""

from __future__ import annotations

from tocsin.exercise.story import Label

PROXYLOGON = "proxylogon"
GENERAL = "web-shell-activity"

HTTPPROXY = ("exchange.httpproxy",)
"""The only log that holds the anchor and the answer to a server-side request."""

REFUSED = ("exchange.httpproxy", "event.application")
REQUESTS = ("iis.w3c", "iis.etw", "exchange.httpproxy")
STORED = ("exchange.ecp-server", "event.msexchange-management")
WRITTEN = ("event.sysmon", "web.file", "exchange.vdir-dump")
COMPILED = ("aspnet.compiled",)
PROCESSES = ("event.security", "event.sysmon")


def compromised(rung: str, note: str, kinds: tuple[str, ...]) -> Label:
    """A session, a write, execution or mail access, shown by rows of these kinds."""
    return Label(means="compromised", campaign=PROXYLOGON, rung=rung, note=note, kinds=kinds)


def exploited(rung: str, note: str) -> Label:
    """The flaw answered; access is not shown. Only the proxy log tells."""
    return Label(means="exploited", campaign=PROXYLOGON, rung=rung, note=note, kinds=HTTPPROXY)


def started(rung: str, note: str) -> Label:
    """A program that a web shell started: whatever pack says so is right."""
    return Label(means="compromised", rung=rung, note=note, kinds=PROCESSES)


def targeted(rung: str, note: str, kinds: tuple[str, ...] = REFUSED) -> Label:
    """Attempted, and not succeeded."""
    return Label(means="targeted", campaign=PROXYLOGON, rung=rung, note=note, kinds=kinds)


def part_of(rung: str, note: str) -> Label:
    """Done by the intruder, though the row could as well be honest: nobody can prove it from this."""
    return Label(means="compromised", campaign=PROXYLOGON, rung=rung, note=note, provable=False)


def context(note: str, rung: str = "", campaign: str = PROXYLOGON) -> Label:
    """Worth knowing, proves nothing: a look for a page that is not there, a cancelled request."""
    return Label(means="context", campaign=campaign, rung=rung, note=note, provable=False)


def benign(note: str) -> Label:
    """An honest act that looks like an attack to naive rules."""
    return Label(means="benign", note=note, provable=False)
