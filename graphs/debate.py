"""Multi-agent debate: members answer, read each other's answers, and answer again.

Paper: "Improving Factuality and Reasoning in Language Models through Multiagent Debate", arXiv
2305.14325. Options of DebateGPT (summaries, confidence, cleaning) and ReConcile (arXiv 2309.13007).
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from langchain_core.prompts import ChatPromptTemplate
from pydantic import BaseModel
from typing_extensions import Unpack

from manyminds.errors import InputError
from manyminds.graphs.agent_forest import default_vote
from manyminds.graphs.method_graph import MethodGraph, Options, check_quorum
from manyminds.graphs.roles import RoleArgument, with_roles
from manyminds.members import Askable, Member, listed
from manyminds.nodes.chair import LastWord, picker, shuffled, writer
from manyminds.nodes.channels import LayeredState, MethodOutput, usable
from manyminds.nodes.cleaner import cleaner
from manyminds.nodes.consensus import consensus_gate
from manyminds.nodes.debate_vote import WEIGHED, debate_vote
from manyminds.nodes.debater import METHOD, Debating, debater
from manyminds.nodes.layer import layer
from manyminds.nodes.node import Node, Route, State, custom, is_node
from manyminds.nodes.summarizer import most_summaries, summarizer
from manyminds.nodes.topology import Topology, readings
from manyminds.nodes.voter import VoteFunction
from manyminds.prompts import Prompt, load, numbered
from manyminds.asking.run import Run
from manyminds.state import Candidate
from manyminds.votes.answers import Extractor, extractor
from manyminds.votes.ballots import Ballot
from manyminds.votes.votes import VOTES

PROMPT = "debate/debater@1"
STEADFAST_PROMPT = "debate/steadfast@1"
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
    quorum: float = 1,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build a multi-agent debate.

    Use it with members of different model families: that is the one change found to help debate
    everywhere (arXiv 2502.08788); copies of one model mostly gain what a vote gains (arXiv
    2508.17536), so measure it against `create_agent_forest` at the same number of calls.

    Args:
        debaters: who debates: different models, if you can. A lone one checks its own answer.
        rounds: how many rounds at most: n debaters make n * rounds calls.
        topology: who reads whom: "all", "ring" (both neighbours, arXiv 2406.11776), "star" (all
            and the first), or a function from place, debaters and round to the places read.
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
        verdict: the judge writes an answer, or picks a debater's word for word.
        summarize: who merges the answers that a debater would read into one short text: one more
            call for each set of two or more that is read. Default: they are read as they are.
        confidence: ask every debater how sure it is, from 1 to 100.
        clean: who takes the traces of the debate out of the answer. Default: nobody.
        steadfast: ask debaters to keep their answer unless they find an error in it.
        prompt: how others' answers are shown, with the variable `answers`.
        quorum: good answers that each round needs: a count, or a share if below 1.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "ballot",
        "candidates", "transcript"}.

    Raises:
        InputError: an argument cannot be used; the message says what to give.
    """
    given = {"judge": judge, "summarizer": summarize, "cleaner": clean}
    given = {role: who for role, who in given.items() if who is not None}
    everyone, *rows = with_roles([listed(debaters)], *given.values())
    chains = dict(zip(given, rows, strict=True))
    _check(rounds, verdict, quorum, len(everyone))
    kind = extractor(extract)
    held = _vote(vote, kind, everyone, confidence)
    graph = MethodGraph(
        DebateState,
        method=METHOD,
        members=[*everyone, *(member for chain in rows for member in chain)],
        draws=rounds * (len(everyone) + 1) + 2,
        supersteps=4 * rounds + 5,
        output=DebateOutput,
        **options,
    )
    how = Debating(
        debaters=everyone,
        rounds=rounds,
        reads=readings(topology, len(everyone), rounds),
        extract=kind,
        prompt=load(prompt or (STEADFAST_PROMPT if steadfast else PROMPT), variables={"answers"}),
        alone=load("debate/self_check@1"),
        confidence=load("debate/confidence@1") if confidence else None,
        context=graph.settings,
    )
    ...
    return graph
