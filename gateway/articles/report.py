"""What an import did: one line a file, and the sums."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Outcome(StrEnum):
    """What became of one file."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Line:
    """One file's outcome: the headline of what it holds and, where there is something to say, why."""

    path: Path
    outcome: Outcome
    headline: str = ""
    why: str = ""
    article_id: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Every file's outcome, in the order in which they were read."""

    lines: tuple[Line, ...]

    def count(self, outcome: Outcome) -> int:
        """Count the files with this outcome."""
        return sum(line.outcome is outcome for line in self.lines)

    @property
    def failed(self) -> bool:
        """Whether any file was refused or failed, or none was found at all."""
        return not self.lines or any(line.outcome in {Outcome.REFUSED, Outcome.FAILED} for line in self.lines)

    @property
    def exit_code(self) -> int:
        """The command's exit code: 1 if any file was refused or failed, else 0."""
        return 1 if self.failed else 0


def describe(report: Report) -> str:
    """Describe an import to the person who ran it: what was not imported by name and reason, then the sums."""
    if not report.lines:
        return "No files to import: want ninjs (.json), Markdown (.md) or saved pages (.html)."
    told = [
        f"{line.outcome:<9}  {_printable(line.path)}{': ' if line.why else ''}{line.why}"
        for line in report.lines
        if line.why or line.outcome is not Outcome.UNCHANGED
    ]
    sums = Counter(line.outcome for line in report.lines)
    files = "1 file" if len(report.lines) == 1 else f"{len(report.lines)} files"
    return "\n".join([*told, f"{files}: " + ", ".join(f"{sums[outcome]} {outcome}" for outcome in Outcome)])


def _printable(path: Path) -> str:
    """Write bytes of a name that are not UTF-8 as escapes, since a terminal's encoding takes no surrogates."""
    return str(path).encode("utf-8", "backslashreplace").decode()
