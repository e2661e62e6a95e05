"""`manyminds read`: what is read in replies, and which of them state the same answer."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from manyminds.apps.terminal import console, one_line, put
from manyminds.errors import DataError, InputError
from manyminds.reading.answers import EXTRACTORS, Extractor, extractor
from manyminds.reading.roles import ROLE_READERS
from manyminds.votes.votes import labels

_MOST_OPTIONS = 10
_NEAR = 40  # characters shown around an answer


@dataclass(frozen=True)
class Reading:
    """One reply, as it was read.

    Attributes:
        text: The reply.
        kind: How it was read.
        answer: What it states; None abstains.
        group: The number of the answer that it is equal to, from 1; None for abstentions and roles.
        where: The words in which the answer stands.
        why: Why it abstains.
    """

    text: str
    kind: str
    answer: object
    group: int | None
    where: str | None
    why: str | None


def read(
    replies: Annotated[
        str, typer.Argument(metavar="FILE", help='one reply a line, or {"text": ...}; - for stdin')
    ],
    kind: Annotated[
        str | None,
        typer.Option(help=f"one of {', '.join([*EXTRACTORS, *ROLE_READERS])}; default: final"),
    ] = None,
    question: Annotated[
        str | None, typer.Option(help="the question; its options (A), (B) make it a choice")
    ] = None,
    of: Annotated[
        int, typer.Option(metavar="N", min=1, help="how many answers or roles were shown")
    ] = _MOST_OPTIONS,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object a reply")] = False,
) -> None:
    """Show what is read in replies, which are the same, and which abstain.

    Use it to find out why a vote went as it did. Replies of roles are read with --kind ranking,
    stop, pick, confidence, rating, plan or roles.
    """
    texts = texts_of(replies)
    found = read_replies(texts, kind=kind, question=question, of=of)
    if as_json:
        for one in found:
            print(json.dumps(asdict(one), ensure_ascii=False))
        return
    _show(found)


def read_replies(
    texts: Sequence[str], *, kind: str | None = None, question: str | None = None, of: int
) -> list[Reading]:
    """Read all replies to one question.

    Raises:
        InputError: The kind is unknown.
    """
    if kind is not None and kind in ROLE_READERS:
        return [_role(text, kind, of) for text in texts]
    if kind is not None and kind not in EXTRACTORS:
        known = ", ".join([*EXTRACTORS, *ROLE_READERS])
        raise InputError(f"--kind {kind}: give one of {known}")
    reader = extractor(kind or ("choice" if question and "(A)" in question else "final"))
    answers = [reader.extract(text) for text in texts]
    groups = labels(answers, reader)
    return [
        _reading(text, reader, answer, group)
        for text, answer, group in zip(texts, answers, groups, strict=True)
    ]


def texts_of(source: str) -> list[str]:
    """Return the replies of a file, or of standard input for `-`; blank lines are left out.

    Raises:
        DataError: The file cannot be read, or holds no reply.
    """
    try:
        whole = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise DataError(f"cannot read {source}: {reason}; give one reply a line") from None
    texts = [_text(line) for line in whole.split("\n") if line.strip()]
    if not texts:
        raise DataError(f"{source} holds no reply: give one a line")
    return texts


def _text(line: str) -> str:
    """Return the reply of a line: the `text` of an object, else the line as it is."""
    try:
        row: object = json.loads(line)
    except (ValueError, RecursionError):
        return line
    text = row.get("text") if isinstance(row, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return text if isinstance(text, str) else line


def _role(text: str, kind: str, of: int) -> Reading:
    value = ROLE_READERS[kind](text, of)
    why = "the reply says nothing certain: the role is asked again" if value is None else None
    return Reading(text, kind, value, None, None, why)


def _reading(text: str, reader: Extractor, answer: str | None, group: int | None) -> Reading:
    if answer is None or group is None:
        why = f"no answer of the kind {reader.name!r} was found"
        return Reading(text, reader.name, None, None, None, why)
    place = text.rfind(answer)
    start = max(0, place - _NEAR)
    near = text[start : place + len(answer) + _NEAR] if place >= 0 else text[-2 * _NEAR :]
    return Reading(text, reader.name, answer, group + 1, near.strip(), None)


def _show(found: Sequence[Reading]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("same", "answer", "kind", "where, or why not"):
        table.add_column(heading, overflow="fold")
    for one in found:
        place = one.where if one.why is None else f"abstains: {one.why}"
        answer = "-" if one.answer is None else str(one.answer)
        cells = (str(one.group or "-"), answer, one.kind, place or one.text)
        table.add_row(*(Text(one_line(cell, 200)) for cell in cells))
    put(console(), table)
