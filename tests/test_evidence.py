"""EVIDENCE.md is what its script measures."""

import subprocess
import sys
from pathlib import Path


def test_the_evidence_is_what_its_script_measures() -> None:
    root = Path(__file__).parent.parent
    command = [sys.executable, str(root / "benchmarks" / "evidence.py")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root).stdout
    assert (root / "EVIDENCE.md").read_text(encoding="utf-8") == printed.rstrip("\n") + "\n", (
        "run `make evidence`"
    )
