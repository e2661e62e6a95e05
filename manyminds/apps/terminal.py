"""Output of every command: text made safe for a terminal, one JSON object, one sentence."""

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from manyminds.errors import DataError
from manyminds.json_lines import finite

if TYPE_CHECKING:  # 0.1 s of import that `--help` does not need
    from rich.console import Console, RenderableType
    from rich.table import Table

# Escape sequences as a terminal reads them: CSI, then strings with their end (OSC and kin), then
# short ones. A string without its end loses only its beginning, so that nothing can hide the rest;
# what begins another string ends it, so that no text is read twice.
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)
# Besides controls: marks that reorder what is read, and halves of characters that cannot be sent.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

COMMAND: ContextVar[tuple[str, ...]] = ContextVar("command", default=("manyminds",))
"""Words of the running command, for files that name it."""

WRONG_INPUT, FAILED, INTERRUPTED = 2, 1, 130
"""Exit codes: unusable input; no answer; Ctrl-C."""

_LONGEST = 2000  # characters of a complaint: one that names each of many failures is cut


def clean(text: str) -> str:
    """Return `text` without terminal escapes and control characters other than newline and tab.

    Everything that a model, a provider or a file says goes through here on its way to a terminal;
    JSON needs it not, for `print_json` escapes such characters.
    """
    return _CONTROL.sub("", _SEQUENCE.sub("", text))


def one_line(text: str, limit: int = 200) -> str:
    """Return `text` cleaned, on one line, and visibly cut at `limit` characters."""
    line = " ".join(clean(text).split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def complain(message: str) -> None:
    """Say one sentence on standard error."""
    print(f"manyminds: {one_line(message, _LONGEST)}", file=sys.stderr)


def print_json(value: Mapping[str, object]) -> None:
    """Print the one JSON object of a command; plain ASCII, so that any terminal or file takes it.

    Infinity and NaN, which are no JSON, become null.
    """
    print(json.dumps(finite(value), indent=2, allow_nan=False))


def write_text(path: Path, text: str) -> None:
    """Write a file that was asked for.

    Raises:
        DataError: It cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}") from None


def console(file: TextIO | None = None) -> "Console":
    """Return a Rich console that takes text as it is: no markup, no emoji codes, no highlighting.

    Args:
        file: file to write to. Default: standard output.
    """
    from rich.console import Console

    return Console(file=file, markup=False, emoji=False, highlight=False)


def facts(rows: "Iterable[tuple[str, RenderableType]]") -> "Table":
    """Return labels, dim, next to their values; long values wrap in their own column."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in rows:
        grid.add_row(Text(label), Text(value) if isinstance(value, str) else value)
    return grid


def put(screen: "Console", *parts: "RenderableType") -> None:
    """Print each part on lines of its own, without the blanks that tables end their lines with."""
    with screen.capture() as captured:
        for part in parts:
            screen.print(part)
    screen.file.write(re.sub(r" +$", "", captured.get(), flags=re.MULTILINE))


def watched() -> bool:
    """Return whether standard error is a terminal that can move its cursor."""
    return sys.stderr.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")


def dollars(cost: float | None) -> str:
    """Write a cost for reading: cents in two digits, less in four."""
    if cost is None:
        return "cost unknown"
    if 0 < cost < 0.0001:
        return "less than $0.0001"
    return f"${cost:,.2f}" if cost >= 1 or cost == 0 else f"${cost:.4f}"


def usage(calls: int, tokens: int, cost: float | None) -> str:
    """Return the usage of calls in words: `2 calls, 310 tokens, $0.0004`."""
    return f"{counted(calls, 'call')}, {counted(tokens, 'token')}, {dollars(cost)}"


def counted(count: int, noun: str) -> str:
    """Write a number with its noun: `1 call`, `2 calls`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
