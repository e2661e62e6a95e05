"""Equal seeds give equal digits on every machine, Python and order of hashing; see `digits.py`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from manyminds.evals.statistics.difficulty import gains

SCRIPT = Path(__file__).with_name("digits.py")


@pytest.mark.integration
@pytest.mark.parametrize("hashing", ["0", "1234"])
def test_four_digits_are_always_the_same(hashing: str) -> None:
    run = subprocess.run(
        [sys.executable, str(SCRIPT)],
        env={**os.environ, "PYTHONHASHSEED": hashing},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout) == json.loads(SCRIPT.with_suffix(".json").read_text())


def test_means_do_not_depend_on_how_a_python_adds() -> None:
    # Before 3.12, sum() rounds at every step: ten times 0.1 is not 1.
    (gain,) = gains(["all"] * 10, [0.1] * 10, [0.7] * 10)
    assert (gain.single, gain.voted) == (0.1, 0.7)
