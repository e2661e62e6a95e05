"""Docstrings, comments, messages and pages use the field's words in plain English."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
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
    r"goes on (where|from there)": "continues",
    r"(can|cannot) be told apart": "distinguished",
    r"\bhanded on\b": "passed on",
    r"(came|comes) about\b": "was reached",
    r"\bcaller who\b": "a caller that",
    r"\bfor want of\b": "for lack of",
}
FORBIDDEN = re.compile("|".join(f"(?:{pattern})" for pattern in WORDS), re.IGNORECASE)
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "notebooks/")
FOLDERS = ("manyminds", "graphs", "nodes", "prompts", "docs", "benchmarks", *PAGES)


def files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.md", "*.ipynb"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    # Released prompts are never edited.
    released = re.compile(r"prompts/.*\.md")
    named = [name for name in listed if name.startswith(FOLDERS) and not released.fullmatch(name)]
    return [name for name in named if (ROOT / name).is_file()]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs the list of files from git")
def test_no_word_of_the_list() -> None:
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in files()}
    assert len(texts) > 100
    found = [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()}"
        for name, text in texts.items()
        for match in FORBIDDEN.finditer(text)
    ]
    assert found == [], "use plain words: see WORDS in tests/test_language.py"


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs the list of files from git")
def test_no_word_of_the_list_in_docstrings_and_comments_of_tests() -> None:
    """Texts in tests may be those of providers, which write as they like."""
    tests = sorted((ROOT / "tests").rglob("*.py"))
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tests
        if path != Path(__file__)
        for text in prose(path)
        for match in FORBIDDEN.finditer(text)
    ]
    assert len(tests) > 100 and found == []


def prose(path: Path) -> Iterator[str]:
    """Yield the docstrings and comments of a module."""
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def messages(path: Path) -> list[tuple[int, str]]:
    """Return line and text of each message that a module raises, where it ends with a text."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            said = node.exc.args[0]
            last = said.values[-1] if isinstance(said, ast.JoinedStr) else said
            if isinstance(last, ast.Constant) and isinstance(last.value, str):
                found.append((node.lineno, last.value))
    return found


@pytest.mark.parametrize("folder", ["manyminds", "graphs", "nodes", "prompts"])
def test_messages_are_joined_to_others_and_so_end_without_a_full_stop(folder: str) -> None:
    ended = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line, text in messages(path)
        if text.rstrip().endswith(".") and not text.rstrip().endswith("...")
    ]
    assert ended == []
