"""Multi-agent debate: members answer, read each other's answers, and answer again.

Paper: "Improving Factuality and Reasoning in Language Models through Multiagent Debate", arXiv
2305.14325. Options of DebateGPT (summaries, confidence, cleaning) and ReConcile (arXiv 2309.13007).
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal

from manyminds.answer_form import AUTO, Extract, Task, answer_kind, form_prompt
from manyminds.authoring import (
    Ask,
    Askable,
    Candidate,
    Count,
    InputError,
    LayeredState,
    Member,
    MethodGraph,
    MethodOutput,
    Options,
    Prompt,
    PromptLike,
    RoleArgument,
    Run,
    Share,
    State,
    Unpack,
    Update,
    check_quorum,
    is_node,
    listed,
    method,
    usable,
    with_roles,
)
from manyminds.graphs.agent_forest import default_vote
from manyminds.limits.quorum import Quorum
from manyminds.nodes.debater import (
    Debating,
    Topology,
    cleaner,
    debater,
    most_summaries,
    readings,
    summarizer,
)
from manyminds.nodes.judge import picked
from manyminds.nodes.layer import consensus_gate, layer
from manyminds.nodes.node import custom, overruling
from manyminds.nodes.shown import Shown, grouped, shuffle_for
from manyminds.nodes.tally import VoteFunction
from manyminds.nodes.voter import debate_vote
from manyminds.reading.answers import Extractor
from manyminds.votes.ballots import Ballot
from manyminds.votes.votes import VOTES

PROMPT, ALONE = "debate/debater@1", "debate/self_check@1"
SUMMARY, CLEAN, CONFIDENCE = "debate/summary@2", "debate/clean@1", "debate/confidence@1"
LAST = ("judge", "cleaner")
"""Roles after the last round, in their order."""
VERDICTS = {"write": "moa/synthesis@1", "pick": "ranker/pick@2"}
WEIGHED = ("proportional", "reconcile", "confidence")
"""Votes that weigh answers by how sure their debaters say they are."""
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
    calls="debaters * rounds at most",
    use="Answers that reasons can change, members of different families; measure it first.",
)
def create_debate(
    debaters: Sequence[Askable],
    *,
    rounds: Count = 2,
    topology: str | Topology = "all",
    vote: str | VoteFunction | None = None,
    extract: Extract = "final",
    consensus: bool | Share = True,
    judge: RoleArgument = None,
    verdict: Literal["write", "pick"] = "write",
    summarize: RoleArgument = None,
    confidence: bool = False,
    clean: RoleArgument = None,
    task: Task | None = None,
    first_prompt: PromptLike | None = AUTO,
    prompt: PromptLike = PROMPT,
    quorum: Quorum = 1,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build a multi-agent debate.

    Use it with members of different model families: that is the one change found to help debate
    everywhere (arXiv 2502.08788); copies of one model mostly gain what a vote gains (arXiv
    2508.17536), so measure it against `create_agent_forest` at the same number of calls.

    Args:
        debaters: Members that debate: different models, if you can. A lone one checks its own
            answer.
        rounds: Number of rounds, at most: n debaters make n * rounds calls.
        topology: Debaters that each one reads: "all", "ring" (both neighbours, arXiv 2406.11776),
            "star" (all and the first), or a function from place, debaters and round to the places
            read.
        vote: Vote over the last round: "majority", "weighted" by the members' weights,
            "proportional" to the stated confidence, "reconcile" (its steps, arXiv 2309.13007),
            "confidence" (CISC, arXiv 2502.06233), a similarity ("bleu", ...), or a function from
            candidates to a ballot. Default: "proportional" with `confidence`, else majority where
            answers can be read. Ties go to the first.
        extract: Reader of the answer in a reply, as for `create_agent_forest`.
        consensus: Share of those who answered that must agree for the debate to end, such as 0.67;
            True: all of them; False: no consensus ends it.
        judge: Model with the last word instead of the vote: a member, a fallback chain, or a custom
            node. The vote's winner is its last resort.
        verdict: Whether the judge writes an answer, or picks a debater's verbatim.
        summarize: Model that merges the answers that a debater would read into one short text: one
            more call for each set of two or more that is read. Default: they are read as they are.
        confidence: Whether every debater is asked how sure it is, from 1 to 100. The vote uses it;
            no prompt contains it.
        clean: Model that takes the traces of the debate out of the answer. Default: none.
        task: Benchmark whose prompt and reader are used, as for `create_agent_forest`.
        first_prompt: Prompt of the first round; None asks the bare question. Default ("auto"): as
            for `create_agent_forest`.
        prompt: Prompt of later rounds, with the variable `answers`. "debate/steadfast@2" asks
            debaters to keep their answer unless they find a definite error in it.
        quorum: Good answers that each round needs: a count, or a share such as "75%".
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "ballot",
        "candidates", "transcript"}.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    roles = {"judge": judge, "summarizer": summarize, "cleaner": clean}
    given = {role: who for role, who in roles.items() if who is not None}
    everyone, *rows = with_roles([listed(debaters)], *given.values())
    chains = dict(zip(given, rows, strict=True))
    check_quorum(quorum, len(everyone))
    kind = answer_kind(extract, task)
    held, share = _vote(vote, kind, everyone, confidence), float(consensus) or None
    team = [*everyone, *(member for chain in rows for member in chain)]
    graph = MethodGraph("debate", team, state=DebateState, output=DebateOutput, **options)
    later = graph.prompt(prompt, variables={"answers"})
    config = Debating(
        debaters=everyone,
        rounds=rounds,
        reads=readings(topology, len(everyone), rounds),
        extract=kind,
        prompt=_ends_with_user(later),
        alone=graph.prompt(ALONE),
        confidence=graph.prompt(CONFIDENCE) if confidence else None,
        first=form_prompt(graph, first_prompt, task, kind=kind, vote=held, argument="first_prompt"),
        quorum=quorum,
    )
    _rounds(graph, config, chains, share)
    graph.step("voter", debate_vote(config, held, judged="judge" in given))
    for role, who in given.items():
        _role(graph, config, role, who, chains, verdict)
    for before, after in pairwise(["voter", *(one for one in LAST if one in given), "finish"]):
        graph.add_edge(before, after)
    return graph.close(keys=["ballot", "layer", "decision"])


def _role(
    graph: MethodGraph,
    config: Debating,
    role: str,
    given: RoleArgument,
    chains: Mapping[str, Sequence[Member]],
    verdict: str,
) -> None:
    """Add the node of a role: the caller's own, or ours; only then is its prompt loaded."""
    if is_node(given):
        own = custom if role == "summarizer" else overruling
        graph.add_node(role, own(given, role))
        return
    chain = chains[role]
    if role == "summarizer":
        summary = graph.prompt(SUMMARY, variables={"answers"})
        graph.role(role, chain, summarizer(chain, config, prompt=summary), times=config.rounds)
    elif role == "cleaner":
        clean = graph.prompt(CLEAN, variables={"answer"})
        graph.role(role, chain, cleaner(chain, config, prompt=clean), times=config.rounds)
    else:
        prompt = graph.prompt(VERDICTS[verdict], variables={"answers"})
        streams = "cleaner" not in chains
        writing = _writer(chain, config, prompt, streams)
        graph.role(role, chain, _picker(chain, config, prompt) if verdict == "pick" else writing)


def _rounds(
    graph: MethodGraph,
    config: Debating,
    chains: Mapping[str, Sequence[Member]],
    share: float | None,
) -> None:
    """Add the rounds: the debaters, the gate after them, and the way back.

    Args:
        graph: Graph of the method.
        config: The debate.
        chains: Members of each role that is played.
        share: Share of the debaters that ends the debate by agreeing.
    """
    following = sum(bool(chains.get(role)) for role in LAST)
    size, names = len(config.debaters), [member.name for member in config.debaters]
    sums = [
        most_summaries(config, n) if chains.get("summarizer") else 0
        for n in range(2, config.rounds + 1)
    ]
    planned = size * config.rounds + sum(sums) + following
    graph.open("layer", transcript=[], summaries={}, ballot=None)
    graph.step("layer", layer(planned=planned), opens=True)
    for place, member in enumerate(config.debaters):
        run = debater(place, config)
        graph.step(member.name, run, role="debater", asks=[member], times=config.rounds)
        graph.add_edge(member.name, "gate")
    calls = [size + following, *(size + one + following for one in sums)]
    graph.step("gate", consensus_gate(config, share, calls))
    summing = "summarizer" in chains and config.rounds > 1
    again = "summarizer" if summing else "layer"
    if summing:
        graph.add_edge("summarizer", "layer")
    graph.branch("layer", lambda _state: names, names)
    graph.branch("gate", lambda s: "voter" if s["decision"]["stop"] else again, [again, "voter"])


LAST_RESORT = "the answer is the winner's, verbatim"


async def _shown(config: Debating, state: State, ask: Ask) -> Shown:
    """Return the answers for the judge: equal ones once, in a seeded random order."""
    said = [config.passed_on(candidate) for candidate in usable(state)]
    kind = None if config.extract.name == "final" else config.extract
    groups = await grouped(said, state["question"], ask.run, kind)
    return Shown(shuffle_for(groups, ask.run, "judge"), len(said))


def _writer(chain: Sequence[Member], config: Debating, prompt: Prompt, stream: bool) -> Run:
    """Return the step of a judge that writes the answer; the vote's winner is its last resort."""

    async def run(state: State, ask: Ask) -> Update:
        question = prompt.fill(answers=(await _shown(config, state, ask)).text)
        reply = await ask.writer(chain, question, layer=ask.layer + 1, stream=stream)
        return _decided(reply.reply, reply.notes("judge", LAST_RESORT))

    return run


def _picker(chain: Sequence[Member], config: Debating, prompt: Prompt) -> Run:
    """Return the step of a judge that picks an answer; the vote's winner is its last resort."""

    async def run(state: State, ask: Ask) -> Update:
        shown = await _shown(config, state, ask)
        question = prompt.fill(answers=shown.text)
        reply = await picked(ask, chain, question, len(shown.groups), layer=ask.layer + 1)
        final = None if reply.value is None else shown.firsts[reply.value]
        return _decided(final, reply.notes("judge", LAST_RESORT))

    return run


def _decided(final: Candidate | None, notes: list[str]) -> Update:
    return {"notes": notes} if final is None else {"final": final, "ballot": None, "notes": notes}


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


def _ends_with_user(prompt: Prompt) -> Prompt:
    """Return the prompt of later rounds, which must not end with a debater's own answer."""
    if prompt.native is None and prompt.sections[-1][0] != "user":
        raise InputError(
            f"{prompt.where} ends with a debater's own answer: end it with a `## user` section "
            "that shows {{{answers}}}, as debate/debater@1 does"
        )
    return prompt
