"""Study: a folder that `manyminds eval` or `compare` wrote, read back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from manyminds.errors import InputError
from manyminds.evals.comparison import Measured
from manyminds.evals.debates import GradedDebate, read_debates
from manyminds.evals.eval_log import read_config, read_outcomes
from manyminds.evals.members_alone import Answered, read_answers
from manyminds.evals.provenance import read_study, starts
from manyminds.evals.statistics.judges import Judgement
from manyminds.json_lines import json_lines

JUDGEMENTS = "judgements.jsonl"
"""File of a judge's choices in a folder: question, shown, lengths and picked of each."""


@dataclass(frozen=True)
class Study:
    """What a folder holds.

    Attributes:
        folder: Where it is.
        about: Members, seed, repeats and more, as they were written.
        starts: Command, versions and data of each start, oldest first.
        methods: Outcomes of each method, added up.
        prompts: name@version#hash of the prompts of each method.
        answers: The members' own answers.
        groups: Group of each question; None: every question is its own group.
        judgements: Choices of a judge, where any were kept.
        debates: Debates round by round, where any were kept.
    """

    folder: Path
    about: Mapping[str, Any]
    starts: list[Mapping[str, Any]]
    methods: list[Measured]
    prompts: Mapping[str, list[str]]
    answers: list[Answered] = field(default_factory=list[Answered])
    groups: Mapping[str, str] | None = None
    judgements: list[Judgement] = field(default_factory=list[Judgement])
    debates: list[GradedDebate] = field(default_factory=list[GradedDebate])

    @property
    def questions(self) -> int:
        """Number of questions that a method was graded on, at most."""
        return max((len(one.right) for one in self.methods), default=0)

    @property
    def simulated(self) -> bool:
        """Whether simulated members took part."""
        asked = any("simulated:" in str(one["command"]) for one in self.starts)
        return asked or any(one.get("simulated") for one in self.answers)

    @property
    def repeats(self) -> int:
        """Runs of each question."""
        return max((one.repeats for one in self.methods), default=1)


def read_folder(folder: Path) -> Study:
    """Read a folder of results.

    Raises:
        InputError: It holds no finished question.
        DataError: A file in it is damaged.
    """
    about = read_study(folder)
    if about is None:
        config = read_config(folder)
        methods = [_measured(folder, {"method": config.get("method", "unknown")})]
        about = {name: config[name] for name in ("members", "seed", "extract") if name in config}
        prompts = {methods[0].method: list(config.get("prompts", []))}
    else:
        methods = [_measured(folder / one["method"], one) for one in about["methods"]]
        prompts = {
            one.method: list(read_config(folder / one.method).get("prompts", []))
            for one in methods
            if one.runs
        }
    methods = [one for one in methods if one.right]
    if not methods:
        raise InputError(
            f"{folder} holds no graded question: give a folder that `manyminds eval` or `compare` "
            "wrote with --out"
        )
    return Study(
        folder,
        about,
        starts(folder),
        methods,
        prompts,
        read_answers(folder),
        about.get("groups"),
        _judgements(folder / JUDGEMENTS),
        read_debates(folder),
    )


def _measured(folder: Path, plan: Mapping[str, Any]) -> Measured:
    found = Measured(
        str(plan["method"]),
        plan.get("options", {}),
        int(plan.get("runs", 1)),
        int(plan.get("planned", 0)),
    )
    seen = set[tuple[int, str]]()
    for outcome in read_outcomes(folder):
        key = outcome["repeat"], outcome["id"]
        if key not in seen:
            seen.add(key)
            found.add(outcome)
    return found


def _judgements(path: Path) -> list[Judgement]:
    if not path.exists():
        return []
    return [
        Judgement(
            str(row["question"]),
            (str(row["shown"][0]), str(row["shown"][1])),
            (int(row["lengths"][0]), int(row["lengths"][1])),
            int(row["picked"]),
        )
        for _, row in json_lines(path)
    ]
