"""`manyminds ask`: one question, one answer, and how it came about."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from manyminds.apps.choose import (
    FILE,
    NO_MEMBER,
    Limits,
    build,
    choose_members,
    choose_method,
    is_simulated,
)
from manyminds.apps.terminal import complain, counted, print_json
from manyminds.errors import InputError

if TYPE_CHECKING:  # seconds of import, which a wrong option does not wait for
    from langgraph.types import StreamMode

    from manyminds.apps.progress import Progress
    from manyminds.graphs.method_graph import MethodGraph


def ask(
    question: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUESTION", help="The question, in quotes; `-` reads standard input."
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            "--method",
            "-m",
            metavar="NAME",
            help="See `manyminds methods`. Default: agent-forest for one model, "
            "moa for several different ones.",
        ),
    ] = None,
    member: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL",
            help="Who is asked, such as openai:gpt-4o-mini, ollama:llama3.1, MODEL@URL; may be "
            "repeated. Default: the first model found by key, then by local server.",
        ),
    ] = None,
    members_file: Annotated[
        Path | None,
        typer.Option("--members", metavar="FILE", help="Members that `manyminds select` chose."),
    ] = None,
    aggregator: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Who writes the answer.")
    ] = None,
    judge: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Who judges a universal or rated vote.")
    ] = None,
    planner: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Who splits the question into levels.")
    ] = None,
    task: Annotated[
        str | None, typer.Option(metavar="TASK", help="Step by step: reasoning, arithmetic, hanoi.")
    ] = None,
    samples: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="How many answers at most.")
    ] = None,
    layers: Annotated[
        int | None, typer.Option(metavar="N", min=2, help="Layers, the aggregator's included.")
    ] = None,
    vote: Annotated[
        str | None,
        typer.Option(
            metavar="VOTE",
            help="majority, weighted, confidence; for open answers bleu, rouge, levenshtein, "
            "tfidf, universal, rated.",
        ),
    ] = None,
    stop: Annotated[
        str | None, typer.Option(metavar="RULE", help="When to stop early, such as beta:0.95.")
    ] = None,
    extract: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="What to vote on: number, choice, math, code, text, ..."),
    ] = None,
    cut: Annotated[
        bool, typer.Option("--cut", help="Cut calls in flight once the vote is decided.")
    ] = False,
    prompt: Annotated[
        str | None, typer.Option(metavar="PROMPT", help="A prompt's name or file; see `prompts`.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Drives every random choice.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Seconds for one answer.")
    ] = None,
    price: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PRICE", help="[MODEL=]IN,OUT: dollars for a million tokens; may be repeated."
        ),
    ] = None,
    budget_calls: Annotated[int | None, typer.Option(metavar="N", help="Calls at most.")] = None,
    budget_dollars: Annotated[
        float | None, typer.Option(metavar="DOLLARS", help="Dollars at most; needs --price.")
    ] = None,
    budget_seconds: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Seconds at most.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Ask a question: prints the answer, then how it came about.

    Each method takes only some of the options; `manyminds methods` says which.
    """
    text = _question(question or [])
    given = {"samples": samples, "layers": layers, "aggregator": aggregator, "vote": vote,
             "stop": stop, "extract": extract, "cut": cut or None, "judge": judge,
             "planner": planner, "task": task, "prompt": prompt}  # fmt: skip
    options = {name: value for name, value in given.items() if value is not None}
    if method is not None:
        choose_method(method, [], options)  # a wrong name is told before anything is looked for
    from_file = [] if members_file is None else [f"{FILE}{members_file}"]
    members = choose_members([*(member or []), *from_file])
    if not members:
        print(f"manyminds: {NO_MEMBER}", file=sys.stderr)
        raise typer.Exit(2)
    if not member and not from_file and not as_json:
        print(f"asking {members[0]}, the first model found", file=sys.stderr)
    limits = Limits(budget_calls, budget_dollars, budget_seconds, timeout)
    chosen = choose_method(method, members, options)
    graph = build(chosen, members, options, limits=limits, seed=seed, prices=price or [])
    result = _watch(graph, text)
    simulated = is_simulated([*members, aggregator or ""])
    from manyminds.apps import explain

    if as_json:
        print_json(explain.as_json(result, text, simulated=simulated))
    else:
        explain.show(result, simulated=simulated)


def _question(words: Sequence[str]) -> str:
    """Return the question from the arguments or from standard input."""
    if len(words) > 1:
        raise InputError(f"put the question in quotes: 'manyminds ask \"{' '.join(words)}\"'")
    if words and words[0] != "-":
        text = words[0]
    elif not words and sys.stdin.isatty():
        raise InputError("there is no question: manyminds ask 'your question', or - to read it in")
    else:
        text = sys.stdin.buffer.read().decode("utf-8-sig", errors="surrogateescape")
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise InputError("the question is not UTF-8 text: convert it, such as with iconv")
    if not text.strip():
        raise InputError("the question is empty: manyminds ask 'your question'")
    return text.strip()


def _watch(graph: "MethodGraph", question: str) -> Mapping[str, Any]:
    """Run the graph, showing how far it is where somebody looks."""
    from manyminds.apps.display import live
    from manyminds.apps.progress import Progress

    progress = Progress()
    try:
        with live(progress) as watched:
            return asyncio.run(_run(graph, question, progress, watched=watched))
    except KeyboardInterrupt:
        asked = counted(progress.asked, "answer")
        complain(f"interrupted with {progress.answered} of {asked} in; nothing was kept")
        raise typer.Exit(130) from None


async def _run(
    graph: "MethodGraph", question: str, progress: "Progress", *, watched: bool
) -> Mapping[str, Any]:
    result: Mapping[str, Any] = {}
    # Tokens are asked for only where they are shown: streaming costs time and, with some
    # endpoints, the count of tokens.
    modes: list[StreamMode] = ["custom", "values"]
    if watched:
        modes.append("messages")
    given = {"messages": [("user", question)]}
    async for mode, part in graph.compile().astream(given, stream_mode=modes):
        if mode == "custom":
            progress.event(cast("Mapping[str, object]", part))
        elif mode == "messages":
            progress.token(part[0])
        else:
            result = cast("Mapping[str, Any]", part)
    return result
