"""The ledger: usage as one row for each role and member, kept in the graph's state.

Rows are sums, so the channel stays small however many samples a run draws, and a resumed run
still knows what its first life has paid.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NotRequired, cast, get_args

from typing_extensions import TypedDict

from manyminds.state import Candidate


class UsageRow(TypedDict):
    """Sums over the calls of one member in one role.

    `reused` counts those of the calls that were not made, for a cache or a record had the answer.
    `why` keeps one message a failure kind; `notes` counts why answers are degraded; `read` counts
    how verdicts were read: "model" (by their JSON schema), "parser" (from text), or "fallback".
    """

    role: str
    member: str
    calls: int
    requests: int
    retries: int
    input_tokens: int
    output_tokens: int
    cost: float
    unpriced: int
    simulated: int
    reused: int
    seconds: float
    failed: dict[str, int]
    why: dict[str, str]
    notes: dict[str, int]
    read: NotRequired[dict[str, int]]


Usage = dict[str, UsageRow]

_Sum = Literal[
    "calls",
    "requests",
    "retries",
    "input_tokens",
    "output_tokens",
    "cost",
    "unpriced",
    "simulated",
    "reused",
    "seconds",
]
_SUMS: tuple[_Sum, ...] = get_args(_Sum)


def empty_row(role: str, member: str) -> UsageRow:
    """Return a row of zeros."""
    return UsageRow(
        role=role,
        member=member,
        calls=0,
        requests=0,
        retries=0,
        input_tokens=0,
        output_tokens=0,
        cost=0.0,
        unpriced=0,
        simulated=0,
        reused=0,
        seconds=0.0,
        failed={},
        why={},
        notes={},
    )


def _grow(row: UsageRow, more: UsageRow) -> None:
    sums, added = cast("dict[str, float]", row), cast("Mapping[str, float]", more)
    for key in _SUMS:
        sums[key] += added[key]
    for kind, count in more["failed"].items():
        row["failed"][kind] = row["failed"].get(kind, 0) + count
        row["why"].setdefault(kind, more["why"].get(kind, ""))
    for note, count in more["notes"].items():
        row["notes"][note] = row["notes"].get(note, 0) + count
    for source, count in more.get("read", {}).items():
        _count_reading(row, source, count)


def _count_reading(row: UsageRow, source: str, count: int = 1) -> None:
    read = row.setdefault("read", {})
    read[source] = read.get(source, 0) + count


def _copy(row: UsageRow) -> UsageRow:
    copy = row.copy()
    copy["failed"], copy["why"] = dict(row["failed"]), dict(row["why"])
    copy["notes"] = dict(row["notes"])
    if "read" in row:
        copy["read"] = dict(row["read"])
    return copy


def add_spent(old: Usage | None, new: Usage | None) -> Usage:
    """Reducer of the `spent` channel: rows of the same role and member are added up."""
    sums = {key: _copy(row) for key, row in (old or {}).items()}
    for key, row in (new or {}).items():
        if key in sums:
            _grow(sums[key], row)
        else:
            sums[key] = _copy(row)
    return sums


def spent_on(candidates: Iterable[Candidate]) -> Usage:
    """Add up the usage of a node's own calls, nested runs under the member that ran them."""
    rows: Usage = {}
    note(rows, candidates)
    return rows


def note(rows: Usage, candidates: Iterable[Candidate]) -> None:
    """Add the usage of these calls to a ledger, in place."""
    for candidate in candidates:
        _note(rows, candidate)
        if "hedges" in candidate:
            note(rows, candidate["hedges"])


def _note(rows: Usage, candidate: Candidate) -> None:
    error, status = candidate["error"], candidate["status"]
    if status == "skipped" and (error is None or error["kind"] == "budget"):
        return
    role, member = candidate["role"], candidate.get("hedged_by", candidate["member"])
    own = f"{role}/{member}"
    row = rows.get(own)
    if row is None:
        row = rows[own] = empty_row(role, member)
    if "nested" in candidate:
        _note_nested(rows, row, candidate)
    elif status != "skipped":
        _count(row, candidate)
    if error is not None and status != "flagged":  # that one did answer
        row["failed"][error["kind"]] = row["failed"].get(error["kind"], 0) + 1
        row["why"].setdefault(error["kind"], error["message"])
    if "read" in candidate:
        _count_reading(row, candidate["read"])
    if "notes" in candidate:
        for text in candidate["notes"]:
            row["notes"][text] = row["notes"].get(text, 0) + 1
    row["seconds"] += candidate["seconds"]


def _note_nested(rows: Usage, row: UsageRow, candidate: Candidate) -> None:
    """Add the ledger of a run in a call, its rows below the row of the member that ran it."""
    for key, inner in candidate.get("nested", {}).items():
        below = _copy(inner)
        below["role"], below["member"] = row["role"], f"{row['member']} > {key}"
        below["notes"] = {}  # those that it passed on are among its run's own
        path = f"{row['role']}/{row['member']} > {key}"
        if path in rows:
            _grow(rows[path], below)
        else:
            rows[path] = below


def _count(row: UsageRow, candidate: Candidate) -> None:
    attempts = candidate["attempts"]
    calls = candidate.get("calls", 1)
    row["calls"] += calls
    row["requests"] += attempts * calls
    if attempts > 1:
        row["retries"] += attempts - 1
    row["input_tokens"] += candidate["usage"]["input_tokens"]
    row["output_tokens"] += candidate["usage"]["output_tokens"]
    if candidate.get("simulated"):
        row["simulated"] += calls
    if "reused" in candidate:
        row["reused"] += calls
    if candidate["cost"] is None:
        row["unpriced"] += 1
    else:
        row["cost"] += candidate["cost"]


def totals(spent: Mapping[str, UsageRow]) -> UsageRow:
    """Return the sum of all rows."""
    total = empty_row("", "")
    for row in spent.values():
        _grow(total, row)
    return total
