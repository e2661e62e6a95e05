"""`manyminds ask`: one question, one answer, and how it came about."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from manyminds.apps import flags
from manyminds.apps.choose import (
    FILE,
    NO_MEMBER,
    Limits,
    build,
    choose_members,
    choose_method,
    introduced,
    is_simulated,
    players,
)
from manyminds.apps.recording import record_into
from manyminds.apps.terminal import complain, counted, print_json
from manyminds.errors import InputError

if TYPE_CHECKING:  # seconds of import, which a wrong option does not wait for
    from langgraph.types import StreamMode

    from manyminds.method_graph import MethodGraph
    from manyminds.views.progress import Progress


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
            help="See `manyminds methods`; auto: a cascade over all models found or named, "
            "cheapest first. Default: agent-forest for one model, moa for several different ones.",
        ),
    ] = None,
    member: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL",
            help="Member, such as openai:gpt-4o-mini, ollama:llama3.1, MODEL@URL; may be "
            "repeated. Default: the first model found: by key, by local server, in this process.",
        ),
    ] = None,
    members_file: Annotated[
        Path | None,
        typer.Option("--members", metavar="FILE", help="Members that `manyminds select` chose."),
    ] = None,
    sets: flags.Set = None,
    aggregator: flags.Aggregator = None,
    judge: flags.Judge = None,
    planner: flags.Planner = None,
    task: flags.Task = None,
    samples: flags.Samples = None,
    layers: flags.Layers = None,
    vote: flags.Vote = None,
    stop: flags.Stop = None,
    extract: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="What to vote on: number, choice, math, code, text, ..."),
    ] = None,
    cut: flags.Cut = False,
    prompt: flags.PromptName = None,
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
        float | None, typer.Option(metavar="DOLLARS", help="Dollars at most; needs known prices.")
    ] = None,
    budget_seconds: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Seconds at most.")
    ] = None,
    record: flags.Record = None,
    no_record: flags.NoRecord = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Ask a question: prints the answer, then how it came about.

    Each method takes only some of the options, and has others that --set gives; `manyminds methods
    METHOD` lists them.
    """
    text = _question(question or [])
    options = flags.texts(
        sets, samples=samples, layers=layers, aggregator=aggregator, vote=vote, stop=stop,
        extract=extract, cut=cut, judge=judge, planner=planner, task=task, prompt=prompt,
    )  # fmt: skip
    if method is not None:
        choose_method(method, [], options)  # a wrong name is told before anything is looked for
    from_file = [] if members_file is None else [f"{FILE}{members_file}"]
    members = choose_members([*(member or []), *from_file], method=method)
    if not members:
        print(f"manyminds: {NO_MEMBER}", file=sys.stderr)
        raise typer.Exit(2)
    if not member and not from_file and not as_json:
        print(introduced(members), file=sys.stderr)
    limits = Limits(budget_calls, budget_dollars, budget_seconds, timeout)
    chosen = choose_method(method, members, options)
    graph = build(chosen, members, options, limits=limits, seed=seed, prices=price or [])
    with record_into(record, off=no_record) as recording:
        result = _watch(graph, text)
    simulated = is_simulated([*members, *players(chosen, options)])
    from manyminds.apps import explain

    written = recording is not None and recording.path.exists()
    file = str(recording.path) if recording is not None and written else None
    if as_json:
        print_json({**explain.as_json(result, text, simulated=simulated), "record": file})
    else:
        explain.show(result, simulated=simulated, record=file)


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
    from manyminds.views.progress import Progress

    def hide(text: str) -> str:
        for member in graph.members.values():
            text = member.without_key(text)
        return text

    progress = Progress(hide=hide)
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
