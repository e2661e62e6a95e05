"""Jury: jurors vote; a foreman decides unless they agree; three rounds at most."""

from collections.abc import Sequence

from manyminds.authoring import (
    Ask,
    Askable,
    Candidate,
    CandidatesOutput,
    LayeredState,
    Member,
    MethodGraph,
    Options,
    RoleArgument,
    Unpack,
    Update,
    layers,
    listed,
    method,
    usable,
    with_roles,
)
from manyminds.reading.answers import extractor

AGREED = "the jurors agree"
AGAIN = "The jurors answered:\n\n{{{answers}}}\n\nWeigh what they say, then answer yourself."
DECIDE = "The jurors do not agree:\n\n{{{answers}}}\n\nYou are the foreman. Give the answer."


@method("jury", paper="A worked example", calls="members * rounds + 1", use="One decision.")
def create_jury(
    members: Sequence[Askable],
    *,
    foreman: RoleArgument = None,
    rounds: int = 3,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build a jury: members answer until they agree, at most `rounds` times.

    Args:
        members: Jurors.
        foreman: Member that decides where they do not agree. Default: the first juror.
        rounds: Rounds at most.
        options: see `Options`.
    """
    jurors, chain = with_roles([listed(members)], foreman)
    graph = MethodGraph(
        "jury", [*jurors, *chain], state=LayeredState, output=CandidatesOutput, **options
    )
    again = graph.prompt(AGAIN, variables={"answers"})
    decide = graph.prompt(DECIDE, variables={"answers"})
    read = extractor("final")

    def agreed(state: LayeredState) -> str | None:
        answers = {read.extract(one["text"]) for one in usable(state)}
        return AGREED if len(answers) == 1 and None not in answers else None

    async def vote(state: LayeredState, ask: Ask, juror: Member) -> Candidate:
        seen = usable(state)
        return await ask(juror, again.fill(answers=seen) if ask.layer > 1 else None)

    async def decided(state: LayeredState, ask: Ask) -> Update:
        answers = usable(state)
        if state["decision"]["reason"] == AGREED:
            return {"final": answers[0]}
        reply = await ask.first(chain, decide.fill(answers=answers), index=100, stream=True)
        notes = [] if reply else ["no foreman answered: the first juror's answer stands"]
        return {"final": reply or answers[0], "notes": notes}

    layers(graph, [jurors] * rounds, vote, then="foreman", role="juror", stop=agreed)
    graph.role("foreman", chain, decided)
    return graph.close(after="foreman", keys=["decision"])
