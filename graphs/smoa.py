"""Sparse Mixture-of-Agents: a judge keeps the best answers of a layer, a moderator stops early.

Paper: "SMoA: Improving Multi-agent Large Language Models with Sparse Mixture-of-Agents", arXiv
2411.03284.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel

from manyminds.authoring import (
    Ask,
    Askable,
    Candidate,
    CandidatesOutput,
    InputError,
    LayeredState,
    Member,
    MethodGraph,
    Options,
    PromptLike,
    Quorum,
    RoleArgument,
    State,
    Unpack,
    check_quorum,
    is_node,
    method,
    with_roles,
)
from manyminds.authoring import layers as add_layers
from manyminds.nodes.aggregator import aggregator as aggregator_step
from manyminds.nodes.aggregator import most_alike
from manyminds.nodes.channels import usable
from manyminds.nodes.judge import Verdict
from manyminds.nodes.judge import judge as judge_step
from manyminds.nodes.moderator import moderator as moderator_step
from manyminds.nodes.moderator import threshold
from manyminds.nodes.node import custom
from manyminds.nodes.role_writer import role_writer as role_writer_step
from manyminds.nodes.shown import kept_shown
from manyminds.nodes.step import Run
from manyminds.reading.answers import Extractor, extractor

PROMPT, PROPOSER = "smoa/synthesis@1", "smoa/proposer@2"
JUDGE, MODERATOR, BOTH = "smoa/judge@2", "smoa/moderator@2", "smoa/judge_moderator@2"
ROLE = "smoa/role@1"
PROPOSER_PARAMS: Mapping[str, Any] = {"temperature": 0.7}
_STANDING = {"agreement", "answers", "layer", "layers"}
_REPORTED = ("layer", "decision", "kept", "verdict", "roles_from")

Stop: TypeAlias = Literal["moderator", "judge", "never"] | float
"""Who ends the layers early: a moderator, the judge, nobody, or an agreement from 0 to 1."""


class SmoaState(LayeredState, total=False):
    """Channels of a Sparse Mixture-of-Agents; `verdict` and `kept` are of the last layer."""

    roles: list[str]
    roles_from: str
    verdict: Verdict | None


class SmoaOutput(CandidatesOutput):
    """The answer, the report, the last layer's candidates, and what judge and role writer made."""

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
    moderator: RoleArgument = None,
    aggregator: RoleArgument = None,
    stop: Stop = "moderator",
    roles: Sequence[str] | None = None,
    role_writer: RoleArgument = None,
    layers: int = 3,
    keep: int = 2,
    description: str | None = None,
    task: str | None = None,
    extract: str | Callable[[str], str | None] | Extractor | type[BaseModel] | None = None,
    prompt: PromptLike = PROMPT,
    quorum: Quorum = 1,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build a Sparse Mixture-of-Agents.

    Use it when Mixture-of-Agents fits but costs too much: after each layer a judge keeps the best
    answers, so prompts stay short, and the layers end early on questions that are settled. It saves
    where many questions are easy; where every layer is needed, it makes more calls than
    `create_moa`. Different roles for the proposers are one of the paper's three ideas: give a
    `description` of the questions, and they are written.

    Args:
        proposers: Members that propose in every layer.
        judge: Model that scores each layer's answers. A member, a fallback chain, or a custom node
            that sets `kept`: indices of candidates, best first. Default here and below: the first
            proposer; the report names it.
        moderator: Model that decides after each layer but the last whether to stop, with
            `stop="moderator"`. The same, or a custom node that sets `decision`.
        aggregator: Model that writes the answer from what was kept. The same, or a custom node that
            sets `answer`. The best answer that was kept, verbatim, is its last resort.
        stop: What ends the layers early: "moderator"; "judge", which decides in the same call, as
            in the authors' code; "never"; or a number above 0 and up to 1: the share of a layer's
            answers that state the same. Answers that cannot be read never stop it.
        roles: Roles of the proposers, one text for each; an empty list: none. Default: see
            `role_writer`.
        role_writer: Model that writes the roles, once a run. A member, a fallback chain, or a
            custom node that sets `roles`. Default: the first proposer if there is a `description`,
            else there are no roles, and the report says so.
        layers: Layers with the aggregator's, as in the paper's code.
        keep: Answers handed on from each layer.
        description: Description of the data set's questions, for written roles. These are then
            kept in the store, if the graph is compiled with one.
        task: Text on what is to be done with the questions. Default: to answer.
        extract: Reader of an answer in a reply, for the agreement, as for `create_debate`. Default:
            the kind that suits most replies.
        prompt: Prompt of the aggregator, and of proposers without roles, with `answers`.
        quorum: Good answers that each layer needs: a count, or a share such as "75%".
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates",
        "kept", "verdict", "roles"}. With n proposers and r = layers - 1 layers of them, a judge and
        a moderator make (n + 2) * r calls at most; without a moderator's calls (n + 1) * r + 1; one
        more if roles are written.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    _check(proposers, layers, keep, stop, moderator)
    row, *chains = with_roles([proposers], judge, moderator, aggregator, role_writer)
    judges, moderators, aggregators, writers = chains
    check_quorum(quorum, len(row))
    texts = _given(roles, role_writer, len(row))
    written = roles is None and (role_writer is not None or description is not None)
    moderated = stop == "moderator" and layers > 2
    everyone = [*row, *(member for chain in chains for member in chain)]
    graph = MethodGraph("smoa", everyone, state=SmoaState, output=SmoaOutput, **options)
    kind = None if extract is None else extractor(extract)
    synthesis = graph.prompt(prompt, PROMPT, variables={"answers"})
    in_role = (
        graph.prompt(PROPOSER, variables={"answers", "role"}) if texts or written else synthesis
    )

    async def propose(state: State, ask: Ask, member: Member) -> Candidate:
        answers = kept_shown(state, kind).text if ask.layer > 1 else ""
        own = state["roles"][ask.index : ask.index + 1]
        question = in_role.fill(role=own[0], answers=answers) if own else None
        if not own and answers:
            question = synthesis.fill(answers=answers)
        return await ask(member, question, params=PROPOSER_PARAMS)

    rounds, judging = layers - 1, int(not is_node(judge))
    moderating = int(moderated and not is_node(moderator))
    add_layers(
        graph,
        [row] * rounds,
        propose,
        then=None,
        first="role_writer" if written else "layer",
        quorum=quorum,
        planned=rounds * (len(row) + judging + moderating) - moderating + 1,
        reserve=2 * judging + moderating + 1,
        roles=texts,
        roles_from="caller" if texts else "custom node" if written else "off",
        verdict=None,
        decision=None,
    )
    further = len(row) + judging + 1  # calls of one more layer up to the answer
    if written:
        _role(
            graph,
            "role_writer",
            role_writer,
            writers,
            lambda: role_writer_step(
                writers,
                graph.prompt(ROLE, variables={"count", "description", "task"}),
                count=len(row),
                reserve=further,
                description=description,
                task=task,
            ),
            sets=["roles"],
        )
    _role(
        graph,
        "judge",
        judge,
        judges,
        lambda: judge_step(
            judges,
            graph.prompt(JUDGE, variables={"answers"}),
            keep=keep,
            kind=kind,
            combined=graph.prompt(BOTH, variables=_STANDING) if stop == "judge" else None,
            layers=rounds,
        ),
        sets=["kept"],
    )
    if moderated:
        _role(
            graph,
            "moderator",
            moderator,
            moderators,
            lambda: moderator_step(
                moderators,
                graph.prompt(MODERATOR, variables=_STANDING | {"scores"}),
                layers=rounds,
                calls=further,
                kind=kind,
            ),
            sets=["decision"],
        )
    elif not isinstance(stop, str) and layers > 2:
        graph.step("moderator", threshold(stop, rounds, kind))
    _role(
        graph,
        "aggregator",
        aggregator,
        aggregators,
        lambda: aggregator_step(
            aggregators,
            lambda state: synthesis.fill(answers=kept_shown(state, kind).text),
            last_resort=lambda state: most_alike(usable(state)[:1]),
        ),
        sets=["answer", "final"],
    )
    _paths(graph, rounds)
    return graph.close(after="aggregator", keys=_REPORTED)


def _role(
    graph: MethodGraph,
    name: str,
    given: RoleArgument,
    chain: Sequence[Member],
    make: Callable[[], Run],
    *,
    sets: Sequence[str],
) -> None:
    """Add the node of a role; the prompt of our own is loaded, and reported, only if it is used."""
    if is_node(given):
        graph.add_node(name, custom(given, name, sets=sets))
    else:
        graph.role(name, chain, make())


def _paths(graph: MethodGraph, rounds: int) -> None:
    """Add the ways from a layer to the next one and to the answer."""
    if rounds == 1:
        graph.add_edge("gate", "judge")
        graph.add_edge("judge", "aggregator")
        return

    def unless_judged(state: State) -> str:
        # Where the budget ended within a layer, the answer rests on the one before.
        return "aggregator" if state["candidates"][0]["layer"] < state["layer"] else "judge"

    def unless_stopped(following: str) -> Callable[[State], str]:
        return lambda state: "aggregator" if state["decision"]["stop"] else following

    following = "moderator" if "moderator" in graph.nodes else "layer"
    graph.branch("gate", unless_judged, ["judge", "aggregator"])
    graph.branch("judge", unless_stopped(following), [following, "aggregator"])
    if following == "moderator":
        graph.branch("moderator", unless_stopped("layer"), ["layer", "aggregator"])


def _given(roles: Sequence[str] | None, role_writer: RoleArgument, count: int) -> list[str]:
    if roles is None:
        return []
    if isinstance(roles, str) or not all(isinstance(role, str) for role in roles):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InputError(
            "roles: give a list of texts, one for each proposer; a member that writes them is the "
            "role_writer"
        )
    if role_writer is not None:
        raise InputError("give roles or a role_writer: with roles nobody writes them")
    if roles and len(roles) != count:
        raise InputError(f"roles: give {count} texts, one for each proposer, not {len(roles)}")
    return list(roles)


def _check(
    proposers: object, layers: int, keep: int, stop: object, moderator: RoleArgument
) -> None:
    if isinstance(proposers, str) or not isinstance(proposers, Sequence):
        raise InputError("proposers: give a list such as ['openai:gpt-4o-mini', 'ollama:llama3.1']")
    if layers < 2:
        raise InputError(f"layers={layers}: give at least 2, the last of which is the aggregator")
    if keep < 1:
        raise InputError(f"keep={keep}: give at least 1")
    share = isinstance(stop, int | float) and not isinstance(stop, bool) and 0 < stop <= 1
    if stop not in ("moderator", "judge", "never") and not share:
        raise InputError(
            f"stop={stop!r}: give 'moderator', 'judge', 'never', or the agreement that is enough, "
            "above 0 and up to 1"
        )
    if moderator is not None and stop != "moderator":
        raise InputError(f"a moderator is given, and with stop={stop!r} nobody asks it: drop one")
