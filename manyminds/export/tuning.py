"""From runs to a better small model: export, train, serve again, measure before and after.

One folder holds everything, and the same call continues where it stopped: `data` (rows and cards),
`before` and `after` (votes on held-out questions), `stage-1` (what a recipe of several stages
trains first), `adapter`, `merged`, `model.gguf`, and `result.json`.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from manyminds.errors import InputError
from manyminds.evals.batch import Batch
from manyminds.evals.data import Row, read_rows
from manyminds.evals.grading import grader
from manyminds.evals.ownership import one_writer
from manyminds.export.counts import Counts
from manyminds.export.filters import Limits
from manyminds.export.gguf import write_gguf
from manyminds.export.measure import Measured, Sampling, measured, sample
from manyminds.export.pipeline import export
from manyminds.export.plan import Plan
from manyminds.export.recipes import RECIPES, Chat, Recipe, Stage
from manyminds.export.training import (
    NEEDED,
    Losses,
    Trained,
    Training,
    check_packages,
    source_of,
    train,
    trained_matrices,
    write_folder,
)
from manyminds.models.local import EXTRA, PREFIX, is_folder
from manyminds.models.local_engine import is_installed

OnProgress: TypeAlias = Callable[[str, int, int], object]
"""Called with what is being done, how much of it is done, and how much there is."""
FEW_ROWS = 50
FEW_SHARE = 0.2
_DATA = "data"
EXPLORED = 4
"""Replies to a question with which a model explores."""


@dataclass(frozen=True)
class Job:
    """What to train, on what, and how to measure it.

    Attributes:
        recipe: The recipe.
        plan: Sources, gold answers, and filters of one's own.
        training: How to train.
        questions: File of held-out questions with answers; None measures nothing.
        asking: How questions are asked in a measurement.
    """

    recipe: Recipe
    plan: Plan
    training: Training
    questions: Path | None = None
    asking: Sampling = field(default_factory=Sampling)


@dataclass(frozen=True)
class Tuned:
    """What came of a job.

    Attributes:
        rows: Rows of each stage, with the counts of its export.
        warnings: Why there may be too little to train on.
        losses: Loss by step of each stage.
        trained: Adapter and merged model.
        member: The trained model as a member: a GGUF file where it was loaded from one, else the
            merged folder.
        before, after: What the model knew, where there are questions.
    """

    rows: Sequence[tuple[Path, Counts]]
    warnings: Sequence[str]
    losses: Sequence[Losses]
    trained: Trained
    member: str
    before: Measured | None
    after: Measured | None

    def to_json(self) -> dict[str, object]:
        """Return plain data for `json.dumps`."""
        return {
            "rows": [counts.rows for _, counts in self.rows],
            "warnings": list(self.warnings),
            "losses": list(self.losses),
            "adapter": str(self.trained.adapter),
            "merged": str(self.trained.merged),
            "member": self.member,
            "before": None if self.before is None else self.before.to_json(),
            "after": None if self.after is None else self.after.to_json(),
        }


def recipe_of(name: str) -> Recipe:
    """Return a recipe.

    Raises:
        InputError: There is none of that name.
    """
    if name not in RECIPES:
        raise InputError(f"there is no recipe {name!r}: give one of {', '.join(RECIPES)}")
    return RECIPES[name]


def rows_for(stage: Stage, plan: Plan, folder: Path) -> tuple[Path, Counts]:
    """Export the rows of a stage into a folder.

    Args:
        stage: The stage; what it asks for counts where the plan asks for nothing.
        plan: Sources, and filters of one's own.
        folder: Where the files go.

    Returns:
        The file of rows, and the counts of the first export.
    """
    asked = plan.limits
    limits = replace(
        asked,
        min_agreement=_first(asked.min_agreement, stage.min_agreement),
        min_reward=_first(asked.min_reward, stage.min_reward),
    )
    first, *rest = stage.forms
    out = folder / f"{first}.jsonl"
    made = replace(plan, format=first, take=plan.take or stage.take, limits=limits)
    if rest:  # the form's file is read again, so it has to be a list or lines by its name
        out = out.with_suffix(".json")
    counts = export(made, out)
    for form in rest:
        source, out = out, folder / f"{form}.jsonl"
        export(Plan([source], form, limits=Limits()), out)
    return out, counts


def warning(stage: Stage, counts: Counts) -> str | None:
    """Return why there may be too little to train on; None where there is enough."""
    few = counts.rows < FEW_ROWS
    if stage.take == "winners" and (few or counts.used < FEW_SHARE * counts.total):
        return (
            f"the votes agree on too little to train on: {counts.used} of {counts.total} winning "
            "replies come from sure votes; a model learns form from such rows, not knowledge"
        )
    if few:
        return f"{counts.rows} rows are few to train on: {FEW_ROWS} or more are usual"
    return None


def tune(
    job: Job,
    out: Path,
    on_progress: OnProgress = lambda _what, _done, _all: None,
    on_warning: Callable[[str], object] = lambda _warning: None,
) -> Tuned:
    """Train a model on what runs have shown, and measure it before and after.

    Call it again after an interruption: what was asked is not asked again, and training continues
    from its last checkpoint.

    Args:
        job: What to do.
        out: The folder for everything.
        on_progress: Called as the work continues.
        on_warning: Called with each warning, before the training it is about.

    Raises:
        InputError: A package, the model, or rows are missing, or the folder holds another job or is
            in use.
    """
    check_packages(NEEDED)
    with one_writer(out, what="training", folder=True):
        return _tuned(job, out, on_progress, on_warning)


def _tuned(
    job: Job, out: Path, on_progress: OnProgress, on_warning: Callable[[str], object]
) -> Tuned:
    work = _Work(job, out, on_progress)
    _claim(job, out)
    before: Measured | None = None
    rows: list[tuple[Path, Counts]] = []
    losses: list[Losses] = []
    warnings: list[str] = []
    model, plan, trained = job.training.model, _decontaminated(job), Trained([], out, out)
    for place, stage in enumerate(job.recipe.stages, 1):
        last = place == len(job.recipe.stages)
        folder = out if last else out / f"stage-{place}"
        if stage.explores and (explored := work.explored(trained)):
            plan = replace(plan, sources=[*plan.sources, explored])
        rows.append(rows_for(stage, plan, out / _DATA / f"stage-{place}"))
        if warned := warning(stage, rows[-1][1]):
            warnings.append(warned)
            on_warning(warned)
        if place == 1 and job.questions is not None:  # wrong sources are told before it
            before = work.knows("before", work.untrained(), lambda question: [("user", question)])
        how = replace(
            job.training, model=model, learning_rate=job.training.learning_rate * stage.rate
        )
        trained = train(
            rows[-1][0], stage.kind, how, folder,
            lambda step, steps, _loss: on_progress("training", step, steps),
        )  # fmt: skip
        losses.append(trained.losses)
        model = str(trained.merged)
    member = work.written(trained, out)
    after = work.knows("after", member, job.recipe.asks)
    tuned = Tuned(rows, warnings, losses, trained, member, before, after)
    (out / "result.json").write_text(json.dumps(tuned.to_json(), indent=2) + "\n", "utf-8")
    return tuned


class _Work:
    """The parts of a job that ask models."""

    def __init__(self, job: Job, out: Path, on_progress: OnProgress) -> None:
        self.job, self.out, self.on_progress = job, out, on_progress
        self.source = source_of(job.training.model)
        if job.questions is None:
            return
        if self.source is not None and not is_installed():
            raise InputError(f"measuring asks the model in this process: {EXTRA}")
        self.rows = read_rows(job.questions)
        self.grade = grader(self.rows, job.questions)

    def knows(self, when: str, member: str, asks: Callable[[str], Chat]) -> Measured | None:
        """Measure a model on the held-out questions; None where there are none."""
        if self.job.questions is None:
            return None
        votes = self.out / when / "votes.jsonl"
        self._ask(when, member, self.rows, votes, self.job.asking, asks)
        return measured(votes, self.rows, self.grade, self.job.asking.samples)

    def untrained(self) -> str:
        """Return the model to be trained as a member."""
        if self.source is not None:
            return f"{PREFIX}{self.source}"
        name = self.job.training.model.removeprefix(PREFIX)
        if is_folder(name):
            return f"{PREFIX}{name}"
        write_folder(name, self.out / "base")
        return f"{PREFIX}{self.out / 'base'}"

    def explored(self, trained: Trained) -> Path | None:
        """Let the model trained so far answer the questions of the gold file; the records."""
        if self.job.plan.gold is None or (self.source is not None and not is_installed()):
            return None
        folder = trained.merged.parent
        member = self.written(trained, folder)
        how = replace(self.job.asking, samples=EXPLORED, seed=self.job.asking.seed + 1)
        rows, runs = read_rows(self.job.plan.gold), folder / "runs"
        self._ask(
            "exploring", member, rows, folder / "explored.jsonl", how, self.job.recipe.asks, runs
        )
        return runs

    def written(self, trained: Trained, folder: Path) -> str:
        """Return the trained model as a member; one out of a GGUF file is written as GGUF."""
        if self.source is None:
            return f"{PREFIX}{trained.merged}"
        file = folder / "model.gguf"
        if not file.exists():
            write_gguf(self.source, trained_matrices(trained), file)
        return f"{PREFIX}{file}"

    def _ask(
        self,
        what: str,
        member: str,
        rows: Sequence[Row],
        votes: Path,
        how: Sampling,
        asks: Callable[[str], Chat],
        runs: Path | None = None,
    ) -> None:
        def on_question(batch: Batch) -> None:
            done = batch.done + batch.kept + batch.errors.total()
            self.on_progress(what, done, len(rows))

        sample(member, rows, votes, how, asks=asks, runs=runs, on_question=on_question)


def _decontaminated(job: Job) -> Plan:
    """Return the plan without rows that share words with a held-out question."""
    return job.plan if job.plan.against else replace(job.plan, against=job.questions)


def _claim(job: Job, out: Path) -> None:
    """Write what the folder depends on, or check that it is the same."""
    settings = {
        "stages": [asdict(stage) for stage in job.recipe.stages],
        "training": asdict(job.training),
        "limits": asdict(job.plan.limits),
        "seed": job.plan.seed,
        "gold": _digest(job.plan.gold),
        "questions": _digest(job.questions),
        "asking": asdict(job.asking),
    }
    text = json.dumps(settings, indent=2) + "\n"
    path = out / "settings.json"
    try:
        out.mkdir(parents=True, exist_ok=True)
        # Rows are written again each time, so a mistake in the first command leaves nothing behind.
        begun = {one.name for one in out.iterdir()} - {path.name, _DATA, "lock"}
        if not path.exists() or not begun:
            path.write_text(text, "utf-8")
            return
        known = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"cannot write into {out}: {error.strerror}") from None
    except ValueError:
        raise InputError(f"{path} is not valid JSON: choose another --out") from None
    other = [key for key, value in json.loads(text).items() if known.get(key) != value]
    if other:
        raise InputError(
            f"{out} holds a training that differs in {', '.join(other)}: choose another --out"
        )


def _digest(path: Path | None) -> str | None:
    if path is None or not path.is_file():
        return None
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _first(given: float | None, default: float | None) -> float | None:
    return default if given is None else given
