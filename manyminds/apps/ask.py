"""`manyminds ask`: one question, one answer, and how it was reached."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from manyminds.apps.choose import (
    build,
    choose_method,
    is_simulated,
    named_or_found,
    players,
)
from manyminds.apps.flags import AsJson, Limits, Members, MethodOptions, Recording
from manyminds.apps.terminal import counted, print_json
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
            "cheapest first, and one model is sampled until it is sure. Default: agent-forest for "
            "one model, moa for several different ones.",
        ),
    ] = None,
    *,
    members: Members,
    options: MethodOptions,
    extract: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="What to vote on: number, choice, math, code, text, ..."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Seed of every random choice.")
    ] = None,
    limits: Limits,
    recording: Recording,
    as_json: AsJson = False,
) -> None:
    """Answer one question and print how the answer was reached.

    Without a member, the first model found is asked: by key, by local server, in this process.
    Each method takes only some of the options, and has others that --set gives; `manyminds methods
    METHOD` lists them.
    """
    text = _question(question or [])
    given = options.texts(extract=extract)
    if method is not None:
        choose_method(method, [], given)  # refuses a wrong name before it looks for members
    asked = named_or_found(members, method, quiet=as_json, limits=limits)
    chosen, given = choose_method(method, asked, given)
    graph = build(chosen, asked, given, limits=limits, seed=seed)
    result, file = _recorded(graph, text, recording)
    simulated = is_simulated([*asked, *players(chosen, given)])
    from manyminds.apps import explain

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


def _recorded(
    graph: "MethodGraph", question: str, recording: Recording
) -> tuple[Mapping[str, Any], str | None]:
    """Run the graph; return its result and the file of the record, None where none was written."""
    with recording.into() as opened:
        result = _watch(graph, question)
    return result, str(opened.path) if opened is not None and opened.path.exists() else None


def _watch(graph: "MethodGraph", question: str) -> Mapping[str, Any]:
    """Run the graph, and show its progress on a terminal."""
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
        kept = f" with {progress.answered} of {asked} in; nothing was kept"
        raise KeyboardInterrupt(kept) from None


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
