"""`manyminds read`: the answers in replies, and which replies state the same one."""

import json
import stat
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.table import Table
from rich.text import Text

from manyminds.apps.terminal import console, one_line, put
from manyminds.errors import DataError, InputError
from manyminds.json_lines import MAX_LINE, encoded
from manyminds.reading.answers import EXTRACTORS, extractor
from manyminds.reading.loose_json import values
from manyminds.reading.role_text import reply_of
from manyminds.reading.roles import ROLE_READERS
from manyminds.reading.together import read_all
from manyminds.votes.votes import labels

_MOST_OPTIONS = 10
_SHOWN = 200  # characters of an answer on the screen
_REPLY = 80  # characters of a reply on the screen, from its end


@dataclass(frozen=True)
class Reading:
    """One reply, as it was read.

    Attributes:
        text: The reply.
        kind: How it was read.
        answer: Answer that it states; None abstains.
        group: The number of the answer that it is equal to, from 1; None for abstentions and roles.
        where: The place where the answer is, such as "box", "cue" or "last line".
        why: Why it abstains.
    """

    text: str | None
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
        typer.Option(
            help=f"one of {', '.join([*EXTRACTORS, *ROLE_READERS])}; default: the kind that suits "
            "most replies"
        ),
    ] = None,
    question: Annotated[
        str | None, typer.Option(help="the question; its options (A), (B) make it a choice")
    ] = None,
    of: Annotated[
        int, typer.Option(metavar="N", min=1, help="how many answers or roles were shown")
    ] = _MOST_OPTIONS,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object a reply")] = False,
) -> None:
    """Show the answers in replies, which are the same, and which replies abstain.

    Use it to find out why a vote went as it did. Replies of roles are read with --kind ranking,
    stop, pick, confidence, rating, plan or roles.
    """
    texts = texts_of(replies)
    found = read_replies(texts, kind=kind, question=question, of=of)
    if as_json:
        for one in found:
            print(encoded(asdict(one)).decode(), end="")
        return
    _show(found)


def read_replies(
    texts: Sequence[str | None],
    *,
    kind: str | None = None,
    question: str | None = None,
    of: int = _MOST_OPTIONS,
) -> list[Reading]:
    """Read all replies to one question together, as a vote does.

    Raises:
        InputError: The kind is unknown.
    """
    if kind is not None and kind in ROLE_READERS:
        return [_role(text, kind, of) for text in texts]
    try:
        given = None if kind is None else extractor(kind)
    except InputError as error:
        raise InputError(f"--kind {kind}: {error}; roles: {', '.join(ROLE_READERS)}") from None
    read = read_all(texts, question=question or "", kind=given)
    groups = labels(read.answers, read.extractor)
    return [
        Reading(
            text,
            read.kind,
            None if one is None else one.answer,
            None if group is None else group + 1,
            None if one is None else one.where,
            why,
        )
        for text, one, group, why in zip(texts, read.found, groups, read.reasons, strict=True)
    ]


def texts_of(source: str) -> list[str | None]:
    """Return the replies of a file, or of standard input for `-`; blank lines are left out.

    Raises:
        DataError: The file cannot be read, or holds no reply.
    """
    try:
        whole = _bytes(source).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"cannot read {source}: line {line} is not UTF-8 text; give one reply a line"
        ) from None
    except (OSError, ValueError) as error:  # a NUL in a name is a ValueError
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"cannot read {source}: {reason}; give one reply a line") from None
    texts = [_text(line.rstrip("\r")) for line in whole.split("\n") if line.strip()]
    if not texts:
        name = "standard input" if source == "-" else source
        raise DataError(f"{name} holds no reply: give one a line")
    return texts


def _bytes(source: str) -> bytes:
    if source == "-":
        if cast("object", sys.stdin) is None:  # closed by whoever started the program
            raise ValueError("standard input is closed: send the replies to it")
        return _limited(sys.stdin.buffer.read(MAX_LINE + 1))
    path = Path(source)
    if stat.S_ISFIFO(path.stat().st_mode):  # without a writer, opening it would wait
        raise ValueError("it is a pipe: give - and send the replies to standard input")
    with path.open("rb") as file:
        return _limited(file.read(MAX_LINE + 1))


def _limited(data: bytes) -> bytes:
    if len(data) > MAX_LINE:
        raise ValueError(f"it is larger than {MAX_LINE >> 20} MiB")
    return data


def _text(line: str) -> str | None:
    """Return the reply of a line: the `text` of an object, else the line as it is."""
    try:
        row: object = json.loads(line)
    except (ValueError, RecursionError):
        return line
    fields = cast("dict[str, object]", row) if isinstance(row, dict) else {}
    text = fields.get("text", line)
    return text if isinstance(text, str) or text is None else json.dumps(text)


def _role(text: str | None, kind: str, of: int) -> Reading:
    value = None if text is None else ROLE_READERS[kind](text, of)
    if text is None or value is None:
        why = "the reply says nothing certain: the role is asked again"
        return Reading(text, kind, None, None, None, why)
    return Reading(text, kind, value, None, "JSON" if values(reply_of(text)) else "words", None)


def _show(found: Sequence[Reading]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("same", "answer", "kind", "where, or why not", "reply"):
        table.add_column(heading, overflow="fold")
    for one in found:
        place = one.where if one.why is None else f"abstains: {one.why}"
        answer = "-" if one.answer is None else str(one.answer)
        cells = (str(one.group or "-"), answer, one.kind, place or "", _end(one.text or ""))
        table.add_row(*(Text(one_line(cell, _SHOWN)) for cell in cells))
    put(console(), table)


def _end(text: str) -> str:
    """Return the end of a reply, where answers mostly stand."""
    return text if len(text) <= _REPLY else f"\u2026{text[-_REPLY:]}"
