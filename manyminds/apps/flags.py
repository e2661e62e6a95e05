"""The options that commands share, in groups; see `manyminds.apps.command`."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from time import strftime
from typing import TYPE_CHECKING, Annotated, TypeAlias

from typer import Option

from manyminds.apps.recording import record_into
from manyminds.apps.terminal import complain
from manyminds.errors import InputError

if TYPE_CHECKING:  # a wrong option does not wait for these
    from manyminds.evals.data import Row
    from manyminds.evals.grading import Grader
    from manyminds.evals.sandbox import Limits as SandboxLimits
    from manyminds.records.record import Recording as OpenRecording

CONCURRENCY = 16
FILE = "members:"
"""How a file of members, as `manyminds select` writes it, is named among members."""

AsJson: TypeAlias = Annotated[
    bool, Option("--json", help="Print one JSON object and nothing else.")
]
Concurrency: TypeAlias = Annotated[
    int, Option(metavar="N", min=1, help="Number of questions in progress at once.")
]
Seed: TypeAlias = Annotated[int, Option(metavar="N", help="Seed of every random choice.")]
Set: TypeAlias = Annotated[
    list[str] | None,
    Option(
        "--set",
        "-s",
        metavar="NAME=VALUE",
        help="Option of the method, such as rounds=3; may be repeated. "
        "`manyminds methods METHOD` lists them.",
    ),
]


@dataclass(frozen=True)
class Members:
    """The members.

    Attributes:
        member: Member, such as openai:gpt-4o-mini, ollama:llama3.1, MODEL@URL; may be repeated.
        members: File of members that `manyminds select` chose.
        members_from: File of recorded answers: one member for each model in it.
    """

    member: Annotated[list[str] | None, Option(metavar="MODEL")] = None
    members: Annotated[Path | None, Option(metavar="FILE")] = None
    members_from: Annotated[Path | None, Option(metavar="FILE")] = None

    def named(self) -> list[str]:
        """Return the members that were named, as strings."""
        named = list(self.member or [])
        if self.members_from is not None:
            from manyminds.models.recorded import recorded_names

            names = recorded_names(self.members_from)
            if not names:
                raise InputError(f"{self.members_from} holds no recorded answers")
            named += [f"recorded:{self.members_from}#model={name}" for name in names]
        if self.members is not None:
            named.append(f"{FILE}{self.members}")
        return named

    def required(self, least: int = 1) -> list[str]:
        """Return the members that were named.

        Raises:
            InputError: There are fewer than `least`.
        """
        named = self.named()
        if len(named) < least:
            count = "one member" if least == 1 else f"{least} members"
            raise InputError(
                f"give at least {count}: --member MODEL, or --members-from FILE for recorded ones"
            )
        return named


@dataclass(frozen=True)
class MethodOptions:
    """Options of methods that have a flag of their own; `--set` gives all.

    Attributes:
        sets: Option of the method, such as rounds=3; may be repeated. `manyminds methods METHOD`
            lists them.
        samples: Answers at most.
        layers: Layers, with the aggregator's.
        aggregator: Model that writes the answer.
        judge: Model that judges: a vote, a debate, the answers of a layer.
        planner: Model that splits the question into levels.
        vote: majority, weighted, confidence; for open answers bleu, rouge, levenshtein, tfidf,
            universal, rated.
        stop: When to stop early, such as beta:0.95.
        cut: Cut calls in flight once the vote is decided.
        task: For steps: reasoning, arithmetic, hanoi; for a forest or debate: gsm8k, math, mmlu,
            chess, humaneval.
        prompt: Name or file of a prompt; see `manyminds prompts`.
    """

    sets: Annotated[list[str] | None, Option("--set", "-s", metavar="NAME=VALUE")] = None
    samples: Annotated[int | None, Option(metavar="N", min=1)] = None
    layers: Annotated[int | None, Option(metavar="N", min=2)] = None
    aggregator: Annotated[str | None, Option(metavar="MODEL")] = None
    judge: Annotated[str | None, Option(metavar="MODEL")] = None
    planner: Annotated[str | None, Option(metavar="MODEL")] = None
    vote: Annotated[str | None, Option(metavar="VOTE")] = None
    stop: Annotated[str | None, Option(metavar="RULE")] = None
    cut: Annotated[bool, Option()] = False
    task: Annotated[str | None, Option(metavar="TASK")] = None
    prompt: Annotated[str | None, Option(metavar="PROMPT")] = None

    def texts(self, **more: object) -> dict[str, str]:
        """Return the options that were given, by name, as text; `more` replaces some."""
        given = {**asdict(self), **more}
        given.pop("sets")
        return texts(self.sets, **given)


COMMON = (*(field.name for field in fields(MethodOptions) if field.name != "sets"), "extract")
"""Options of methods that have a flag of their own."""


@dataclass(frozen=True)
class Limits:
    """Limits of a run; None: no limit.

    Attributes:
        calls: Calls at most.
        dollars: Dollars at most; needs known prices.
        seconds: Seconds at most.
        timeout: Seconds for one answer.
        price: Price of a model, [MODEL=]IN,OUT: dollars for a million tokens; may be repeated.
    """

    calls: Annotated[int | None, Option("--budget-calls", metavar="N")] = None
    dollars: Annotated[float | None, Option("--budget-dollars", metavar="DOLLARS")] = None
    seconds: Annotated[float | None, Option("--budget-seconds", metavar="SECONDS")] = None
    timeout: Annotated[float | None, Option(metavar="SECONDS")] = None
    price: Annotated[list[str] | None, Option(metavar="PRICE")] = None


@dataclass(frozen=True)
class Recording:
    """Where runs are recorded.

    Attributes:
        record: Folder for records of runs, to show and replay. Default: $MANYMINDS_RUNS, else
            `runs` in the user's data folder of manyminds.
        no_record: Record nothing.
    """

    record: Annotated[Path | None, Option(metavar="DIR")] = None
    no_record: Annotated[bool, Option()] = False

    def into(self, name: str = "") -> "AbstractContextManager[OpenRecording | None]":
        """Return a block in which runs are recorded; runs of a `name` share a folder."""
        within = f"{strftime('%Y%m%d-%H%M%S')}-{name}" if name else ""
        return record_into(self.record, off=self.no_record, within=within)


@dataclass(frozen=True)
class Questions:
    """The questions, and how answers to them are read and graded.

    Attributes:
        data: Questions: JSON Lines, JSON, CSV, TSV (.gz or not) or Parquet.
        question_column: Column of the question. Default: question, input, problem, prompt, ...
        answer_column: Column of the answer. Default: answer, target, gold, label, ...
        limit: First questions only.
        extract: What an answer is: number, choice, math, code, text, ... Default: what suits the
            data.
        grades: Flags of recorded samples. Default: the _passed file next to the data.
    """

    data: Annotated[Path | None, Option(metavar="FILE")] = None
    question_column: Annotated[str | None, Option(metavar="NAME")] = None
    answer_column: Annotated[str | None, Option(metavar="NAME")] = None
    limit: Annotated[int | None, Option(metavar="N", min=1)] = None
    extract: Annotated[str | None, Option(metavar="KIND")] = None
    grades: Annotated[Path | None, Option(metavar="FILE")] = None

    @property
    def file(self) -> Path:
        """The file of questions.

        Raises:
            InputError: None was named.
        """
        if self.data is None:
            raise InputError("there are no questions: name their file with --data FILE")
        return self.data

    def rows(self) -> "list[Row]":
        """Read the questions.

        Raises:
            DataError: The file cannot be read as questions.
        """
        from manyminds.evals.columns import Columns
        from manyminds.evals.data import read_rows

        return read_rows(self.file, self.limit, Columns(self.question_column, self.answer_column))

    def grader(
        self, rows: "Sequence[Row]", run_code: "SandboxLimits | None" = None
    ) -> "tuple[Grader, str | None]":
        """Return the grader of the questions, and the kind of answer that it reads.

        Args:
            rows: The questions.
            run_code: How programs run; None: none may run.

        Raises:
            InputError: The answers cannot be graded; the message says why.
        """
        from manyminds.evals.grading import grader, vote_kind

        kind = self.extract or vote_kind(rows)
        return grader(rows, self.file, extract=kind, grades=self.grades, run_code=run_code), kind


def with_file(questions: Questions, file: Path | None) -> Questions:
    """Return the questions of a file that may be named with or without --data.

    Raises:
        InputError: Both name one.
    """
    if file is None:
        return questions
    if questions.data is not None:
        raise InputError(f"the questions are named twice: {file} and --data {questions.data}")
    return replace(questions, data=file)


@dataclass(frozen=True)
class TestSets:
    """Files of questions that training data are checked with.

    Attributes:
        gold: Questions with answers, which set the rewards.
        against: Test questions: drop what shares words with one.
        ngram: Words in a row that count as shared.
    """

    __test__ = False  # no test class, although its name begins with Test

    gold: Annotated[Path | None, Option(metavar="FILE")] = None
    against: Annotated[Path | None, Option(metavar="FILE")] = None
    ngram: Annotated[int, Option(metavar="N", min=1)] = 13


@dataclass(frozen=True)
class Measuring:
    """How often and how questions are asked and graded.

    Attributes:
        repeats: Runs of each question.
        seed: Seed of every random choice.
        concurrency: Number of questions in progress at once.
        misses: Print N runs that were graded as wrong, and why.
        run_code: Run programs to grade them, in bubblewrap: no network, no files of your own, no
            child processes; --run-code=unconfined runs them without a sandbox.
        price: Price of a model, [MODEL=]IN,OUT: dollars for a million tokens; may be repeated.
    """

    repeats: Annotated[int, Option(metavar="N", min=1)] = 1
    seed: Annotated[int, Option(metavar="N")] = 0
    concurrency: Annotated[int, Option(metavar="N", min=1)] = CONCURRENCY
    misses: Annotated[int, Option(metavar="N", min=0)] = 0
    run_code: Annotated[str | None, Option(metavar="[=unconfined]")] = None
    price: Annotated[list[str] | None, Option(metavar="PRICE")] = None

    def limits(self) -> Limits:
        """Return the prices of members, as `build` takes them."""
        return Limits(price=self.price)

    def sandbox(self) -> "SandboxLimits | None":
        """Return how programs run, and print it on standard error; None where none may run.

        Raises:
            InputError: The value of `run_code` is unknown, or there is no sandbox.
        """
        if self.run_code is None:
            return None
        if self.run_code not in ("confined", "unconfined"):
            raise InputError(
                f"--run-code={self.run_code}: write --run-code or --run-code=unconfined"
            )
        from manyminds.evals.sandbox import Limits as SandboxLimits

        found = SandboxLimits(confined=self.run_code == "confined")
        found.check()
        complain(f"programs run {found}")
        return found


def texts(sets: Sequence[str] | None, **flags: object) -> dict[str, str]:
    """Return the options that were given, by name, all of them as text.

    Args:
        sets: NAME=VALUE, as --set takes them; a hyphen in a name is as good as an underscore.
        flags: by the option's name; None and False: not given.

    Raises:
        InputError: one is no NAME=VALUE, or is given twice.
    """
    found = {
        name: str(value)
        for name, value in flags.items()
        if value is not None and value is not False
    }
    for one in sets or []:
        name, value = pair(one)
        if name in found:
            raise InputError(f"{name} is given twice: leave one of them away")
        found[name] = value
    return found


def pair(text: str) -> tuple[str, str]:
    """Split NAME=VALUE.

    Raises:
        InputError: there is no name or no `=`.
    """
    name, equals, value = text.partition("=")
    name = name.strip().replace("-", "_")
    if not name or not equals:
        raise InputError(f"--set {text} is not understood: write NAME=VALUE, such as rounds=3")
    return name, value.strip()
