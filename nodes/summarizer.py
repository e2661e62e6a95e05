"""summarizer: merges what a debater would read into one short text."""

from collections.abc import Sequence

from langchain_core.messages import BaseMessage

from manyminds.calls.ask import together
from manyminds.members import Member
from manyminds.nodes.debater import METHOD, Debating
from manyminds.nodes.fallback import first_answer, why
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.persona import addressed
from manyminds.prompts import Prompt, numbered
from manyminds.runs.context import RunContext
from manyminds.runs.usage import spent_on
from manyminds.state import Candidate


def summarizer(chain: Sequence[Member], how: Debating, *, prompt: Prompt) -> Node:
    """Return the node that sums up a round for the debaters of the next (DebateGPT).

    Each set of answers that somebody reads is summed up once: with all-to-all reading that is one
    call a debater and round, since everybody's others are different. A single answer is passed on
    as it is. Where no summary comes, its readers get the answers, and the run is marked.

    Args:
        chain: the summarizer and who takes over when it fails.
        how: the debate.
        prompt: with the variable `answers`.
    """

    async def run(state: State) -> Update:
        ctx = RunContext.of(state, METHOD, how.context)
        # Before the node `layer` has counted it, the round that reads is the next one.
        earlier = (state["layer"] - 1) * len(how.debaters)
        texts = _texts(state, state["layer"] + 1, how)
        sets = [each for each in dict.fromkeys(texts.values()) if len(each) > 1]
        summaries: dict[tuple[str, ...], str] = {}
        asked: list[Candidate] = []

        async def sum_up(nth: int, answers: tuple[str, ...]) -> None:
            def messages(member: Member) -> list[BaseMessage]:
                conversation = addressed(state["messages"], member)
                return prompt.render(conversation, answers=numbered(answers))

            summary, tried = await first_answer(
                chain,
                messages,
                ctx,
                role="summarizer",
                layer=state["layer"],
                index=nth * len(chain),
                draw=lambda member: how.asked(state, member) + earlier + nth,
            )
            asked.extend(tried)
            if summary is not None:
                summaries[answers] = summary["text"]

        if sets:
            await together(*(sum_up(nth, answers) for nth, answers in enumerate(sets)))
        asked.sort(key=lambda candidate: candidate["index"])
        notes = []
        if len(summaries) < len(sets):
            notes.append(f"not everything was summed up ({why(_failed(asked))})")
        read = {str(p): summaries[each] for p, each in texts.items() if each in summaries}
        return {"summaries": read, "spent": spent_on(asked), "notes": notes}

    return Node(run, "summarizer")


def most_summaries(how: Debating, round: int) -> int:
    """Return how many sets of answers are summed up for a round where everybody answers."""
    return len({tuple(read) for read in how.reads[round - 2] if len(read) > 1})


def _texts(state: State, round: int, how: Debating) -> dict[int, tuple[str, ...]]:
    """Return what each debater reads; one that gave no answer reads nothing, it is asked again."""
    spoke = {c["index"] for c in state["candidates"] if c["status"] == "ok"}
    return {
        place: tuple(c["text"] for c in how.heard(state, place, round))
        for place in range(len(how.debaters))
        if place in spoke
    }


def _failed(asked: Sequence[Candidate]) -> list[Candidate]:
    return [candidate for candidate in asked if candidate["status"] != "ok"]
