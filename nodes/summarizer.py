"""summarizer: merges what a debater would read into one short text."""

from collections.abc import Sequence

from manyminds.calls.ask import together
from manyminds.members import Member
from manyminds.nodes.debater import Debating
from manyminds.nodes.node import State, Update
from manyminds.nodes.step import Ask, Run, ok, why
from manyminds.prompts import Prompt


def summarizer(chain: Sequence[Member], how: Debating, *, prompt: Prompt) -> Run:
    """Return the step that sums up a round for the debaters of the next (DebateGPT).

    Each set of answers that somebody reads is summed up once: with all-to-all reading that is one
    call a debater and round, since everybody's others are different. A single answer is passed on
    as it is. Where no summary comes, its readers get the answers, and the run is marked.

    Args:
        chain: Member that sums up, then those that take over.
        how: The debate.
        prompt: Prompt with the variable `answers`.
    """

    async def run(state: State, ask: Ask) -> Update:
        # Before the node `layer` has counted it, the round that reads is the next one.
        texts = _texts(state, state["layer"] + 1, how)
        sets = [each for each in dict.fromkeys(texts.values()) if len(each) > 1]
        summaries: dict[tuple[str, ...], str] = {}

        async def sum_up(nth: int, answers: tuple[str, ...]) -> None:
            question = prompt.fill(answers=answers)
            summary = await ask.first(chain, question, index=nth * len(chain))
            if summary is not None:
                summaries[answers] = summary["text"]

        if sets:
            await together(*(sum_up(nth, answers) for nth, answers in enumerate(sets)))
        ask.replies.sort(key=lambda reply: reply["index"])
        notes = []
        if len(summaries) < len(sets):
            failed = [reply for reply in ask.replies if not ok(reply)]
            notes.append(f"not everything was summed up ({why(failed[-1])})")
        read = {str(p): summaries[each] for p, each in texts.items() if each in summaries}
        return {"summaries": read, "notes": notes}

    return run


def most_summaries(how: Debating, round: int) -> int:
    """Return how many sets of answers are summed up for a round where everybody answers."""
    return len({tuple(read) for read in how.reads[round - 2] if len(read) > 1})


def _texts(state: State, round: int, how: Debating) -> dict[int, tuple[str, ...]]:
    """Return what each debater reads; one that gave no answer reads nothing, it is asked again."""
    spoke = {c["index"] for c in state["candidates"] if ok(c)}
    return {
        place: tuple(how.said(c) for c in how.heard(state, place, round))
        for place in range(len(how.debaters))
        if place in spoke
    }
