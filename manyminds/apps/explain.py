"""Screen output of one run: failures first, then the answer, then how it was reached."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from manyminds.apps.terminal import clean, console, counted, dollars, facts, one_line, put
from manyminds.votes.ballots import by_likeness, unit_of

_MOST_GROUPS = 6
_BAR = 16
_SIMULATED = "by a statistical model of a language model; no real model was asked"


def show(result: Mapping[str, Any], *, simulated: bool, record: str | None = None) -> None:
    """Print the answer and how it was reached.

    Args:
        result: result of the graph.
        simulated: True if a member only simulates a model; the text then says so.
        record: the file that the run was recorded in, if it was.
    """
    screen = console()
    report = result["report"]
    if report["degraded"]:
        screen.print(Text(f"Degraded: {one_line(report['degraded'], 500)}", "bold yellow"))
        screen.print()
    # Not through Rich: the answer is not wrapped, so that it can be copied and piped as it is.
    print(clean(result["answer"]).strip(), flush=True)
    screen.print()
    rows: list[tuple[str, Text | Table | Group]] = [(report["method"], Text(_how(result)))]
    if report.get("preset"):
        rows.append(("preset", Text(_preset(report["preset"]))))
    if simulated:
        rows.append(("simulated", Text(_SIMULATED, "yellow")))
    if result.get("ballot") and result["ballot"]["groups"]:
        rows.append(("votes", _votes(result["ballot"], result.get("candidates", ()))))
    if len(report["members"]) > 1:
        rows.append(("members", _members(report["members"])))
    if report["missing"]:
        rows.append(("failed", Text(_missing(report["missing"]), "red")))
    rows.append(("used", Text(_used(report))))
    put(screen, facts(rows))
    if record is not None:  # not wrapped, so that it can be copied as one line
        print(f"look at it  manyminds show {shlex.quote(record)}")


def as_json(result: Mapping[str, Any], question: str, *, simulated: bool) -> dict[str, object]:
    """Return the same as plain data: question, answer, votes, and the whole report.

    `votes` are best first: the answer in the words of its first voter, the weight behind it, and
    the places of its voters in the order of asking.
    """
    ballot = result.get("ballot")
    report = result["report"]
    return {
        "question": question,
        "answer": result["answer"],
        "simulated": simulated,
        "votes": ballot and [dict(group) for group in ballot["groups"]],
        **{key: value for key, value in report.items() if key not in ("ballot", "spent")},
    }


def _how(result: Mapping[str, Any]) -> str:
    report = result["report"]
    asked = counted(report["calls"], "call")
    names = list(report["members"])
    target = names[0] if len(names) == 1 else counted(len(names), "member")
    parts = [f"{asked} to {target}"]
    decision = report.get("decision")
    if decision and decision["reason"] and not decision["reason"].startswith("fixed"):
        parts.append(f"stopped: {one_line(decision['reason']).rstrip('.')}")
    for role in report["roles_played_by"]:
        names = _players(report, role)
        if names:
            parts.append(f"{role}: {one_line(', '.join(names))}")
    return "; ".join(parts)


def _preset(preset: Mapping[str, Any]) -> str:
    """Name the members that a preset chose, each with the dollars of a usual call."""
    prices = preset["dollars"]
    asked = ", ".join(f"{one_line(name)} ({dollars(prices[name])})" for name in preset["members"])
    return f"{preset['name']}: {asked} for a call with 1,000 tokens in and 500 out"


def _players(report: Mapping[str, Any], role: str) -> list[str]:
    """Return the members that answered in a role; a member that is a method has no calls here."""
    return [
        row["member"]
        for row in report["spent"].values()
        if row["role"] == role
        and " > " not in row["member"]
        and (not row["calls"] or row["calls"] > sum(row["failed"].values()))
    ]


def _votes(ballot: Mapping[str, Any], candidates: Sequence[Mapping[str, Any]]) -> Group:
    """Draw the ballot: votes as counts, similarities as a mean of 100."""
    groups: Sequence[Mapping[str, Any]] = ballot["groups"]
    most = max(group["weight"] for group in groups) or 1
    alike, unit = by_likeness(ballot), unit_of(ballot)
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=28)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    for group in groups[:_MOST_GROUPS]:
        first = group is groups[0]
        bar = "█" * max(1, round(_BAR * group["weight"] / most))
        words = one_line(group["answer"] or _authors(group, candidates), 60)
        table.add_row(
            Text(words, "bold" if first else ""),
            Text(bar, "green" if first else "dim"),
            Text(f"{group['weight'] / unit:.3g}", "bold" if first else ""),
        )
    rest = len(groups) - _MOST_GROUPS
    notes = [f"and {counted(rest, 'other answer')}"] if rest > 0 else []
    if alike:
        notes.append(f"likeness to the others by {ballot['vote']}, of 100")
    if ballot["abstentions"]:
        everyone = ballot["voters"] + ballot["abstentions"]
        notes.append(f"{ballot['abstentions']} of {everyone} gave no vote")
    if ballot["tie"]:
        notes.append("a tie: the earlier answer wins")
    return Group(table, *(Text(note, "dim") for note in notes))


def _authors(group: Mapping[str, Any], candidates: Sequence[Mapping[str, Any]]) -> str:
    """Name the members whose answers have no short form; one member alone tells nothing."""
    if len({one["member"] for one in candidates}) < 2:
        return "(as written)"
    names = [one["member"] for one in candidates if one["index"] in group["indices"]]
    return ", ".join(dict.fromkeys(names)) or "(as written)"


def _members(members: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=28)
    for _ in range(3):
        table.add_column(no_wrap=True, justify="right", overflow="ellipsis")
    for name, row in members.items():
        failed = sum(row["failed"].values())
        table.add_row(
            Text(one_line(name)),
            counted(row["calls"], "call"),
            f"{row['seconds'] / max(1, row['calls']):.1f} s each",
            Text(f"{failed} failed", "red") if failed else "",
        )
    return table


def _missing(missing: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(
        f"{one_line(one['member'])}: {one['kind']}"
        + (f", {one['count']} times" if one["count"] > 1 else "")
        + (f": {one_line(one['message'])}" if one["message"] else "")
        for one in missing
    )


def _used(report: Mapping[str, Any]) -> str:
    tokens = report["tokens"]
    parts = [
        f"{report['seconds']:.1f} s",
        f"{tokens['input'] + tokens['output']:,} tokens "
        f"({tokens['input']:,} in, {tokens['output']:,} out)",
        dollars(report["cost"]),
    ]
    if report["retries"]:
        parts.append(f"retries: {report['retries']}")
    return ", ".join(parts)
