"""What a task that a judge grades is: its items, and the aspects in which an answer is rated."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from langchain_core.messages import BaseMessage

from manyminds.errors import DataError
from manyminds.evals.sandbox import Limits
from manyminds.evals.tables import data_rows

Check: TypeAlias = Callable[[str, Limits | None], Awaitable[bool | None]]
"""Function from an answer, and the limits under which programs may run, to whether it is right;
None: the judge has to say."""

_FILES = (".json", ".jsonl", ".csv", ".parquet")


class Item(NamedTuple):
    """One conversation to answer.

    Attributes:
        id: Id of the item.
        turns: Messages of the user, one after the other; each is answered.
        reference: Answer to compare with, or that the judge is shown, for each turn; None: none.
        aspects: Names of the aspects in which it is rated; empty: all of the task.
        group: Category, by which figures are broken down.
        check: Grades the answer without a judge, for "grade"; None: the judge does.
        needs_judge: Whether a judge may be asked.
        place: Place of the row in its file, from 0.
        conversation: Asked in place of the first turn: what was said before, up to a message of
            the user or the result of a tool; empty: the turn is all there is.
        tools: Functions that the method may call, in the form of Chat Completions.
    """

    id: str
    turns: tuple[str, ...]
    reference: tuple[str | None, ...]
    aspects: tuple[str, ...] = ()
    group: str = ""
    check: Check | None = None
    needs_judge: bool = True
    place: int = 0
    conversation: tuple[BaseMessage, ...] = ()
    tools: tuple[Mapping[str, Any], ...] = ()


class JudgedTask(NamedTuple):
    """A task from the file that its authors publish.

    Attributes:
        name: Name on the command line.
        paper: Paper that it comes from.
        kind: "pair": compared with a reference answer in both orders; "rate": rated by aspects;
            "grade": right or wrong.
        read: Function from a row of the file to an item.
        aspects: Aspects and what they mean, for "rate".
        scale: Worst and best rating.
        files: Patterns of the files that the authors' own figure is made from: of a folder that has
            some of them, only those are read.
        left_out: Patterns of files that are not graded here, each with the reason.
    """

    name: str
    paper: str
    kind: Literal["pair", "rate", "grade"]
    read: Callable[[Mapping[str, Any], str], Item]
    aspects: Mapping[str, str] = {}
    scale: tuple[int, int] = (1, 10)
    files: Sequence[str] = ()
    left_out: Mapping[str, str] = {}

    @property
    def limits(self) -> tuple[int, int]:
        """Least and greatest rating."""
        return min(self.scale), max(self.scale)

    def items(self, path: Path) -> list[Item]:
        """Read the items of the authors' file, or of all files in a folder.

        Raises:
            DataError: A file cannot be read, or is not one of this task.
        """
        paths = self._chosen(path) if path.is_dir() else [path]
        found = [
            item._replace(id=f"{one.stem}-{item.id}") if path.is_dir() else item
            for one in paths
            for item in self._read(one)
        ]
        if not found:
            raise DataError(f"{path} has no rows: give the file of {self.name} ({self.paper})")
        return list(_distinct(found))

    def _chosen(self, folder: Path) -> list[Path]:
        """Return the files of a folder that are read."""
        data = sorted(one for one in folder.iterdir() if _is_data(one))
        graded = [one for one in data if self._why_not(one) is None]
        figure = [one for one in graded if any(fnmatch(one.name, each) for each in self.files)]
        return figure or graded or data

    def _why_not(self, path: Path) -> str | None:
        """Return why a file is not graded here; None: it is."""
        why = (reason for each, reason in self.left_out.items() if fnmatch(path.name, each))
        return next(why, None)

    def _read(self, path: Path) -> Iterator[Item]:
        if why := self._why_not(path):
            raise DataError(f"{path} is not graded here: {why}")
        for number, (where, row) in enumerate(data_rows(path)):
            try:
                item = self.read(row, str(number))
            except (KeyError, TypeError, IndexError, ValueError):
                raise DataError(
                    f"{where}: this is no row of {self.name}; give the file that the authors of "
                    f"{self.paper} publish"
                ) from None
            unknown = {*item.aspects} - {*self.aspects}
            if unknown:
                raise DataError(f"{where}: {self.name} has no aspect {unknown.pop()!r}")
            yield item._replace(place=number)


def _distinct(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items under ids that differ: answers and verdicts are kept by id."""
    seen = Counter[str]()
    for item in items:
        seen[item.id] += 1
        number = seen[item.id]
        yield item if number == 1 else item._replace(id=f"{item.id}#{number}")


def _is_data(path: Path) -> bool:
    return path.name.removesuffix(".gz").endswith(_FILES)
