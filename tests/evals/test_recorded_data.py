"""The reference figures, on recorded answers of real models that are not part of the project."""

import os
from pathlib import Path

import pytest

from manyminds.evals.data import read_rows
from manyminds.evals.evaluate import evaluate
from manyminds.evals.grading import grader, kind_of
from manyminds.evals.result import Result
from manyminds.graphs.agent_forest import create_agent_forest
from manyminds.models.recorded import recorded_names

DATA = Path(os.environ.get("MANYMINDS_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
GSM8K = DATA / "gsm8k_zeroeval_44models.jsonl.gz"
HUMANEVAL = DATA / "humaneval_codegen16b_s00-49.jsonl.gz"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not GSM8K.exists(), reason="set MANYMINDS_DATA to the recorded answers"),
]


def forest(path: Path, samples: int, repeats: int) -> Result:
    rows = read_rows(path)
    members = [f"recorded:{path}#model={name}" for name in recorded_names(path)]
    graph = create_agent_forest(members, samples=samples, extract=kind_of(rows) or "final")
    return evaluate(graph.compile(), rows, grade=grader(rows, path), repeats=repeats)


@pytest.mark.parametrize(("samples", "percent", "within"), [(5, 95.6, 0.5), (40, 96.9, 0.3)])
def test_forty_four_models_on_gsm8k(samples: int, percent: float, within: float) -> None:
    result = forest(GSM8K, samples, repeats=5)
    assert (result.n, result.calls, result.unanswered) == (1319, 1319 * 5 * samples, 0)
    assert abs(100 * result.accuracy - percent) <= within


# The reference is a mean over 20 random subsets a question, and so is ours.
@pytest.mark.parametrize(
    ("samples", "repeats", "percent", "within"),
    [(1, 20, 22.2, 1.0), (5, 20, 27.6, 1.0), (10, 20, 28.8, 1.0), (20, 20, 31.1, 1.0),
     (50, 2, 32.9, 0.3)],
)  # fmt: skip
def test_one_model_on_humaneval_by_similarity(
    samples: int, repeats: int, percent: float, within: float
) -> None:
    result = forest(HUMANEVAL, samples, repeats)
    assert (result.n, result.ungraded) == (164, 0)
    assert abs(100 * result.accuracy - percent) <= within
