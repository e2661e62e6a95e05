"""Docstrings, comments, messages and pages use the field's words in plain English."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# Phrase -> what to write. The glossary (docs/glossary.md) has the terms.
WORDS = {
    r"how[- ]maniet?h": "draw number",
    r"made anew|writes? anew|asked anew|begins? anew": "again, or: from scratch",
    r"\bin vain\b": "without effect",
    r"\bno such\b": "no ..., there is no ...",
    r"\btoo dear\b|\bdearer?\b": "too expensive, costs more",
    r"\bwho is asked\b": "the member",
    r"\b(is|are|be) told of\b": "receives, is notified of",
    r"\bso many as\b|\bas many as so\b": "the number of",
    r"\bbeside (that|this|it|them|the|its|a|our|other)\b": "next to, in addition to",
    r"\bwants to be (left|told)\b": "name the thing",
    r"\bwhom\b": "the member that",
    r"\bwherewith|whereof|thereof\b": "of which",
    r"\bof use\b": "usable",
    r"\bword for word\b": "verbatim",
    r"\bfor ever\b": "forever, or: without a limit",
}
FORBIDDEN = re.compile("|".join(f"(?:{pattern})" for pattern in WORDS), re.IGNORECASE)
FOLDERS = ("manyminds", "graphs", "nodes", "docs", "benchmarks", "README.md", "CONTRIBUTING.md")


def files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    return [name for name in listed if name.startswith(FOLDERS) and (ROOT / name).is_file()]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs the list of files from git")
@pytest.mark.parametrize("name", files())
def test_no_word_of_the_list(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    found = [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()}"
        for match in FORBIDDEN.finditer(text)
    ]
    assert found == [], "use plain words: see WORDS in tests/test_language.py"
