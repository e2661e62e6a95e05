"""A judge's verdicts, kept in a folder: those that are there are not asked again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from manyminds.evals.judged.judge import Judge
from manyminds.evals.judged.task import Item
from manyminds.evals.statistics.judges import Judgement
from manyminds.json_lines import LineFile, json_lines

JUDGEMENTS, RATINGS = "judgements.jsonl", "ratings.jsonl"


class Verdicts:
    """Verdicts of one judge.

    Args:
        judge: The judge; None where no item needs one.
        folder: Folder of the files; None keeps nothing. Verdicts of another model, or by another
            prompt, are not taken from it, and neither are those on other answers.
    """

    def __init__(self, judge: Judge | None, folder: Path | None) -> None:
        self._judge = judge
        self._by = {} if judge is None else {"by": judge.model, "prompt": judge.prompt}
        self._files = [
            None if folder is None else LineFile(folder / name) for name in (JUDGEMENTS, RATINGS)
        ]
        self._known: dict[tuple[object, ...], Mapping[str, Any]] = {}
        for name in (JUDGEMENTS, RATINGS) if folder is not None else ():
            path = Path(str(folder)) / name
            for _, row in json_lines(path) if path.exists() else ():
                if {key: row.get(key) for key in self._by} == self._by:
                    self._known[_key(row)] = row

    async def pair(
        self, item: Item, shown: tuple[str, str], texts: tuple[str, str], repeat: int
    ) -> Judgement | None:
        """Return which of two answers is better, shown in this order; None: not read."""
        lengths = (len(texts[0]), len(texts[1]))
        row: dict[str, Any] = {**self._by, "question": item.id, "shown": shown}
        row |= {"lengths": lengths, "repeat": repeat}
        known = self._known.get(_key(row))
        picked = known["picked"] if known else await self._asked.prefers(item.turns[0], texts)
        if picked is None:
            return None
        if not known:
            self._keep(0, {**row, "picked": picked})
        return Judgement(item.id, shown, lengths, int(picked))

    async def ratings(self, item: Item, said: list[str], repeat: int) -> Mapping[str, float]:
        """Return the ratings of the last of some turns; empty where none could be read."""
        row: dict[str, Any] = {**self._by, "question": item.id, "turn": len(said)}
        row |= {"lengths": [len(said[-1])], "repeat": repeat}
        known = self._known.get(_key(row))
        found = known["ratings"] if known else await self._asked.rates(item, said)
        if found and not known:
            self._keep(1, {**row, "ratings": found})
        return found

    async def right(self, item: Item, answer: str, repeat: int) -> bool | None:
        """Return whether an answer is right; None where the verdict could not be read."""
        row: dict[str, Any] = {**self._by, "question": item.id, "turn": 1}
        row |= {"lengths": [len(answer)], "repeat": repeat}
        known = self._known.get(_key(row))
        found = known["ratings"]["right"] if known else await self._asked.correct(item, answer)
        if found is not None and not known:
            self._keep(1, {**row, "ratings": {"right": int(found)}})
        return None if found is None else bool(found)

    @property
    def _asked(self) -> Judge:
        if self._judge is None:
            raise ValueError("this item needs a judge")
        return self._judge

    def _keep(self, file: int, row: Mapping[str, Any]) -> None:
        kept = self._files[file]
        if kept is not None:
            kept.append(row)

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            if file is not None:
                file.close()


def _key(row: Mapping[str, Any]) -> tuple[object, ...]:
    shown = row.get("shown")
    place = tuple(shown) if shown else row.get("turn")
    return row["question"], place, tuple(row["lengths"]), row.get("repeat", 0)
