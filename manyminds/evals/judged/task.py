"""What a task that a judge grades is: its items, and the aspects in which an answer is rated."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from manyminds.errors import DataError
from manyminds.evals.tables import data_rows


class Item(NamedTuple):
    """One conversation to answer.

    Attributes:
        id: Id of the item.
        turns: Messages of the user, one after the other; each is answered.
        reference: Answer to compare with, or that the judge is shown, for each turn; None: none.
        aspects: Names of the aspects in which it is rated; empty: all of the task.
        group: Category, by which figures are broken down.
    """

    id: str
    turns: tuple[str, ...]
    reference: tuple[str | None, ...]
    aspects: tuple[str, ...] = ()
    group: str = ""


class JudgedTask(NamedTuple):
    """A task from the file that its authors publish.

    Attributes:
        name: Name on the command line.
        paper: Paper that it comes from.
        kind: "pair": compared with a reference answer in both orders; "rate": rated by aspects.
        read: Function from a row of the file to an item, None where the row is none.
        aspects: Aspects and what they mean, for "rate".
        scale: Least and greatest rating.
    """

    name: str
    paper: str
    kind: Literal["pair", "rate"]
    read: Callable[[Mapping[str, Any], str], Item]
    aspects: Mapping[str, str] = {}
    scale: tuple[int, int] = (1, 10)

    def items(self, path: Path) -> list[Item]:
        """Read the items of the authors' file.

        Raises:
            DataError: The file cannot be read, or is not one of this task.
        """
        found = list(self._read(path))
        if not found:
            raise DataError(f"{path} has no rows: give the file of {self.name} ({self.paper})")
        return found

    def _read(self, path: Path) -> Iterator[Item]:
        for number, (where, row) in enumerate(data_rows(path)):
            try:
                item = self.read(row, str(number))
            except (KeyError, TypeError, IndexError):
                raise DataError(
                    f"{where}: this is no row of {self.name}; give the file that the authors of "
                    f"{self.paper} publish"
                ) from None
            unknown = {*item.aspects} - {*self.aspects}
            if unknown:
                raise DataError(f"{where}: {self.name} has no aspect {unknown.pop()!r}")
            yield item
