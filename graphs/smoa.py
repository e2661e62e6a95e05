"""Sparse Mixture-of-Agents: a judge keeps the best answers of a layer, a moderator stops early.

Paper: "SMoA: Improving Multi-agent Large Language Models with Sparse Mixture-of-Agents", arXiv
2411.03284.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel

from manyminds.aio import in_thread
from manyminds.authoring import (
    Ask,
    Askable,
    Candidate,
    CandidatesOutput,
    Count,
    InputError,
    LayeredState,
    Member,
    MethodGraph,
    Options,
    Prompt,
    PromptLike,
    Propose,
    Quorum,
    RoleArgument,
    Several,
    Share,
    State,
    Unpack,
    check_quorum,
    is_node,
    method,
    with_roles,
)
from manyminds.authoring import layers as add_layers
from manyminds.nodes.aggregator import aggregator as aggregator_step
from manyminds.nodes.channels import usable
from manyminds.nodes.judge import Verdict
from manyminds.nodes.judge import judge as judge_step
from manyminds.nodes.moderator import moderator as moderator_step
from manyminds.nodes.moderator import threshold
from manyminds.nodes.role_writer import role_writer as role_writer_step
from manyminds.nodes.shown import kept_shown
from manyminds.nodes.tally import WORKERS, first_of
from manyminds.reading.answers import Extractor, extractor

PROMPT, PROPOSER = "smoa/synthesis@1", "smoa/proposer@2"
JUDGE, MODERATOR, BOTH = "smoa/judge@2", "smoa/moderator@2", "smoa/judge_moderator@2"
ROLE = "smoa/role@1"
PROPOSER_PARAMS: Mapping[str, Any] = {"temperature": 0.7}
_STANDING = {"agreement", "answers", "layer", "layers"}
_REPORTED = ("layer", "decision", "kept", "verdict", "roles_from")

Stop: TypeAlias = Literal["moderator", "judge", "never"] | Share
"""The rule that ends the layers early: a moderator, the judge, none, or an agreement."""


class SmoaState(LayeredState, total=False):
    """Channels of a Sparse Mixture-of-Agents; `verdict` and `kept` are of the last layer."""

    proposer_roles: list[str]
    roles_from: str
    verdict: Verdict | None


class SmoaOutput(CandidatesOutput):
    """The answer, the report, the last layer's candidates, the verdict, and the roles."""

    kept: list[int]
    verdict: Verdict | None
    proposer_roles: list[str]


@method(
    "smoa",
    paper="SMoA: Improving Multi-agent Large Language Models with Sparse Mixture-of-Agents, "
    "arXiv 2411.03284",
    calls="(proposers + 2) * (layers - 1) at most",
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
    layers: Several = 3,
    keep: Count = 2,
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
        aggregator: Model that writes the answer from the kept candidates. The same, or a custom
            node that sets `answer`. The best kept answer, verbatim, is its last resort.
        stop: What ends the layers early: "moderator"; "judge", which decides in the same call, as
            in the authors' code; "never"; or a number above 0 and up to 1: the share of a layer's
            answers that state the same. Answers that cannot be read never stop it.
        roles: Roles of the proposers, one text for each; an empty list: none. Default: see
            `role_writer`.
        role_writer: Model that writes the roles, once a run. A member, a fallback chain, or a
            custom node that sets `proposer_roles`. Default: the first proposer if there is a
            `description`, else there are no roles, and the report says so.
        layers: Layers with the aggregator's, as in the paper's code.
        keep: Answers passed on from each layer.
        description: Description of the data set's questions, for written roles. These are then
            kept in the store, if the graph is compiled with one.
        task: What to do with the questions, as a text. Default: to answer them.
        extract: Reader of an answer in a reply, for the agreement, as for `create_debate`. Default:
            the kind that suits most replies.
        prompt: Prompt of the aggregator, and of proposers without roles, with `answers`.
        quorum: Good answers that each layer needs: a count, or a share such as "75%".
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates",
        "kept", "verdict", "proposer_roles"}. With n proposers and r = layers - 1 layers of them, a
        judge and a moderator make (n + 2) * r calls at most; without a moderator's calls
        (n + 1) * r + 1; one more if roles are written.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    _check(proposers, layers, keep, stop, moderator)
    row, judges, moderators, aggregators, writers = with_roles(
        [proposers], judge, moderator, aggregator, role_writer
    )
    check_quorum(quorum, len(row))
    everyone = [*row, *judges, *moderators, *aggregators, *writers]
    graph = MethodGraph("smoa", everyone, state=SmoaState, output=SmoaOutput, **options)
    parts = _Smoa(
        graph=graph,
        proposers=row,
        rounds=layers - 1,
        keep=keep,
        stop=stop if layers > 2 else "never",  # after one layer the aggregator follows anyhow
        kind=None if extract is None else extractor(extract),
        synthesis=graph.prompt(prompt, PROMPT, variables={"answers"}),
        roles=_given(roles, role_writer, len(row)),
        written=roles is None and (role_writer is not None or description is not None),
        judging=int(not is_node(judge)),
        moderating=int(stop == "moderator" and layers > 2 and not is_node(moderator)),
    )
    parts.add_layers(quorum)
    if parts.written:
        parts.add_role_writer(role_writer, writers, description=description, task=task)
    parts.add_judge(judge, judges)
    parts.add_moderator(moderator, moderators)
    parts.add_aggregator(aggregator, aggregators)
    _paths(graph, parts.rounds)
    return graph.close(after="aggregator", keys=_REPORTED)


@dataclass(frozen=True)
class _Smoa:
    """The parts of the graph, and their options.

    Attributes:
        graph: Graph that the parts are added to.
        proposers: Members that propose in every layer.
        rounds: Layers of proposers.
        keep: Answers passed on from each layer.
        stop: What ends the layers early.
        kind: How to read an answer. None: by the kind that suits most replies.
        synthesis: Prompt of the aggregator, and of proposers without roles.
        roles: Roles that the caller gave.
        written: Whether roles are written.
        judging: Calls of the judge a layer.
        moderating: Calls of the moderator a layer.
    """

    graph: MethodGraph
    proposers: Sequence[Member]
    rounds: int
    keep: int
    stop: Stop
    kind: Extractor | None
    synthesis: Prompt
    roles: Sequence[str]
    written: bool
    judging: int
    moderating: int

    @property
    def further(self) -> int:
        """Calls of one more layer up to the answer."""
        return len(self.proposers) + self.judging + 1

    def add_layers(self, quorum: Quorum) -> None:
        """Add the layers of proposers."""
        each = len(self.proposers) + self.judging + self.moderating
        add_layers(
            self.graph,
            [self.proposers] * self.rounds,
            self._propose(),
            then=None,
            first="role_writer" if self.written else "layer",
            quorum=quorum,
            planned=self.rounds * each - self.moderating + 1,
            reserve=2 * self.judging + self.moderating + 1,
            proposer_roles=list(self.roles),
            roles_from="caller" if self.roles else "custom node" if self.written else "off",
            verdict=None,
            decision=None,
        )

    def _propose(self) -> Propose:
        """Return how a member proposes: in its role, from the second layer on with the answers."""
        synthesis = in_role = self.synthesis
        if self.roles or self.written:
            in_role = self.graph.prompt(PROPOSER, variables={"answers", "role"})

        async def propose(state: State, ask: Ask, member: Member) -> Candidate:
            answers = ""
            if ask.layer > 1:
                answers = (await in_thread(WORKERS, kept_shown, state, self.kind)).text
            own = state["proposer_roles"][ask.index : ask.index + 1]
            question = in_role.fill(role=own[0], answers=answers) if own else None
            if not own and answers:
                question = synthesis.fill(answers=answers)
            return await ask(member, question, params=PROPOSER_PARAMS)

        return propose

    def add_role_writer(
        self, given: RoleArgument, chain: Sequence[Member], **wanted: str | None
    ) -> None:
        """Add the member that writes a role for each proposer."""
        writing = role_writer_step(
            chain,
            self._prompt(ROLE, "role_writer", {"count", "description", "task"}),
            count=len(self.proposers),
            reserve=self.further,
            **wanted,
        )
        self.graph.role("role_writer", chain, writing, given=given, sets=["proposer_roles"])

    def add_judge(self, given: RoleArgument, chain: Sequence[Member]) -> None:
        """Add the judge, which also decides whether to stop if it is to."""
        scoring = judge_step(
            chain,
            self._prompt(JUDGE, "judge", {"answers"}),
            keep=self.keep,
            kind=self.kind,
            combined=self._prompt(BOTH, "judge", _STANDING) if self.stop == "judge" else None,
            layers=self.rounds,
        )
        self.graph.role("judge", chain, scoring, given=given, sets=["kept"])

    def add_moderator(self, given: RoleArgument, chain: Sequence[Member]) -> None:
        """Add the moderator, or the agreement that stops the layers, if one of them is to."""
        if self.stop == "moderator":
            deciding = moderator_step(
                chain,
                self._prompt(MODERATOR, "moderator", _STANDING | {"scores"}),
                layers=self.rounds,
                calls=self.further,
                kind=self.kind,
            )
            self.graph.role("moderator", chain, deciding, given=given, sets=["decision"])
        elif not isinstance(self.stop, str):
            self.graph.step("moderator", threshold(self.stop, self.rounds, self.kind))

    def add_aggregator(self, given: RoleArgument, chain: Sequence[Member]) -> None:
        """Add the member that writes the answer from the kept candidates."""
        writing = aggregator_step(
            chain,
            lambda state: self.synthesis.fill(answers=kept_shown(state, self.kind).text),
            last_resort=lambda state: first_of(usable(state)),
        )
        self.graph.role("aggregator", chain, writing, given=given, sets=["answer", "final"])

    def _prompt(self, name: str, role: str, variables: set[str]) -> Prompt:
        return self.graph.prompt(name, variables=variables, role=role)


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
    if role_writer is not None:
        raise InputError("give roles or a role_writer: given roles are not written")
    if roles and len(roles) != count:
        raise InputError(f"roles: give {count} texts, one for each proposer, not {len(roles)}")
    return list(roles)


def _check(
    proposers: object, layers: int, keep: int, stop: object, moderator: RoleArgument
) -> None:
    if isinstance(proposers, str) or not isinstance(proposers, Sequence):
        raise InputError("proposers: give a list such as ['openai:gpt-4o-mini', 'ollama:llama3.1']")
    if moderator is not None and stop != "moderator":
        raise InputError(f"a moderator is given, and with stop={stop!r} nobody asks it: drop one")
