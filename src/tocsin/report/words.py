"""Plain language for the closed vocabularies: what each word means to the person who reads it.

A word is never told by colour alone: every tone comes with a sign and a word.
"""

from __future__ import annotations

from msgspec import Struct

from tocsin.model.verification import Overall, Removal
from tocsin.model.words import (
    Compromise,
    Exposure,
    Means,
    MitigationStatus,
    Presence,
    Residual,
    ShellContent,
    StepKind,
)


class Phrase(Struct, frozen=True):
    """A word of ours in plain language.

    Attributes:
        word: what stands in the headline.
        says: one sentence: what it claims and what it does not.
        tone: ``grave``, ``serious``, ``caution``, ``blind``, ``good`` or ``none``.
    """

    word: str
    says: str
    tone: str


SIGNS = {"grave": "■", "serious": "▲", "caution": "◆", "blind": "?", "good": "✓", "none": "·"}
"""A sign for every tone, so that print and colour-blind readers lose nothing."""

COMPROMISE = {
    Compromise.COMPROMISED: Phrase(
        "Compromised", "A session, a write, execution or access to mail is shown.", "grave"
    ),
    Compromise.EXPLOITED: Phrase(
        "Exploited", "The flaw answered an attacker; access is not shown.", "serious"
    ),
    Compromise.UNDETERMINED: Phrase(
        "Not shown to be clean",
        "The evidence cannot answer: what would show an intrusion is missing or incomplete.",
        "blind",
    ),
    Compromise.TARGETED: Phrase(
        "Targeted, no success shown",
        "Attempts were made; logs able to show success were read without gaps and show none.",
        "caution",
    ),
    Compromise.NO_EVIDENCE: Phrase(
        "No evidence of compromise",
        "Logs able to show an intrusion were read without gaps over the window and show none.",
        "good",
    ),
}

EXPOSURE = {
    Exposure.VULNERABLE: Phrase("Vulnerable", "The flaw is open.", "grave"),
    Exposure.PARTIALLY_MITIGATED: Phrase("Partially mitigated", "A mitigation covers part of it.", "serious"),
    Exposure.MITIGATED: Phrase(
        "Mitigated, not patched", "A mitigation holds the door; the flaw is there.", "caution"
    ),
    Exposure.PATCHED: Phrase("Patched", "The fix is installed. Patched is not clean.", "good"),
    Exposure.NOT_AFFECTED: Phrase("Not affected", "This product does not have the flaw.", "good"),
    Exposure.UNKNOWN: Phrase("Unknown", "The evidence does not show which build runs here.", "blind"),
}

NO_FLAW = Phrase("Does not apply", "This pack names no flaw.", "none")

OPEN_DOORS = {
    Exposure.VULNERABLE: "but vulnerable",
    Exposure.PARTIALLY_MITIGATED: "but not patched",
    Exposure.MITIGATED: "but not patched",
    Exposure.UNKNOWN: "exposure unknown",
}
"""What is told in the headline beside a mild compromise, the worst first."""

RESIDUAL = {
    Residual.PRESENT: Phrase("Still present", "Something of the intruder's is still on the server.", "grave"),
    Residual.NONE_SEEN: Phrase("None seen", "Nothing of the intruder's was seen at collection.", "good"),
    Residual.UNKNOWN: Phrase("Unknown", "The evidence cannot tell what is still there.", "blind"),
}

MEANS = {
    Means.COMPROMISED: Phrase("Compromised", "Shows access.", "grave"),
    Means.EXPLOITED: Phrase("Exploited", "Shows that the flaw answered.", "serious"),
    Means.TARGETED: Phrase("Targeted", "Shows an attempt.", "caution"),
    Means.CONTEXT: Phrase("Context", "Explains; claims nothing by itself.", "blind"),
}

MITIGATION = {
    MitigationStatus.EFFECTIVE: Phrase("Effective", "Files prove that it works.", "good"),
    MitigationStatus.PARTIAL: Phrase("Partial", "It covers part, or can be got round.", "serious"),
    MitigationStatus.CONFIGURATION_INVALID: Phrase(
        "Configuration invalid",
        "It is written in a file that the server cannot read: it does nothing.",
        "grave",
    ),
    MitigationStatus.ABSENT: Phrase("Absent", "The files show that it is not there.", "caution"),
    MitigationStatus.UNKNOWN: Phrase("Unknown", "The files that would show it are missing.", "blind"),
}

PRESENCE = {
    Presence.PRESENT: Phrase("Present", "On the server at collection.", "grave"),
    Presence.NOT_SERVED_SINCE: Phrase(
        "Not served since",
        "The server stopped answering for it; that it was removed is not shown.",
        "caution",
    ),
    Presence.ABSENT_ON_DISK: Phrase(
        "Absent on disk", "Its folder was collected and it is not in it.", "caution"
    ),
    Presence.REMOVAL_EVIDENCED: Phrase("Removal evidenced", "A record shows its removal.", "good"),
    Presence.UNKNOWN: Phrase("Unknown", "The evidence cannot tell whether it is still there.", "blind"),
}

CONTENT = {
    ShellContent.LIVE: Phrase("Live", "It would run what it is sent.", "grave"),
    ShellContent.INERT: Phrase("Inert", "It would not run anything.", "caution"),
    ShellContent.NEUTRALISED: Phrase("Neutralised", "Its code was taken out.", "good"),
    ShellContent.UNKNOWN: Phrase("Not seen", "The file itself is not in the evidence.", "blind"),
}

STATE_UNSURE = Phrase(
    "Cannot be told", "Whether its code would run depends on what the evidence does not show.", "blind"
)

REMOVAL = {
    Removal.EVIDENCED: Phrase("Removal evidenced", "A record shows its removal.", "good"),
    Removal.ABSENT: Phrase("Absent on disk", "Its folder was collected and it is not in it.", "good"),
    Removal.NOT_SERVED: Phrase(
        "Not served since",
        "The server stopped answering for it; that it was removed is not shown.",
        "caution",
    ),
    Removal.PRESENT: Phrase("Still present", "It is where it was.", "grave"),
    Removal.CHANGED: Phrase("Changed", "Something else stands in its place.", "grave"),
    Removal.REAPPEARED: Phrase("Reappeared", "It was gone, and is back.", "grave"),
    Removal.CANNOT_TELL: Phrase("Cannot tell", "Nothing in the evidence shows what became of it.", "blind"),
}

OVERALL = {
    Overall.REMOVED: Phrase("Removed", "Every known web shell is shown to be gone.", "good"),
    Overall.NOT_REMOVED: Phrase("Not removed", "Web shells are still there, or new ones are.", "grave"),
    Overall.CANNOT_TELL: Phrase("Cannot tell", "The evidence does not show it either way.", "blind"),
}

STEP = {
    StepKind.PRESERVE: "Preserve evidence",
    StepKind.CONTAIN: "Contain",
    StepKind.MITIGATION: "Mitigate",
    StepKind.REMEDIATION: "Patch",
    StepKind.EVICTION: "Evict the intruder",
    StepKind.VERIFY: "Verify",
    StepKind.REPORT: "Report",
}

AUDIENCE = {
    "everyone": "Everyone",
    "forensic": "With forensic expertise",
    "without-forensics": "Without forensic expertise",
}

ROLE = {
    "intruder": "Intruder",
    "shell-user": "Web-shell user",
    "shell-scanner": "Scanner looking for web shells",
    "prober": "Prober",
}

KEY_DATE = {
    "first-exploited": "First exploited",
    "disclosed": "Disclosed",
    "patch-available": "Patch available",
}

GRAVITY = (
    Compromise.NO_EVIDENCE,
    Compromise.TARGETED,
    Compromise.UNDETERMINED,
    Compromise.EXPLOITED,
    Compromise.COMPROMISED,
)
"""The order in which several verdicts compete for the headline. Not knowing outranks attempts only."""
