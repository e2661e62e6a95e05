"""Replies that an evaluation graded as wrong or could not read, for the screen."""

from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from manyminds.apps.terminal import complain, counted, one_line
from manyminds.evals.data import Row
from manyminds.evals.eval_log import Outcome
from manyminds.evals.result import is_unread

_REPLIES = 2  # shown in the warning
_SHARE = 0.2  # of unread runs, from which on the warning is printed
_LONGEST = 200  # characters of a reply on the screen


class Misses:
    """Collects the outcomes that were graded as wrong.

    Args:
        rows: The questions.
        most: Number of misses to keep for `table`.
    """

    def __init__(self, rows: Sequence[Row], most: int) -> None:
        self._golds = {row["id"]: [row["answer"], *row.get("aliases", ())] for row in rows}
        self._most = most
        self._wrong: list[Outcome] = []
        self._unread: list[str] = []
        self._replies: list[str] = []
        self._graded = self._right = self._not_read = 0

    def add(self, outcome: Outcome) -> None:
        """Look at one finished run."""
        if outcome["correct"] is None:
            return
        self._graded += 1
        self._right += outcome["correct"]
        if outcome["correct"]:
            return
        if len(self._wrong) < self._most:
            self._wrong.append(outcome)
        unread, reply = is_unread(outcome), outcome.get("reply", "")
        self._not_read += unread
        for kept in (self._replies, *([self._unread] if unread else [])):
            if reply and len(kept) < _REPLIES:
                kept.append(reply)

    def warn(self) -> None:
        """Print a warning where many replies could not be read, or none was right."""
        if not self._graded or self._not_read <= _SHARE * self._graded and self._right:
            return
        replies = self._unread if self._not_read > _SHARE * self._graded else self._replies
        shown = " and ".join(f'"{one_line(_end(reply), _LONGEST)}"' for reply in replies)
        found = (
            f"in {self._not_read:,} of {counted(self._graded, 'graded run')} nothing could be read"
        )
        if self._not_read <= _SHARE * self._graded:
            found = f"none of {counted(self._graded, 'graded run')} was right"
        complain(
            f"{found}{'; replies: ' + shown if shown else ''}; look at --misses 10, and give "
            "--extract or --prompt if the answers are right"
        )

    def table(self) -> Table:
        """Return the replies graded as wrong, and why."""
        table = Table("question", "expected", "read", "why", "end of the reply", box=None)
        for one in self._wrong:
            golds = " | ".join(gold for gold in self._golds[one["id"]] if gold is not None)
            read = one.get("read")
            cells = (one["id"], golds, "-" if read is None else read, _why(one), _reply(one))
            table.add_row(*(Text(one_line(cell, _LONGEST)) for cell in cells))
        return table


def read_as(extract: str | None) -> str:
    """Name the extraction for the screen."""
    return "each row by its reference answer" if extract is None else extract


def _why(outcome: Mapping[str, object]) -> str:
    if outcome["error"] is not None:
        return f"no answer: {outcome['error']}"
    kind = outcome.get("kind")
    if kind is None:
        return "its flag or its tests say so"
    if outcome.get("read") is None:
        return f"nothing of kind {kind} could be read"
    return f"differs as {kind}"


def _reply(outcome: Outcome) -> str:
    return _end(outcome.get("reply", outcome["answer"]))


def _end(reply: str) -> str:
    return reply if len(reply) <= _LONGEST else f"\u2026{reply[-_LONGEST + 1 :]}"
