"""The closed vocabularies: what a finding means, what a server is, what is left on it."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Means(StrEnum):
    """What a finding means for the server, in rising gravity."""

    CONTEXT = "context"
    TARGETED = "targeted"
    EXPLOITED = "exploited"
    COMPROMISED = "compromised"

    @property
    def gravity(self) -> int:
        """0 for context up to 3 for compromised."""
        return _MEANS_ORDER.index(self.value)


_MEANS_ORDER = ("context", "targeted", "exploited", "compromised")


class Compromise(StrEnum):
    """What the evidence says was done. History: it does not fade when the server is cleaned."""

    UNDETERMINED = "undetermined"
    NO_EVIDENCE = "no-evidence"
    TARGETED = "targeted"
    EXPLOITED = "exploited"
    COMPROMISED = "compromised"


class Exposure(StrEnum):
    """Whether the flaw is open on this server."""

    VULNERABLE = "vulnerable"
    PARTIALLY_MITIGATED = "partially-mitigated"
    MITIGATED = "mitigated"
    PATCHED = "patched"
    NOT_AFFECTED = "not-affected"
    UNKNOWN = "unknown"


class Residual(StrEnum):
    """What is still there at collection."""

    PRESENT = "present"
    NONE_SEEN = "none-seen"
    UNKNOWN = "unknown"


class MitigationStatus(StrEnum):
    """Whether a mitigation works, as far as files prove it. Only ``effective`` makes ``mitigated``."""

    EFFECTIVE = "effective"
    PARTIAL = "partial"
    CONFIGURATION_INVALID = "configuration-invalid"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Presence(StrEnum):
    """Whether a web shell is on the server at collection."""

    PRESENT = "present"
    NOT_SERVED_SINCE = "not-served-since"
    ABSENT_ON_DISK = "absent-on-disk"
    REMOVAL_EVIDENCED = "removal-evidenced"
    UNKNOWN = "unknown"


class ShellContent(StrEnum):
    """Whether a web shell would do something if it were served."""

    LIVE = "live"
    INERT = "inert"
    NEUTRALISED = "neutralised"
    UNKNOWN = "unknown"


class StepKind(StrEnum):
    """Kinds of course of action, in the order in which they are taken."""

    PRESERVE = "preserve"
    CONTAIN = "contain"
    MITIGATION = "mitigation"
    REMEDIATION = "remediation"
    EVICTION = "eviction"
    VERIFY = "verify"
    REPORT = "report"


class Confidence(IntEnum):
    """How sure an artefact module is that a file is of its kind."""

    NO = 0
    LOCATION = 1
    """The place fits, the content does not contradict."""
    SHAPE = 2
    """The content looks right without a native header."""
    SIGNATURE = 3
    """A magic number or a native header says so."""
