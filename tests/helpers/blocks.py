"""The code blocks of a Markdown file, for tests that run what the documents say."""

import re
from pathlib import Path
from typing import NamedTuple

_BLOCK_OR_HEADING = re.compile(
    r"^## (?P<heading>[^\n]+)$|"
    r"(?:^`(?P<file>[\w./-]+)`:\n\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """One fenced block.

    Attributes:
        language: `python`, `sh`, ...
        text: the text between the fences.
        line: of the first line of the text in the file, from 1.
        file: the file that it is to be: the line before the block ends in its name and a colon.
    """

    language: str
    text: str
    line: int
    file: str | None


def blocks(path: Path, heading: str = "") -> list[Block]:
    """Return the blocks of a file, or of the text under one `## ` heading of it."""
    whole = path.read_text(encoding="utf-8")
    section, found = "", list[Block]()
    for match in _BLOCK_OR_HEADING.finditer(whole):
        if match["heading"]:
            section = match["heading"]
        elif heading in ("", section):
            line = whole.count("\n", 0, match.start("text")) + 1
            found.append(Block(match["language"], match["text"], line, match["file"]))
    return found
