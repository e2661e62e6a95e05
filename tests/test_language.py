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
    r"in vain\b": "without effect",
    r"no such\b": "no ..., there is no ...",
    r"too dear\b|dearer?\b": "too expensive, costs more",
    r"who is asked\b": "the member",
    r"(is|are|be) told of\b": "receives, is notified of",
    r"so many as\b|\bas many as so\b": "the number of",
    r"beside (that|this|it|them|the|its|a|our|other)\b": "next to, in addition to",
    r"wants to be (left|told)\b": "name the thing",
    r"whom\b": "the member that",
    r"wherewith|whereof|thereof\b": "of which",
    r"of use\b": "usable",
    r"word for word\b": "verbatim",
    r"for ever\b": "forever, or: without a limit",
    r"goes on (where|from there)": "continues",
    r"(can|cannot) be told apart": "distinguished",
    r"handed on\b": "passed on",
    r"(came|comes) about\b": "was reached",
    r"caller who\b": "a caller that",
    r"for want of\b": "for lack of",
}
# Each begins a word: of a text in lower case, few places are looked at more closely.
FORBIDDEN = re.compile(rf"\b(?:{'|'.join(f'(?:{pattern})' for pattern in WORDS)})")
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
        for match in FORBIDDEN.finditer(text.lower())
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
        if FORBIDDEN.search(path.read_text(encoding="utf-8").lower())
        for text in prose(path)
        for match in FORBIDDEN.finditer(text.lower())
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
