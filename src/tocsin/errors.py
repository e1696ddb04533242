"""The error tree. Every message says what, where, and what to do now.

::

    TocsinError
    ├── EnvironmentFault        the machine lacks something            exit 3
    ├── EvidenceError           the evidence as a whole cannot be read exit 4
    │   ├── LimitExceeded       a bound on size, ratio, depth, count or time
    │   └── UnsafeEntry         a name that would leave the evidence
    ├── ArtefactError           one artefact cannot be read: it becomes missing coverage
    ├── UsageFault              the command was called wrongly          exit 2
    ├── ScenarioError           an exercise's scenario is wrong         exit 2
    ├── CensusError             a census cannot be taken in, at file:line  exit 4
    └── PackError               a campaign pack is wrong, at file:line  exit 2
        └── RuleError           one rule in it is
"""

from __future__ import annotations


class TocsinError(Exception):
    """Base of all errors that Tocsin raises on purpose.

    Attributes:
        what: one sentence, what went wrong.
        where: ``path`` or ``path:line``, or an empty string.
        remedy: what the reader can do now, or an empty string.
    """

    exit_status = 3

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        """Keep the three parts apart, so that a report can lay them out."""
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        """``where: what. remedy``."""
        place = f"{self.where}: " if self.where else ""
        advice = f" {self.remedy}" if self.remedy else ""
        return f"{place}{self.what}{advice}"


class EnvironmentFault(TocsinError):
    """The machine lacks something that Tocsin needs."""


class EvidenceError(TocsinError):
    """The evidence as a whole cannot be opened or read."""

    exit_status = 4


class LimitExceeded(EvidenceError):
    """A bound on size, ratio, depth, count or time was reached."""


class UnsafeEntry(EvidenceError):
    """An entry's name would lead outside the evidence, or back into itself."""


class ArtefactError(TocsinError):
    """One artefact cannot be read; the caller turns this into missing coverage."""

    exit_status = 4


class UsageFault(TocsinError):
    """The command was called in a way that cannot work."""

    exit_status = 2


class ScenarioError(TocsinError):
    """An exercise's scenario is wrong, at file:line."""

    exit_status = 2


class CensusError(TocsinError):
    """A census file, or the layout that should read it, cannot be taken in (or not to its end)."""

    exit_status = 4


class PackError(TocsinError):
    """A campaign pack is wrong."""

    exit_status = 2


class RuleError(PackError):
    """One rule of a campaign pack is wrong."""
