"""finish: the last candidate becomes the answer, and the report is drawn up."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast
from uuid import uuid4

from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata

from manyminds.errors import InputError, QuorumError
from manyminds.limits import budget
from manyminds.members import safe_name
from manyminds.nodes.node import Node, State, Update
from manyminds.runs import journal
from manyminds.runs.cache import cache_key
from manyminds.runs.context import parent_call
from manyminds.runs.scope import forget, known_scope
from manyminds.runs.usage import Usage, UsageRow, empty_row, totals
from manyminds.state import NO_TOKENS, Candidate

# A simulated answer always says so, also one that a program put together out of several.
MARK = "[simulated]"
_SHORT = ("method", "degraded", "calls", "tokens", "cost", "seconds")


class Graph(Protocol):
    """The part of the graph that `finish` reads."""

    @property
    def method(self) -> str:
        """Name of the method."""
        ...

    @property
    def prompts(self) -> list[str]:
        """name@version#hash of each prompt that the method uses."""
        ...

    def built_with(self) -> Mapping[str, str]:
        """Return a hash of each option of the builder."""
        ...


def finish(
    graph: Graph,
    *,
    roles: Mapping[str, Sequence[str]] | None = None,
    ignored: Sequence[str] = (),
    prices: Mapping[str, str] | None = None,
    keys: Sequence[str] = (),
    composed: bool = False,
) -> Node:
    """Return the node that closes every method.

    Args:
        graph: Graph of the method.
        roles: Members of each role, in fallback order.
        ignored: Members whose sampling parameters cannot be set.
        prices: Source of each member's price, where it has one.
        keys: Channels that the report shows, so that it is whole without the result.
        composed: The method composes the answer itself, and so must say if it is simulated.
    """

    async def run(state: State) -> Update:
        final: Candidate = state.get("final") or _own_answer(state)
        report: dict[str, Any] = {
            **summary(graph.method, state),
            "answered_by": final["member"],
            "roles_played_by": {role: list(names) for role, names in (roles or {}).items()},
            "prompts": list(graph.prompts),
            "ignored_params": list(ignored),
            "prices": dict(prices or {}),
            **{key: state.get(key) for key in keys},
        }
        report["notes"] += _resumed_with(state.get("built_with"), graph.built_with())
        if composed and report["simulated"] and MARK not in final["text"]:
            final = {**final, "text": f"{final['text']}\n{MARK}"}
        common = known_scope(state["run"])
        if common is not None and common.recorder is not None:
            common.recorder.ended(state["run"], final["text"], report)
        budget.close(state["run"])
        forget(state["run"])
        around = parent_call.get()
        if around is None or not around.call:
            await journal.end(state["run"], cache_key(state["messages"], {}))
        answer = message(final, report, {m.id for m in state["messages"]})
        return {"messages": [answer], "answer": final["text"], "report": report}

    return Node(run, "finish")


def summary(method: str, state: State) -> dict[str, Any]:
    """Add up the ledger: the calls of each member and role, the failures, the cost."""
    spent: Usage = state.get("spent") or {}
    total = totals(spent)
    missing = _missing(spent)
    lost = [one for one in missing if one["kind"] != "cancelled"]  # cut on purpose, not lost
    notes = [*state.get("notes", []), *_notes_of_answers(spent)]
    reasons = [*notes, *([_absent(lost, total)] if lost else [])]
    common = known_scope(state["run"])
    if common is not None:  # the answer is no worse for what an observer has lost
        notes += common.failed_observers.values()
    return {
        "degraded": "; ".join(reasons) or None,
        "notes": notes,
        "method": method,
        "run": state["run"],
        "missing": missing,
        "calls": total["calls"],
        "retries": total["retries"],
        "requests": total["requests"],
        "reused": total["reused"],
        "tokens": _tokens(total),
        "cost": _cost(total),
        "unpriced_calls": total["unpriced"],
        "simulated": total["simulated"] > 0,
        "seconds": round(_seconds(state, None if common is None else common.began), 3),
        "members": _grouped(spent, "member"),
        "roles": _grouped(spent, "role"),
        "spent": spent,
    }


def _seconds(state: State, began: float | None) -> float:
    """Return the run's seconds: by the clock that nobody sets, unless another process began it."""
    if began is not None:
        return time.monotonic() - began
    return max(0.0, time.time() - cast("float", state["started"]))


def _resumed_with(begun: Mapping[str, str] | None, ended: Mapping[str, str]) -> list[str]:
    """Return a note where a run was resumed with other options than it began with."""
    if begun is None or begun == ended:
        return []
    names = [name for name in {**begun, **ended} if begun.get(name) != ended.get(name)]
    return [f"the run was resumed with other options: {', '.join(sorted(names))}"]


def message(final: Candidate, report: Mapping[str, Any], taken: set[str | None]) -> AIMessage:
    """Return the answer as the model's own message, with the report's short form.

    Its id is kept, so that a caller that streams sees it once; a new one is given only where the
    conversation has that id already (a replayed answer).
    """
    known = final["message_id"]
    usage, thought = final["usage"], final.get("reasoning")
    cut = {"finish_reason": "length"} if final.get("truncated") else {}
    return AIMessage(
        content=final.get("content") or final["text"],
        tool_calls=final.get("tool_calls", []),
        id=uuid4().hex if known is None or known in taken else known,
        name=safe_name(report["method"]),
        usage_metadata=UsageMetadata(
            input_tokens=usage["input_tokens"],
            output_tokens=usage["output_tokens"],
            total_tokens=usage["input_tokens"] + usage["output_tokens"],
        ),
        additional_kwargs={"reasoning_content": thought} if thought else {},
        response_metadata={"manyminds": {key: report[key] for key in _SHORT}, **cut},
    )


def _own_answer(state: State) -> Candidate:
    """Make a candidate of the text that a host's own node left under `answer`."""
    text = state.get("answer")
    if not isinstance(text, str) or not text.strip():
        failures = [
            f"{one['member']}: {one['kind']}: {one['message']}"
            for one in _missing(state.get("spent") or {})
        ]
        if failures:
            raise QuorumError("no member answered", failures)
        raise InputError("no node set the answer: a custom last node returns {'answer': 'text'}")
    return Candidate(
        run=state["run"],
        member="custom node",
        role="aggregator",
        index=0,
        draw=0,
        layer=state["layer"],
        status="ok",
        text=text,
        answer=None,
        error=None,
        usage=NO_TOKENS,
        cost=0.0,
        seconds=0.0,
        attempts=0,
        message_id=None,
    )


def _missing(spent: Usage) -> list[dict[str, Any]]:
    return [
        {
            "member": row["member"],
            "role": row["role"],
            "kind": kind,
            "count": count,
            "message": row["why"].get(kind, ""),
        }
        for row in spent.values()
        for kind, count in row["failed"].items()
    ]


def _notes_of_answers(spent: Usage) -> list[str]:
    """Return why answers of members are degraded, each once."""
    counts: Counter[tuple[str, str]] = Counter()
    for row in spent.values():
        for note, count in row["notes"].items():
            counts[row["member"], note] += count
    return [
        f"in {member}: {note}" + (f" ({count} times)" if count > 1 else "")
        for (member, note), count in counts.items()
    ]


def _absent(missing: list[dict[str, Any]], total: UsageRow) -> str:
    kinds: dict[str, int] = {}
    for one in missing:
        kinds[one["kind"]] = kinds.get(one["kind"], 0) + one["count"]
    gone = sum(kinds.values())
    listed = ", ".join(f"{kind} {count}" for kind, count in kinds.items())
    return f"{gone} of {max(total['calls'], gone)} calls gave no answer ({listed})"


def _grouped(spent: Usage, by: str) -> dict[str, dict[str, Any]]:
    groups: dict[str, UsageRow] = {}
    for row in spent.values():
        # A nested run's rows belong to the member that ran it.
        name = str(row[by]).split(" > ")[0]  # type: ignore[literal-required]
        group = groups.setdefault(name, empty_row("", ""))
        groups[name] = totals({"a": group, "b": row})
    return {
        name: {
            "calls": row["calls"],
            "retries": row["retries"],
            "tokens": _tokens(row),
            "cost": _cost(row),
            "seconds": round(row["seconds"], 3),
            "failed": row["failed"],
            **({"read": row["read"]} if "read" in row else {}),
        }
        for name, row in groups.items()
    }


def _tokens(row: UsageRow) -> dict[str, int]:
    return {"input": row["input_tokens"], "output": row["output_tokens"]}


def _cost(row: UsageRow) -> float | None:
    """Dollars, or None where no call had a known price."""
    return None if row["calls"] and row["unpriced"] >= row["calls"] else row["cost"]
