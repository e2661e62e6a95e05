"""Fusion: a panel answers, an analyst compares the answers, and a writer writes from both.

Paper: "FusioN", arXiv 2510.00931.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias, cast

from langchain_core.messages import ToolMessage
from typing_extensions import TypedDict

from manyminds.authoring import (
    Ask,
    Askable,
    CandidatesOutput,
    FilledPrompt,
    InputError,
    LayeredState,
    Member,
    MethodGraph,
    Options,
    Prompt,
    PromptLike,
    Quorum,
    RoleArgument,
    Run,
    Schema,
    State,
    Unpack,
    Unreadable,
    Update,
    check_quorum,
    escaped,
    listed,
    method,
    object_schema,
    require,
    usable,
    with_roles,
)
from manyminds.nodes.overflow import fitting
from manyminds.nodes.sampler import ask_all
from manyminds.nodes.tally import most_alike
from manyminds.nodes.tool_calls import tools_as_params, without_tools
from manyminds.presets import Preset, PresetReport, panel_and_writer, preset_report
from manyminds.reading.loose_json import Json
from manyminds.reading.role_text import fields, reply_of

Key: TypeAlias = Literal[
    "consensus", "contradictions", "partial_coverage", "unique_insights", "blind_spots"
]
KEYS: tuple[Key, ...] = (
    "consensus",
    "contradictions",
    "partial_coverage",
    "unique_insights",
    "blind_spots",
)
PARAMS: Mapping[str, Any] = {"temperature": 0.7}
_ITEMS, _CHARACTERS = 20, 600  # of one list, of one item
_LIST = {"type": "array", "items": {"type": "string", "maxLength": _CHARACTERS}, "maxItems": _ITEMS}
SCHEMA: Schema = object_schema("analysis", dict.fromkeys(KEYS, _LIST))


class Analysis(TypedDict):
    """How the answers of a panel compare: short sentences that name answers by their numbers."""

    consensus: list[str]
    contradictions: list[str]
    partial_coverage: list[str]
    unique_insights: list[str]
    blind_spots: list[str]


class FusionState(LayeredState, total=False):
    """Channels of fusion."""

    analysis: Analysis | None
    preset: PresetReport | None


class FusionOutput(CandidatesOutput):
    """The answer, the report, the panel's answers, and their analysis; None where it failed."""

    analysis: Analysis | None


@method(
    "fusion",
    paper="FusioN, arXiv 2510.00931",
    calls="panel + 2",
    use="Open questions and research: the comparison of the answers is worth reading itself.",
)
def create_fusion(
    panel: Askable | Sequence[Askable],
    *,
    analyst: RoleArgument = None,
    writer: RoleArgument = None,
    tools: Sequence[Any] = (),
    preset: Preset | None = None,
    analysis: PromptLike = "fusion/analyse@1",
    prompt: PromptLike = "fusion/write@1",
    synthesis: PromptLike = "moa/synthesis@1",
    quorum: Quorum = 1,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build fusion: a panel in parallel, a structured analysis of its answers, and a writer.

    Use it for open questions to several different models, agents with tools among them. The
    analysis is in the result, and in the report of a recorded run. Without a readable analysis
    the writer writes from the answers directly, and the report says so.

    Args:
        panel: Members that answer, each once; agents with their own tools may be among them.
        analyst: Model that compares the answers without merging them: a member, a fallback chain,
            or a custom node that sets `analysis`. Default: the first member of the panel.
        writer: Model that writes the reply: a member, a fallback chain, or a custom node that sets
            `answer`. Default: the first member of the panel.
        tools: Tools that only the writer may call. A turn that ends with a tool's
            result asks the writer only.
        preset: Panel and roles from the members' prices, which must be known. "quality": all
            members, and the most expensive one analyses and writes; "balanced": the cheaper half,
            at least two, and the most expensive one of all; "budget": the cheaper half only.
        analysis: Prompt of the analyst, with the variable `answers`.
        prompt: Prompt of the writer, with the variables `answers` and `analysis`.
        synthesis: Prompt of the writer without an analysis, with the variable `answers`.
        quorum: Good answers of the panel needed: a count, or a share such as "75%".
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates",
        "analysis"}.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    said: PresetReport | None = None
    if preset is not None:
        chosen, best = panel_and_writer(panel, preset)
        panel, said = chosen, preset_report(preset, chosen, {"analyst": best, "writer": best})
        analyst, writer = analyst or best, writer or best
    members, analysts, writers = with_roles([listed(panel)], analyst, writer)
    check_quorum(quorum, len(members))
    _check_tools(tools, writers)
    everyone = [*members, *analysts, *writers]
    graph = MethodGraph("fusion", everyone, state=FusionState, output=FusionOutput, **options)
    analysing = graph.prompt(analysis, variables={"answers"})
    writing = graph.prompt(prompt, variables={"answers", "analysis"})
    direct = graph.prompt(synthesis, variables={"answers"})

    graph.step("panel", _panel(members, quorum), opens=True, asks=members)
    analyse, write = _analyse(analysts, analysing), _write(writers, writing, direct, tools)
    graph.role("analyst", analysts, analyse, given=analyst, sets=["analysis"])
    graph.role("writer", writers, write, given=writer, sets=["answer", "final"])
    steps = ("panel", "analyst", "writer")
    return graph.chain(*steps, keys=["analysis", "preset"], analysis=None, preset=said)


def _check_tools(tools: Sequence[Any], writers: Sequence[Member]) -> None:
    mute = [member.name for member in writers if not member.is_chat]
    if tools and mute:
        raise InputError(f"tools: the writer {mute[0]} is no chat model: give one that calls tools")


def _panel(members: Sequence[Member], quorum: Quorum) -> Run:
    """Return the step in which everyone on the panel answers; a tool's result is the writer's."""

    async def run(state: State, ask: Ask) -> Update:
        if _after_a_tool(state):
            return {}
        asked = [(member, without_tools(state["messages"])) for member in members]
        replies = await ask_all(ask, asked, params=PARAMS, quorum=quorum)
        require(replies, quorum)
        return {"candidates": replies}

    return run


def _after_a_tool(state: State) -> bool:
    """Return whether the conversation ends with a tool's result, which only the writer awaits."""
    return isinstance(state["messages"][-1], ToolMessage)


def _analyse(chain: Sequence[Member], prompt: Prompt) -> Run:
    """Return the analyst's step."""

    async def run(state: State, ask: Ask) -> Update:
        if _after_a_tool(state):
            return {}
        ask.state = {**state, "messages": without_tools(state["messages"])}
        reply = await ask.verdict(
            chain, prompt.fill(answers=usable(state)), parse=read_analysis, schema=SCHEMA
        )
        notes = reply.notes("analyst", "the writer wrote from the answers directly")
        return {"analysis": reply.value, "notes": notes}

    return run


def _write(chain: Sequence[Member], prompt: Prompt, direct: Prompt, tools: Sequence[Any]) -> Run:
    """Return the writer's step. Where no writer answers, the most typical answer of the panel."""

    async def run(state: State, ask: Ask) -> Update:
        found, answers = state["analysis"], usable(state)

        def fill(shown: State) -> FilledPrompt:
            if found is None:
                return direct.fill(answers=usable(shown))
            return prompt.fill(answers=usable(shown), analysis=written(found))

        question, fitted = None, list[str]()
        if answers:
            shown, fitted = await fitting(state, ask, chain[0], fill)
            question = fill(shown)
        reply = None
        for place, member in enumerate(chain):
            params = tools_as_params(member, tools, {}) if tools else {}
            reply = await ask(
                member, question, index=place, layer=ask.layer + 1, params=params, stream=True
            )
            if reply["status"] == "ok":
                took = [f"{member.name} took over as writer after another failed"] if place else []
                return {"final": reply, "notes": [*fitted, *took]}
        if not answers and reply is not None:
            ask.require(reply)
        final, more = await most_alike(ask.run, answers)
        note = "no writer answered: the answer is one member's own, verbatim"
        return {"final": final, "notes": [note, *more]}

    return run


def written(analysis: Analysis) -> str:
    """Return an analysis as text for the writer; nothing in it can close or open a tag."""
    parts: list[str] = []
    for key in KEYS:
        items = analysis[key]
        title = key.replace("_", " ").capitalize()
        lines = [f"- {escaped(item)}" for item in items] or ["- none named"]
        parts.append("\n".join([f"{title}:", *lines]))
    return "\n\n".join(parts)


def read_analysis(text: str) -> Analysis | None:
    """Return the analysis in a reply, its lists and items cut to a fixed length.

    Raises:
        Unreadable: A list is missing or is none, or all are empty.
    """
    for found in reversed(fields(reply_of(text))):
        present = [key for key in KEYS if key.replace("_", "") in found]
        if not present:
            continue
        missing = [key for key in KEYS if key not in present]
        if missing:
            raise Unreadable(f"it lacks {', '.join(missing)}")
        lists = {key: _items(found[key.replace("_", "")]) for key in KEYS}
        wrong = [key for key, items in lists.items() if items is None]
        if wrong:
            raise Unreadable(f"{', '.join(wrong)} must be a list of sentences")
        if not any(lists.values()):
            raise Unreadable("all its lists are empty")
        return cast("Analysis", lists)
    return None


def _items(value: Json) -> list[str] | None:
    """Return the sentences of a list; one sentence alone is a list of one."""
    listed = value if isinstance(value, list) else [] if value is None else [value]
    items: list[str] = []
    for one in listed[:_ITEMS]:
        parts = list(one.values()) if isinstance(one, dict) else [one]
        if not all(isinstance(part, str | int | float) for part in parts):
            return None
        text = " ".join(" ".join(str(part) for part in parts).split())[:_CHARACTERS]
        if text:
            items.append(text)
    return items
