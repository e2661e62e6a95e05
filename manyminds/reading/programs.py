"""Answers that are programs: the Python block of a reply."""

import ast
import re

from manyminds.reading import locate
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import visible

_DEFINES = re.compile(r"^[ \t]*(?:async\s+def|def|class)\s", re.MULTILINE)
_PYTHON = ("python", "python3", "py")


def find(text: str) -> Found | None:
    """Return the last Python block of a reply, else what follows "impl]", else the whole text.

    The last block that defines something, if one does: what follows it shows how to use it. A
    refusal is no program.
    """
    text = visible(text)
    defines = next((one for one in locate.blocks(text, _PYTHON) if _DEFINES.search(one)), None)
    block = defines or locate.fenced(text, _PYTHON) or locate.fenced(text)
    if text.count("```") % 2 and defines is None:  # the last block has no end
        block = text.rpartition("```")[2].partition("\n")[2]
        if not _parses(block):
            return None
    where = "whole reply" if block is None else "code fence"
    if block is None:
        block = "" if locate.refuses(text) else text.rpartition("impl]")[2]
    return Found(block.strip("\n"), where) if block.strip() else None


def _parses(program: str) -> bool:
    try:
        ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return bool(program.strip())


def key(answer: str) -> str:
    """Return the program without blank lines and trailing spaces."""
    return "\n".join(line.rstrip() for line in answer.splitlines() if line.strip())
