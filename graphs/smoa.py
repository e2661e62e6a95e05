"""Sparse Mixture-of-Agents: a judge keeps the best answers of a layer, a moderator stops early.

Paper: "SMoA: Improving Multi-agent Large Language Models with Sparse Mixture-of-Agents", arXiv
2411.03284.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeGuard

from langchain_core.prompts import ChatPromptTemplate
from pydantic import BaseModel
from typing_extensions import Unpack

from manyminds.authoring import method
from manyminds.errors import InputError
from manyminds.limits.quorum import Quorum, check_quorum
from manyminds.members import Askable, Member
from manyminds.method_graph import MethodGraph, Options
from manyminds.nodes.actor import actor
from manyminds.nodes.channels import LayeredState, MethodOutput
from manyminds.nodes.judge import Verdict
from manyminds.nodes.judge import judge as judge_node
from manyminds.nodes.layer import layer
from manyminds.nodes.moderator import agreement_of, threshold
from manyminds.nodes.moderator import moderator as moderator_node
from manyminds.nodes.node import Node, Route, State, custom, is_node
from manyminds.nodes.panel import METHOD, Panel, most_draws
from manyminds.nodes.role_writer import role_writer
from manyminds.nodes.roles import RoleArgument, with_roles
from manyminds.nodes.sparse import sparse_aggregator, sparse_gate
from manyminds.prompts import Prompt, load
from manyminds.reading.answers import Extractor, extractor
from manyminds.state import Candidate

PROMPT, PROPOSER = "moa/synthesis@1", "smoa/proposer@1"
JUDGE, MODERATOR, BOTH = "smoa/judge@1", "smoa/moderator@1", "smoa/judge_moderator@1"
ROLE = "smoa/role@1"
PROPOSER_PARAMS: Mapping[str, Any] = {"temperature": 0.7}
_ROLES = ("judge", "moderator", "aggregator", "role_writer")
_SETS: Mapping[str, Sequence[str]] = {
    "judge": ["kept"],
    "moderator": ["decision"],
    "aggregator": ["answer", "final"],
    "role_writer": ["roles"],
}
_REPORTED = ("layer", "decision", "kept", "verdict")


class SmoaState(LayeredState, total=False):
    """Channels of a Sparse Mixture-of-Agents; `verdict` and `kept` are of the last layer."""

    roles: list[str]
    verdict: Verdict | None


class SmoaOutput(MethodOutput):
    """The answer, the report, the last layer's candidates, and what judge and role writer made."""

    candidates: list[Candidate]
    kept: list[int]
    verdict: Verdict | None
    roles: list[str]


@method(
    "smoa",
    paper="SMoA: Improving Multi-agent Large Language Models with Sparse Mixture-of-Agents, "
    "arXiv 2411.03284",
    calls="(proposers + 2) * (layers - 1)",
    use="Open answers, and moa costs too much where questions are easy: it stops early then.",
)
def create_smoa(
    proposers: Sequence[Askable],
    *,
    judge: RoleArgument = None,
    moderator: RoleArgument | Literal[False] = None,
    aggregator: RoleArgument = None,
    roles: RoleArgument | Sequence[str] | bool = None,
    layers: int = 3,
    keep: int = 2,
    stop: float | None = None,
    combined: bool = False,
    description: str | None = None,
    task: str | None = None,
    extract: str | Callable[[str], str | None] | Extractor | type[BaseModel] = "final",
    prompt: str | Path | ChatPromptTemplate = PROMPT,
    quorum: Quorum = 1,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build a Sparse Mixture-of-Agents.

    Use it where a Mixture-of-Agents is right but costs too much: after each layer a judge keeps
    the best answers, so prompts stay short, and a moderator ends what is settled. It saves where
    many questions are easy; where every layer is needed, it makes more calls than `create_moa`.

    Args:
        proposers: who proposes in every layer.
        judge: who scores and orders the answers of each layer: a member, a fallback chain, or a
            node of your own that sets `kept`, indices of candidates, best first. Default here and
            below: the first proposer; the report names it.
        moderator: who decides after each layer but the last whether to stop: the same, or a node
            that sets `decision`. False: nobody, all layers are made.
        aggregator: who writes the answer from what was kept: the same, or a node that sets
            `answer`. The best answer that was kept, verbatim, is its last resort.
        roles: who the proposers are to be: a list of texts, one for each; or who writes them, once
            a run: True (the first proposer), a member, a chain, or a node that sets `roles`.
            Default: nobody in particular.
        layers: counted with the aggregator's, as in the paper's code.
        keep: answers handed on from each layer.
        stop: instead of asking a moderator, stop at this agreement, from 0 to 1: the share of the
            answers that state the same, or where none can be read the likeness of their texts.
        combined: judge and moderator are one call to the judge, as in the authors' code.
        description: what the data set's questions are like, for written roles; these are then kept
            in the store, where the graph is compiled with one. Default: the question itself.
        task: what is to be done with them. Default: to answer.
        extract: how to read an answer out of a reply, for the agreement; as for `create_debate`.
        prompt: how the aggregator, and proposers without roles, are shown answers: with `answers`.
        quorum: good answers that each layer needs: a count, or a share such as "75%".
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates",
        "kept", "verdict", "roles"}. With n proposers, r = layers - 1 layers of them, and a judge
        and a moderator, (n + 2) * r calls at most; combined or without a moderator's call
        (n + 1) * r + 1; one more where roles are written.

    Raises:
        InputError: an argument cannot be used; the message says what to give.
    """
    _check(proposers, layers, keep, stop, moderator, combined)
    texts = list(roles) if _is_texts(roles) else []
    casting: RoleArgument = None if isinstance(roles, bool) or _is_texts(roles) else roles
    given = (judge, None if moderator is False else moderator, aggregator, casting)
    row, *chains = with_roles([proposers], *given)
    check_quorum(quorum, len(row))
    if texts and len(texts) != len(row):
        raise InputError(f"roles: give {len(row)} texts, one for each proposer, not {len(texts)}")
    graph = MethodGraph(
        METHOD,
        [*row, *(member for chain in chains for member in chain)],
        state=SmoaState,
        output=SmoaOutput,
        **options,
    )
    graph.draws = most_draws(layers - 1)
    both = combined and layers > 2
    moderated = layers > 2 and not combined and (stop is not None or moderator is not False)
    panel = Panel(
        proposers=row,
        rounds=layers - 1,
        quorum=quorum,
        keep=keep,
        judging=0 if is_node(judge) else 1,
        moderating=1 if moderated and stop is None and not is_node(moderator) else 0,
        agreement=agreement_of(extractor(extract)),
        context=graph.settings,
    )
    synthesis, prompts = load(prompt, default=PROMPT, variables={"answers"}), list[Prompt]()

    def using(spec: str) -> Prompt:
        prompts.append(load(spec))
        return prompts[-1]

    makers: Mapping[str, Callable[[Sequence[Member]], Node]] = {
        "judge": lambda chain: judge_node(
            chain, panel, prompt=using(JUDGE), combined=using(BOTH) if both else None
        ),
        "moderator": lambda chain: (
            moderator_node(chain, panel, prompt=using(MODERATOR))
            if stop is None
            else threshold(stop, panel.agreement)
        ),
        "aggregator": lambda chain: sparse_aggregator(chain, panel, prompt=synthesis),
        "role_writer": lambda chain: role_writer(
            chain, panel, prompt=using(ROLE), description=description, task=task
        ),
    }
    in_roles = roles is not None and roles is not False
    there = {"moderator": moderated, "role_writer": in_roles and not texts}
    played: dict[str, Sequence[Member]] = {}
    for role, who, chain in zip(_ROLES, given, chains, strict=True):
        if there.get(role, True):
            graph.add_node(
                role, custom(who, role, sets=_SETS[role]) if is_node(who) else makers[role](chain)
            )
            played[role] = chain
    _add_layers(graph, panel, synthesis, using(PROPOSER) if in_roles else synthesis)
    graph.open(
        "role_writer" if "role_writer" in played else "layer",
        roles=texts,
        verdict=None,
        decision=None,
    )
    if stop is not None:
        played.pop("moderator", None)
    graph.close(prompts=[synthesis, *prompts], roles=played, keys=_REPORTED)
    return graph


def _add_layers(graph: MethodGraph, panel: Panel, synthesis: Prompt, proposing: Prompt) -> None:
    """Add what happens in a layer, and the ways from it to the next one and to the answer."""
    names = [member.name for member in panel.proposers]
    graph.add_node("layer", layer(METHOD, planned=panel.planned, context=panel.context))
    graph.add_node("gate", sparse_gate(panel))
    for place, name in enumerate(names):
        node = actor(place, panel, prompt=proposing, plain=synthesis, params=PROPOSER_PARAMS)
        graph.add_node(name, node)
        graph.add_edge(name, "gate")
    graph.add_edge("aggregator", "finish")
    if "role_writer" in graph.nodes:
        graph.add_edge("role_writer", "layer")

    def everyone(_state: State) -> list[str]:
        return names

    graph.add_conditional_edges("layer", Route(everyone), names)
    if panel.rounds == 1:
        graph.add_edge("gate", "judge")
        graph.add_edge("judge", "aggregator")
        return

    def unless_judged(state: State) -> str:
        return "aggregator" if state["kept"] else "judge"

    graph.add_conditional_edges("gate", Route(unless_judged), ["judge", "aggregator"])
    following = "layer"
    if "moderator" in graph.nodes:
        following = "moderator"
        graph.add_conditional_edges("moderator", _unless_stopped("layer"), ["layer", "aggregator"])
    graph.add_conditional_edges("judge", _unless_stopped(following), [following, "aggregator"])


def _unless_stopped(following: str) -> Route:
    def after(state: State) -> str:
        return "aggregator" if state["decision"]["stop"] else following

    return Route(after)


def _is_texts(roles: object) -> TypeGuard[Sequence[str]]:
    """Tell a list of roles, which are texts with a space in them, from a chain of members."""
    if not isinstance(roles, list | tuple):
        return False
    return all(isinstance(role, str) for role in roles) and any(
        " " in role.strip() for role in roles
    )


def _check(
    proposers: object, layers: int, keep: int, stop: float | None, moderator: object, combined: bool
) -> None:
    if isinstance(proposers, str) or not isinstance(proposers, Sequence):
        raise InputError("proposers: give a list such as ['openai:gpt-4o-mini', 'ollama:llama3.1']")
    if layers < 2:
        raise InputError(f"layers={layers}: give at least 2, the last of which is the aggregator")
    if keep < 1:
        raise InputError(f"keep={keep}: give at least 1")
    if stop is not None and not 0 < stop <= 1:
        raise InputError(f"stop={stop}: give the agreement that is enough, above 0 and up to 1")
    asked = moderator is not None and moderator is not False
    if asked and (stop is not None or combined):
        raise InputError(
            "a moderator is given, and with stop= or combined=True nobody asks it: give one of them"
        )
    if combined and (stop is not None or moderator is False):
        raise InputError("combined=True: the judge decides, so leave out stop= and moderator=")
