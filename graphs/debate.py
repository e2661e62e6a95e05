"""Multi-agent debate: members answer, read each other's answers, and answer again.

Paper: "Improving Factuality and Reasoning in Language Models through Multiagent Debate", arXiv
2305.14325. Options of DebateGPT (summaries, confidence, cleaning) and ReConcile (arXiv 2309.13007).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

from langchain_core.prompts import ChatPromptTemplate
from pydantic import BaseModel
from typing_extensions import Unpack

from manyminds.authoring import method
from manyminds.errors import InputError
from manyminds.graphs.agent_forest import default_vote
from manyminds.limits.quorum import Quorum, check_quorum
from manyminds.members import Askable, Member, listed
from manyminds.method_graph import MethodGraph, Options
from manyminds.nodes.chair import LastWord, custom_role, picker, shuffle_for, writer
from manyminds.nodes.channels import LayeredState, MethodOutput, usable
from manyminds.nodes.cleaner import cleaner
from manyminds.nodes.consensus import consensus_gate
from manyminds.nodes.debate_vote import WEIGHED, debate_vote
from manyminds.nodes.debater import METHOD, Debating, debater
from manyminds.nodes.layer import layer
from manyminds.nodes.node import Node, Route, State, custom, is_node
from manyminds.nodes.roles import RoleArgument, with_roles
from manyminds.nodes.summarizer import most_summaries, summarizer
from manyminds.nodes.tally import VoteFunction
from manyminds.nodes.topology import Topology, readings
from manyminds.prompts import Prompt, load, numbered
from manyminds.reading.answers import Extractor, extractor
from manyminds.runs.context import RunContext
from manyminds.state import Candidate
from manyminds.votes.ballots import Ballot
from manyminds.votes.votes import VOTES

PROMPT = "debate/debater@1"
STEADFAST_PROMPT = "debate/steadfast@1"
_PROMPTS = {"summarizer": "debate/summary@1", "cleaner": "debate/clean@1"}
_VERDICTS = {"write": "moa/synthesis@1", "pick": "ranker/pick@1"}
VOTE_NAMES = (*VOTES, "weighted", *WEIGHED)


class DebateState(LayeredState, total=False):
    """Channels of a debate; `summaries` are by a debater's place, as text."""

    transcript: list[Candidate]
    summaries: dict[str, str]
    ballot: Ballot | None


class DebateOutput(MethodOutput):
    """The answer, the report, the ballot, the last round's candidates, and those of all rounds."""

    ballot: Ballot | None
    candidates: list[Candidate]
    transcript: list[Candidate]


@method(
    "debate",
    paper="Improving Factuality and Reasoning through Multiagent Debate, arXiv 2305.14325",
    calls="debaters * rounds",
    use="Answers that reasons can change, members of different families; measure it first.",
)
def create_debate(
    debaters: Sequence[Askable],
    *,
    rounds: int = 2,
    topology: str | Topology = "all",
    vote: str | VoteFunction | None = None,
    extract: str | Callable[[str], str | None] | Extractor | type[BaseModel] = "final",
    consensus: bool | float = True,
    judge: RoleArgument = None,
    verdict: Literal["write", "pick"] = "write",
    summarize: RoleArgument = None,
    confidence: bool = False,
    clean: RoleArgument = None,
    steadfast: bool = False,
    prompt: str | Path | ChatPromptTemplate | None = None,
    quorum: Quorum = 1,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build a multi-agent debate.

    Use it with members of different model families: that is the one change found to help debate
    everywhere (arXiv 2502.08788); copies of one model mostly gain what a vote gains (arXiv
    2508.17536), so measure it against `create_agent_forest` at the same number of calls.

    Args:
        debaters: who debates: different models, if you can. A lone one checks its own answer.
        rounds: how many rounds at most: n debaters make n * rounds calls.
        topology: which debater reads which: "all", "ring" (both neighbours, arXiv 2406.11776),
            "star" (all and the first), or a function from place, debaters and round to the
            places read.
        vote: over the last round: "majority", "weighted" by the members' weights, "proportional"
            to the stated confidence, "reconcile" (its steps, arXiv 2309.13007), "confidence"
            (CISC, arXiv 2502.06233), a similarity ("bleu", ...), or a function from candidates to
            a ballot. Default: "proportional" with `confidence`, else majority where answers can
            be read. Ties go to who comes first.
        extract: how to read an answer out of a reply, as for `create_agent_forest`.
        consensus: stop as soon as all who answered agree; a share (0.67): so many of them; False:
            never.
        judge: has the last word instead of the vote: a member, a fallback chain, or a node of your
            own. The vote's winner is its last resort.
        verdict: the judge writes an answer, or picks a debater's verbatim.
        summarize: who merges the answers that a debater would read into one short text: one more
            call for each set of two or more that is read. Default: they are read as they are.
        confidence: ask every debater how sure it is, from 1 to 100.
        clean: who takes the traces of the debate out of the answer. Default: nobody.
        steadfast: ask debaters to keep their answer unless they find an error in it.
        prompt: how others' answers are shown, with the variable `answers`.
        quorum: good answers that each round needs: a count, or a share such as "75%".
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "ballot",
        "candidates", "transcript"}.

    Raises:
        InputError: an argument cannot be used; the message says what to give.
    """
    roles = {"judge": judge, "summarizer": summarize, "cleaner": clean}
    given = {role: who for role, who in roles.items() if who is not None}
    everyone, *rows = with_roles([listed(debaters)], *given.values())
    chains = dict(zip(given, rows, strict=True))
    check_quorum(quorum, len(everyone))
    kind = extractor(extract)
    held = _vote(vote, kind, everyone, confidence)
    shown, share = _prompt(prompt, steadfast), _share(consensus)
    _check(rounds, verdict)
    graph = MethodGraph(
        METHOD,
        [*everyone, *(member for chain in rows for member in chain)],
        state=DebateState,
        output=DebateOutput,
        **options,
    )
    graph.draws = rounds * (len(everyone) + 1) + 2
    how = Debating(
        debaters=everyone,
        rounds=rounds,
        reads=readings(topology, len(everyone), rounds),
        extract=kind,
        prompt=shown,
        alone=load("debate/self_check@1"),
        confidence=load("debate/confidence@1") if confidence else None,
        quorum=quorum,
        context=graph.settings,
    )
    extra = _Extra(given, chains, verdict)
    _rounds(graph, how, extra, share=share)
    graph.add_node("voter", debate_vote(how, vote=held))
    last = [role for role in ("judge", "cleaner") if role in given]
    for role in last:
        graph.add_node(role, extra.node(role, how))
    for before, after in pairwise(["voter", *last, "finish"]):
        graph.add_edge(before, after)
    prompts = [
        how.prompt,
        how.alone,
        how.confidence,
        *(extra.prompt(role) for role in chains if chains[role]),
    ]
    graph.close(
        prompts=[each for each in prompts if each is not None],
        roles={role: chain for role, chain in chains.items() if chain},
        keys=["ballot", "layer", "decision"],
    )
    return graph


@dataclass(frozen=True)
class _Extra:
    """The roles in addition to the debaters: what the caller gave, and the members in it."""

    given: Mapping[str, RoleArgument]
    chains: Mapping[str, Sequence[Member]]
    verdict: Literal["write", "pick"]

    def prompt(self, role: str) -> Prompt:
        return load(_PROMPTS.get(role) or _VERDICTS[self.verdict])

    def calls(self, role: str) -> int:
        """Return the calls of a role that is played once, by a member if by anybody."""
        return int(bool(self.chains.get(role)))

    def node(self, role: str, how: Debating) -> Node:
        own, chain = self.given[role], self.chains[role]
        if is_node(own):
            return custom(own, role) if role == "summarizer" else custom_role(own, role)
        if role == "summarizer":
            return summarizer(chain, how, prompt=self.prompt(role))
        if role == "cleaner":
            return cleaner(chain, how, prompt=self.prompt(role))
        judging = LastWord(
            method=METHOD,
            role=role,
            chain=chain,
            prompt=self.prompt(role),
            draws=how.asked,
            stream="cleaner" not in self.given,
            overrules=True,
            context=how.context,
        )
        return (
            writer(judging, _answers) if self.verdict == "write" else picker(judging, how.passed_on)
        )


def _rounds(graph: MethodGraph, how: Debating, extra: _Extra, *, share: float | None) -> None:
    """Add the rounds: who debates, the gate after them, and the way back."""
    size = len(how.debaters)
    last = extra.calls("judge") + extra.calls("cleaner")
    summed = [
        most_summaries(how, n) if extra.calls("summarizer") else 0 for n in range(2, how.rounds + 1)
    ]
    planned = size * how.rounds + sum(summed) + last
    graph.open("layer", transcript=[], summaries={}, ballot=None)
    graph.add_node("layer", layer(METHOD, planned=planned, context=how.context))
    for place, member in enumerate(how.debaters):
        graph.add_node(member.name, debater(place, how))
        graph.add_edge(member.name, "gate")
    calls = [size + last, *(size + summaries + last for summaries in summed)]
    graph.add_node("gate", consensus_gate(how, share=share, calls=calls))
    again = "layer"
    if "summarizer" in extra.given and how.rounds > 1:
        again = "summarizer"
        graph.add_node(again, extra.node(again, how))
        graph.add_edge(again, "layer")
    names = [member.name for member in how.debaters]

    def everyone(state: State) -> list[str]:
        return names

    def after_gate(state: State) -> str:
        return "voter" if state["decision"]["stop"] else again

    graph.add_conditional_edges("layer", Route(everyone), names)
    graph.add_conditional_edges("gate", Route(after_gate), [again, "voter"])


def _answers(state: State, run: RunContext) -> dict[str, str]:
    listed = shuffle_for(usable(state), run, "judge")
    return {"answers": numbered(candidate["text"] for candidate in listed)}


def _check(rounds: int, verdict: str) -> None:
    if rounds < 1:
        raise InputError(f"rounds={rounds}: give at least 1")
    if verdict not in _VERDICTS:
        raise InputError(f"verdict={verdict!r}: give 'write' or 'pick'")


def _vote(
    vote: str | VoteFunction | None, kind: Extractor, debaters: Sequence[Member], confidence: bool
) -> str | VoteFunction:
    if vote is None:
        return "proportional" if confidence else default_vote(debaters, kind)
    if not isinstance(vote, str):
        return vote
    if vote not in VOTE_NAMES:
        raise InputError(f"vote={vote!r}: use one of {', '.join(VOTE_NAMES)}, or a function")
    if vote in WEIGHED and not confidence:
        raise InputError(f"vote={vote!r} weighs by stated confidence: give confidence=True as well")
    return vote


def _share(consensus: bool | float) -> float | None:
    if consensus is False:
        return None
    if not 0 < consensus <= 1:
        raise InputError(
            f"consensus={consensus:g}: give the share that must agree, above 0 and up to 1, "
            "or True or False"
        )
    return float(consensus)


def _prompt(prompt: str | Path | ChatPromptTemplate | None, steadfast: bool) -> Prompt:
    if prompt is not None and steadfast:
        raise InputError(f"give steadfast=True or a prompt: steadfast is {STEADFAST_PROMPT}")
    default = STEADFAST_PROMPT if steadfast else PROMPT
    loaded = load(prompt, default=default, variables={"answers"})
    if loaded.native is None and loaded.sections[-1][0] != "user":
        raise InputError(
            f"{loaded.where} ends with a debater's own answer: end it with a `## user` section "
            "that shows {{{answers}}}, as debate/debater@1 does"
        )
    return loaded
