"""Advice as a pack would give it, in the little Markdown that advice is written in."""

from __future__ import annotations

from tocsin.model.verdicts import NextStep
from tocsin.model.words import StepKind

_PRESERVE = r"""
# Copy before you change anything

Take an image of the disk and of memory, or at least copy
`inetpub\logs`, `Logging` and the event logs to another machine.

Do not run a scanner that deletes what it finds first:

- it removes the proof
- and the names you need to look for on other servers
"""
_CONTAIN = """
Close port 443 to the internet until the server is patched. Agree on what to do over the telephone:
mail on this server may be read.
"""
_PATCH = """
Install KB5000871 for your cumulative update, from an elevated prompt. Patched is not clean: the fix
closes the door behind the intruder.
"""
_HUNT = """
# List every page written since 3 January 2021

List every server page written since 3 January 2021 below the web roots and compare with the
known-good list. Look at `Temporary ASP.NET Files` for pages that are gone.
"""
_CALL = """
Ask a responder before you delete the page. Rebuild the server from media if nobody can tell what the
intruder did.
"""
_RESET = "Change the passwords of every account that logged on to this server, and the machine account twice."
_VERIFY = "Collect again after the removal and assess again: only evidence closes the case."
_REPORT = "Report to your national CERT, and to the data-protection authority if mail was read."

STEPS = (
    NextStep(id="isolate-evidence", kind=StepKind.PRESERVE, text=_PRESERVE.strip()),
    NextStep(id="cut-443", kind=StepKind.CONTAIN, text=_CONTAIN.strip()),
    NextStep(id="patch-su", kind=StepKind.REMEDIATION, text=_PATCH.strip()),
    NextStep(id="hunt-shells", kind=StepKind.EVICTION, audience="forensic", text=_HUNT.strip()),
    NextStep(id="call-help", kind=StepKind.EVICTION, audience="without-forensics", text=_CALL.strip()),
    NextStep(id="reset-credentials", kind=StepKind.EVICTION, text=_RESET),
    NextStep(id="verify-again", kind=StepKind.VERIFY, text=_VERIFY),
    NextStep(id="tell-cert", kind=StepKind.REPORT, text=_REPORT),
)
