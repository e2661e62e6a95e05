"""How far an evaluation is: a line on a terminal's standard error, nothing in a pipe."""

import sys
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from manyminds.apps.misses import Misses
from manyminds.apps.terminal import complain, console, counted, dollars, one_line, watched
from manyminds.evals.eval_log import Outcome


def bar() -> Progress:
    """Return a progress bar for a terminal's standard error; elsewhere it shows nothing."""
    return Progress(
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.description}", markup=False),
        TimeRemainingColumn(),
        console=console(sys.stderr),
        disable=not watched(),
        transient=True,
    )


def interrupted(done: str, out: Path | None, option: str | None) -> KeyboardInterrupt:
    """Return the end by Ctrl-C that says what was done and where it is kept.

    Args:
        done: What was done, such as "3 rows of 12".
        out: Folder or file that keeps it.
        option: Option that names it; None: the command keeps nothing.
    """
    if out is not None:
        kept = f"; {done} are kept in {out}: the same command continues from there"
        return KeyboardInterrupt(kept)
    rest = "nothing was kept" if option is None else f"{option} would have kept them"
    return KeyboardInterrupt(f" after {done}; {rest}")


@contextmanager
def counting(
    noun: str, total: int, out: Path | None = None, *, option: str | None = None
) -> Generator[Callable[[], None]]:
    """Show how many of `total` are done, also after Ctrl-C; gives the function that counts one."""
    with bar() as shown:
        task = shown.add_task(f"{noun}s", total=total)
        try:
            yield lambda: shown.advance(task)
        except KeyboardInterrupt:
            done = f"{counted(int(shown.tasks[task].completed), noun)} of {total:,}"
            raise interrupted(done, out, option) from None


class EvalProgress:
    """Counts finished rows, and shows them on a terminal.

    Args:
        total: Rows that there will be.
        misses: Collects the rows that were graded as wrong.
        out: Folder that keeps the rows.

    Attributes:
        total: rows that there will be.
        rows: rows done, those of an earlier start included.
        errors: why runs have no answer, and how often.
    """

    def __init__(self, total: int, misses: Misses, out: Path | None) -> None:
        self.total, self.rows = total, 0
        self._misses, self._out = misses, out
        self.errors: Counter[str] = Counter()
        self._right = self._graded = self._calls = 0
        self._cost: float | None = None
        self._bar = bar()
        self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> "EvalProgress":
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        self._bar.stop()
        if kind is KeyboardInterrupt:
            done = f"{counted(self.rows, 'row')} of {self.total:,}"
            raise interrupted(done, self._out, "--out DIR") from None

    def add(self, outcome: Outcome) -> None:
        """Count one finished row."""
        self.rows += 1
        self._misses.add(outcome)
        self._calls += outcome["calls"]
        if outcome["correct"] is not None:
            self._graded += 1
            self._right += outcome["correct"]
        if outcome["error"] is not None:
            self.errors[outcome["error"]] += 1
        if outcome["cost"] is not None:
            self._cost = (self._cost or 0.0) + outcome["cost"]
        self._bar.update(self._task, completed=self.rows, description=self._line())

    def complain(self) -> None:
        """Print the most common reasons of runs without an answer, and the unread replies."""
        for why, count in self.errors.most_common(3):
            complain(f"{counted(count, 'run')} ended without an answer: {one_line(why)}")
        self._misses.warn()

    def _line(self) -> str:
        parts = [f"{self._calls:,} calls"]
        if self._graded:
            parts.insert(0, f"{self._right / self._graded:.1%} right")
        if self._cost is not None:
            parts.append(dollars(self._cost))
        return ", ".join(parts)
