"""What a task that a judge grades is: its items, and the aspects in which an answer is rated."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

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
    """

    id: str
    turns: tuple[str, ...]
    reference: tuple[str | None, ...]
    aspects: tuple[str, ...] = ()
    group: str = ""
    check: Check | None = None
    needs_judge: bool = True
    place: int = 0


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
    """

    name: str
    paper: str
    kind: Literal["pair", "rate", "grade"]
    read: Callable[[Mapping[str, Any], str], Item]
    aspects: Mapping[str, str] = {}
    scale: tuple[int, int] = (1, 10)

    @property
    def limits(self) -> tuple[int, int]:
        """Least and greatest rating."""
        return min(self.scale), max(self.scale)

    def items(self, path: Path) -> list[Item]:
        """Read the items of the authors' file, or of all files in a folder.

        Raises:
            DataError: A file cannot be read, or is not one of this task.
        """
        paths = sorted(p for p in path.iterdir() if _is_data(p)) if path.is_dir() else [path]
        found = [
            item._replace(id=f"{one.stem}-{item.id}") if path.is_dir() else item
            for one in paths
            for item in self._read(one)
        ]
        if not found:
            raise DataError(f"{path} has no rows: give the file of {self.name} ({self.paper})")
        return found

    def _read(self, path: Path) -> Iterator[Item]:
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


def _is_data(path: Path) -> bool:
    return path.name.removesuffix(".gz").endswith(_FILES)
