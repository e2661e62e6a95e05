"""The code blocks of a Markdown file, for tests that run what the documents say."""

import re
from pathlib import Path
from typing import NamedTuple

_BLOCK = re.compile(
    r"(?:`(?P<file>[\w./-]+)`:\n\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


class Block(NamedTuple):
    """One fenced block.

    Attributes:
        language: `python`, `sh`, ...
        text: what stands between the fences.
        line: of the first line of the text in the file, from 1.
        file: the file that it is to be: the line before the block ends in its name and a colon.
    """

    language: str
    text: str
    line: int
    file: str | None


def blocks(path: Path, heading: str = "") -> list[Block]:
    """Return the blocks of a file, or of what stands under one `## ` heading of it."""
    whole = path.read_text(encoding="utf-8")
    start, end = 0, len(whole)
    if heading:
        start = whole.index(f"\n## {heading}\n")
        end = whole.find("\n## ", start + 1) % (len(whole) + 1)
    return [
        Block(
            language=found["language"],
            text=found["text"],
            line=whole.count("\n", 0, found.start("text")) + 1,
            file=found["file"],
        )
        for found in _BLOCK.finditer(whole, start, end)
    ]
