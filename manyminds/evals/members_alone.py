"""What each member answers by itself: the best single one, and what all could reach together.

The members' own answers come with a vote over them, so they cost nothing where an Agent Forest
asks everyone; where it does not, each member is asked once.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NotRequired

from typing_extensions import TypedDict

from manyminds.errors import DataError
from manyminds.evals.data import Row
from manyminds.evals.grading import Grader, verdict_of
from manyminds.json_lines import LineFile, json_lines
from manyminds.state import Candidate

BEST_MEMBER = "best-member"
"""Name of the row of the best single member."""
_FILE = "members.jsonl"
_FOLDS = 5
_NOT_ASKED = ("skipped", "cut")


class Answered(TypedDict):
    """One answer of one member, graded.

    `answer` is what was read in the reply to vote with, None: nothing. `cost` is in dollars, None
    where unknown.
    """

    id: str
    member: str
    answer: str | None
    right: bool
    input_tokens: int
    output_tokens: int
    cost: float | None
    seconds: float
    simulated: NotRequired[bool]


class BestMember(NamedTuple):
    """The best single member, measured on questions that it was not chosen on.

    Attributes:
        names: Members chosen, the most frequent choice first; more than one where it is close.
        shares: Share of right answers for each question.
        tokens: A question, mean.
        cost: Dollars a question, mean; None where unknown.
        seconds: A question, mean.
    """

    names: list[str]
    shares: dict[str, float]
    tokens: float
    cost: float | None
    seconds: float


class MembersAlone:
    """Collects the members' own answers, and keeps them in a folder where one is given.

    Args:
        members: Names of all members.
        grade: As for `aevaluate`.
        folder: Folder of the comparison; None keeps nothing.
    """

    def __init__(self, members: Sequence[str], grade: Grader, folder: Path | None = None) -> None:
        self.members = list(members)
        self._grade = grade
        self._answers = list[Answered]()
        self._file = None if folder is None else LineFile(folder / _FILE)
        if folder is not None:
            self._answers += read_answers(folder)

    async def add(self, row: Row, output: Mapping[str, Any] | None) -> None:
        """Take in the candidates of a vote over the members; those never asked are left out."""
        candidates: Sequence[Candidate] = (output or {}).get("candidates") or []
        known = dict[str, bool]()
        for candidate in candidates:
            text = candidate["text"]
            if candidate["status"] in _NOT_ASKED or candidate["member"] not in self.members:
                continue
            if text not in known:
                ok = candidate["status"] == "ok"
                known[text] = ok and bool(await verdict_of(self._grade, row, text))
            usage = candidate["usage"]
            one = Answered(
                id=row["id"],
                member=candidate["member"],
                answer=candidate["answer"],
                right=candidate["status"] == "ok" and known[text],
                input_tokens=usage["input_tokens"],
                output_tokens=usage["output_tokens"],
                cost=candidate["cost"],
                seconds=round(candidate["seconds"], 4),
            )
            if candidate.get("simulated"):
                one["simulated"] = True
            self._answers.append(one)
            if self._file is not None:
                self._file.append(one)

    def lacking(self, rows: Sequence[Row]) -> list[Row]:
        """Return the questions that not every member has answered."""
        asked = {(one["id"], one["member"]) for one in self._answers}
        return [row for row in rows if any((row["id"], m) not in asked for m in self.members)]

    @property
    def answers(self) -> Sequence[Answered]:
        """All answers so far."""
        return self._answers


def read_answers(folder: Path) -> list[Answered]:
    """Read the members' answers of a comparison's folder; none where it has none.

    Raises:
        DataError: The file is damaged.
    """
    path = folder / _FILE
    if not path.exists():
        return []
    try:
        return [
            Answered(
                id=str(row["id"]),
                member=str(row["member"]),
                answer=None if row["answer"] is None else str(row["answer"]),
                right=bool(row["right"]),
                input_tokens=int(row["input_tokens"]),
                output_tokens=int(row["output_tokens"]),
                cost=None if row["cost"] is None else float(row["cost"]),
                seconds=float(row["seconds"]),
                simulated=bool(row.get("simulated")),
            )
            for _, row in json_lines(path)
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path} is damaged ({error}): delete it, and run the command again"
        ) from None


def shares_of(answers: Sequence[Answered]) -> dict[str, dict[str, float]]:
    """Return each member's share of right answers by question id."""
    found: dict[str, dict[str, list[bool]]] = {}
    for one in answers:
        found.setdefault(one["member"], {}).setdefault(one["id"], []).append(one["right"])
    return {
        member: {id: sum(right) / len(right) for id, right in by_id.items()}
        for member, by_id in found.items()
    }


def best_member(answers: Sequence[Answered]) -> BestMember | None:
    """Choose the best member on four fifths of the questions, and measure it on the rest, in turn.

    Choosing and measuring on the same questions would flatter it the more, the more members there
    are. None where no question was answered by everyone.
    """
    shares = shares_of(answers)
    common = set.intersection(*(set(by_id) for by_id in shares.values())) if shares else set[str]()
    if not common:
        return None
    order = sorted(common, key=lambda id: hashlib.sha256(id.encode()).digest())
    of = dict[str, str]()
    for fold in range(_FOLDS):
        rest = [id for place, id in enumerate(order) if place % _FOLDS != fold]
        chosen = max(shares, key=lambda m: sum(shares[m][id] for id in rest))
        of |= dict.fromkeys(order[fold::_FOLDS], chosen)
    names = [name for name, _ in Counter(of.values()).most_common()]
    used = [one for one in answers if of.get(one["id"]) == one["member"]]
    costs = [one["cost"] for one in used if one["cost"] is not None]
    return BestMember(
        names=names,
        shares={id: shares[of[id]][id] for id in sorted(common)},
        tokens=sum(one["input_tokens"] + one["output_tokens"] for one in used) / len(used),
        cost=sum(costs) / len(used) if len(costs) == len(used) else None,
        seconds=sum(one["seconds"] for one in used) / len(used),
    )
