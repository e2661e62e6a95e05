"""EVIDENCE.md is what its script measures, section by section."""

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
WRITTEN = (ROOT / "EVIDENCE.md").read_text(encoding="utf-8")
NAMES = [
    *("scaling", "small-against-large", "stopping", "selection", "ceiling", "prior-recorded"),
    *("math", "game24", "game24-stopping", "humaneval", "inherent", "steps", "prior", "sparse"),
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


@pytest.mark.parametrize("name", NAMES)
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
        assert f"Data: {claim.data}" in text and f"Limits: {claim.limits}" in text
        assert " to " in text or "[" in text, "an interval"


def test_a_section_without_its_data_stays_as_it_was(script: Any, tmp_path: Path) -> None:
    claim = next(one for one in script.CLAIMS if one.name == "game24")
    missing = claim._replace(needs=(tmp_path / "nothing",))
    assert f"{script.section(8, missing)}\n" in WRITTEN
    unknown = missing._replace(title="Something else")
    assert script.section(8, unknown).endswith("Not measured here: the data are missing.")
