"""EVIDENCE.md is what its script measures, section by section."""

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from manyminds.models.bundled import bundled

ROOT = Path(__file__).parent.parent
WRITTEN = (ROOT / "EVIDENCE.md").read_text(encoding="utf-8")
NAMES = [
    *("scaling", "small-against-large", "stopping", "selection", "ceiling", "prior-recorded"),
    *("live-votes", "live-stopping", "live-difficulty"),
    *(("live-methods",) if bundled("smollm2").methods else ()),
    *(
        "math",
        "debate",
        "crux",
        "game24",
        "game24-stopping",
        "humaneval",
        "inherent",
        "steps",
        "prior",
        "sparse",
    ),
]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        return importlib.import_module("evidence")
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))


def test_every_claim_is_a_section(script: Any) -> None:
    assert [claim.name for claim in script.CLAIMS] == NAMES
    titles = [line for line in WRITTEN.splitlines() if line.startswith("## ")]
    assert titles == [f"## {n}. {claim.title}" for n, claim in enumerate(script.CLAIMS, 1)]
    assert WRITTEN.startswith(script.HEAD)


# Each of these measures for seconds.
_LONG = {
    *("humaneval", "debate", "prior", "sparse", "selection", "live-stopping", "stopping"),
    *("inherent", "math", "steps", "game24-stopping"),
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.integration if name in _LONG else ()) for name in NAMES],
)
def test_a_section_is_what_is_measured(name: str, script: Any) -> None:
    number, claim = next(
        (number, one) for number, one in enumerate(script.CLAIMS, 1) if one.name == name
    )
    assert f"{script.section(number, claim)}\n" in WRITTEN, "run `make evidence`"


def test_every_section_has_the_papers_figure_data_and_limits(script: Any) -> None:
    for number, claim in enumerate(script.CLAIMS, 1):
        _, _, rest = WRITTEN.partition(f"## {number}. {claim.title}\n")
        text = rest.partition("\n## ")[0]
        assert f"Paper: {claim.paper}. {claim.reported}" in text
        counted = re.escape(claim.data).replace(re.escape("{n}"), "[1-9][0-9,]*")
        assert re.search(f"Data: {counted}", text) and f"Limits: {claim.limits}" in text
        assert " to " in text or "[" in text, "an interval"


def test_a_section_without_its_data_stays_as_it_was(script: Any, tmp_path: Path) -> None:
    claim = next(one for one in script.CLAIMS if one.name == "game24")
    missing = claim._replace(needs=(tmp_path / "nothing",))
    number = NAMES.index("game24") + 1
    assert f"{script.section(number, missing)}\n" in WRITTEN
    unknown = missing._replace(title="Something else")
    assert script.section(number, unknown).endswith("Not measured here: the data are missing.")
