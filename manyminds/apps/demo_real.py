"""`manyminds demo --real`: a vote, a judge and a Mixture-of-Agents, with a small real model.

Everything that is printed was written by the model just before: replies differ from run to run.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from manyminds.apps.terminal import console, facts, one_line, put
from manyminds.errors import RunError

if TYPE_CHECKING:
    from manyminds.method_graph import MethodGraph
    from manyminds.records.run_record import Call, RunRecord

MEMBER = "local:smollm2"
_SHOWN = 220  # characters of a reply that are printed
_VOTE = "What is 7 + 5?"
_JUDGED = "Name one planet of the solar system, and say in a sentence what it is known for."
_MIXED = "Why is the sky blue? Answer in two sentences."
_JUDGE = "judge"


class Part(NamedTuple):
    """One part of the demonstration: its heading, its question and its method."""

    title: str
    question: str
    graph: "MethodGraph"


def show_real() -> None:
    """Run the parts, and print the texts of each as soon as it is done.

    Raises:
        MemberError: the model is not here; the message says how to get it.
    """
    from rich.text import Text

    from manyminds.models.local import about

    screen = console()
    description = about(MEMBER)
    put(screen, Text("A real language model, in this process", "bold"), Text(f"{description}."), "")
    with TemporaryDirectory(prefix="manyminds-demo-") as folder:
        for number, part in enumerate(parts()):
            put(screen, Text(part.title, "bold"), Text(f"Question: {part.question}"))
            result, run = _run(part, Path(folder) / f"{number}.jsonl")
            put(screen, facts(_lines(result, run)), "")
    put(screen, Text("Live replies of SmolLM2-135M; ask it yourself:", "dim"))
    put(screen, Text(f"manyminds ask --member {MEMBER} 'your question'", "dim"))


def parts() -> Iterator[Part]:
    """Build the parts: every method asks the same small model."""
    from manyminds.graphs.agent_forest import create_agent_forest
    from manyminds.graphs.moa import create_moa
    from manyminds.members import Member

    def member(tokens: int, **params: float) -> Member:
        return Member(MEMBER, params={"max_tokens": tokens, **params})

    yield Part(
        "A vote of eight replies",
        _VOTE,
        create_agent_forest(member(128, temperature=0.6), samples=8, prompt=None),
    )
    yield Part(
        "A judge, whose verdict a grammar holds to its JSON schema",
        _JUDGED,
        create_agent_forest(
            member(96), samples=3, vote="universal", judge=member(256), prompt=None
        ),
    )
    yield Part("A Mixture-of-Agents", _MIXED, create_moa([member(128)] * 3, layers=2))


def _run(part: Part, path: Path) -> "tuple[dict[str, Any], RunRecord | None]":
    from manyminds.records.record import record

    with record(path) as recording:
        try:
            result = part.graph.compile().invoke({"messages": [("user", part.question)]})
        except RunError as error:  # of so small a model, not every run has an answer
            return {"answer": f"none: {error}", "report": {}}, recording.run
        return result, recording.run


def _lines(result: dict[str, Any], run: "RunRecord | None") -> Iterator[tuple[str, str]]:
    for number, call in enumerate([] if run is None else run.calls, 1):
        yield f"  {number} {call.role}", _reply(call)
    ballot, report = result.get("ballot"), result["report"]
    if ballot and ballot["vote"] == "majority":
        votes = (f"{group['answer']}: {group['weight']:g}" for group in ballot["groups"])
        yield "votes", ", ".join(votes)
    yield "answer", one_line(result["answer"], _SHOWN)
    if report.get("degraded"):
        yield "but", one_line(report["degraded"], _SHOWN)
    if report:
        tokens = report["tokens"]["output"]
        yield "used", f"{report['calls']} calls, {tokens} tokens, {report['seconds']:.1f} s"


def _reply(call: "Call") -> str:
    """Return a reply on one line, with the answer read in it; JSON as the model wrote it."""
    if call.status != "ok":
        reason = call.error["message"] if call.error else call.status
        return f"({one_line(reason, _SHOWN)})"
    if call.role == _JUDGE:
        try:
            return json.dumps(json.loads(call.text), ensure_ascii=False)
        except ValueError:
            return one_line(call.text, _SHOWN)
    read = f"  [{call.answer}]" if call.answer is not None else ""
    return one_line(call.text, _SHOWN) + read
