"""What is generated from the registry, and from recorded answers, is up to date."""

import subprocess
import sys
from pathlib import Path

import pytest
from helpers.readme import PAGES, STUDIO, studio, updated


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_the_table_of_methods_is_that_of_the_registry(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == updated(text), "run `make readme`"


def test_studio_has_a_factory_for_every_method() -> None:
    assert STUDIO.read_text(encoding="utf-8") == studio(), "run `make readme`"


def test_the_evidence_is_what_its_script_measures() -> None:
    root = Path(__file__).parent.parent
    command = [sys.executable, str(root / "benchmarks" / "evidence.py")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root).stdout
    assert (root / "EVIDENCE.md").read_text(encoding="utf-8") == printed.rstrip("\n") + "\n", (
        "run `make evidence`"
    )
