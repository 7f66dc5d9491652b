"""What an import has to say afterwards: how many went in, and for each row that did not, why."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from models.refusal import Refusal, UserErrorCode

PROBLEMS_KEPT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file. `row` counts as a spreadsheet shows it (the header is 1); `column` may be empty."""

    row: int
    column: str
    code: UserErrorCode
    reason: str
    handle: str = ""

    def __str__(self) -> str:
        place = f"row {self.row}" + (f", {self.column}" if self.column else "")
        return f"{place}: {self.reason}" + (f" ({self.handle})" if self.handle else "")


class UnreadableFile(Refusal):
    """The file as a whole cannot be imported: nothing of it was."""

    def __init__(self, reason: str, *, row: int = 1, column: str = "") -> None:
        super().__init__(UserErrorCode.INVALID, f"文件无法导入：{reason}", reason)
        self.problem = Problem(row, column, UserErrorCode.INVALID, reason)


@dataclass(slots=True)
class ImportReport:
    """`rejected` counts what was wholly left out; `problems` keeps the first thousand of `problem_count`."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    problem_count: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether everything in the file went in."""
        return self.problem_count == 0

    def note(self, problems: Sequence[Problem]) -> None:
        """Keep what went wrong, up to the limit; the count goes on."""
        self.problem_count += len(problems)
        self.problems.extend(problems[: PROBLEMS_KEPT - len(self.problems)])

    def reject(self, problems: Sequence[Problem]) -> None:
        """Count one product or review as left out, for these reasons."""
        self.rejected += 1
        self.note(problems)
