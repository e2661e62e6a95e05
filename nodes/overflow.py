"""overflow: references that do not fit a writer's context, summarised or played off before."""

from collections.abc import Callable, Sequence

from manyminds.calls.ask import together
from manyminds.calls.fitting import BYTES_PER_TOKEN, tokens_over
from manyminds.members import Member
from manyminds.nodes.channels import usable
from manyminds.nodes.node import State
from manyminds.nodes.step import Ask
from manyminds.prompts import FilledPrompt
from manyminds.prompts.loader import load
from manyminds.reading.roles import read_pick
from manyminds.reading.schemas import score_schema
from manyminds.state import Candidate, ok

SUMMARY, COMPARE = "overflow/summary@1", "tournament/compare@1"
_BYTES_A_WORD = 6
_FEWEST = 30  # words of a summary


async def fitting(
    state: State, ask: Ask, member: Member, fill: Callable[[State], FilledPrompt]
) -> tuple[State, list[str]]:
    """Return a state whose references fit the context of a member, and notes on the changes.

    What does not fit even then is shortened in the call, as it is for every other member.

    Args:
        state: State with the references.
        ask: Asks the member.
        member: Reads the references; its `overflow` says how they are made to fit.
        fill: Function from the state to the prompt with the references in it.
    """
    if member.context is None or member.overflow == "shorten":
        return state, []
    context, limit = member.context, member.params.get("max_tokens")

    def over(references: Sequence[Candidate]) -> int:
        shown = fill({**state, "candidates": list(references)})
        return tokens_over(ask.messages(member, shown), context, limit)

    references = usable(state)
    excess = over(references)
    if excess <= 0:
        return state, []
    if member.overflow == "summarise":
        made, note = await _summarised(references, excess, ask, member)
    else:
        made, note = await _played_off(references, over, ask, member)
    return {**state, "candidates": made}, [f"to fit {context:,} tokens: {note}"]


async def _summarised(
    references: Sequence[Candidate], excess: int, ask: Ask, member: Member
) -> tuple[list[Candidate], str]:
    """Shorten the longest references to what each may have, by the member itself."""
    sizes = [len(one["text"].encode(errors="replace")) for one in references]
    left = max(0, sum(sizes) - excess * BYTES_PER_TOKEN) // len(sizes)
    words, found = max(_FEWEST, left // _BYTES_A_WORD), list(references)
    asking, prompt = ask.playing("summariser"), load(SUMMARY)

    async def of_one(nth: int) -> None:
        filled = prompt.fill(answers=[references[nth]], words=str(words))
        reply = await asking(member, filled, index=nth, draw=nth)
        text = reply["text"].strip() if ok(reply) else ""
        if 0 < len(text) < len(references[nth]["text"]):
            found[nth] = {**references[nth], "text": text}

    await together(*(of_one(nth) for nth, size in enumerate(sizes) if size > left))
    done = sum(one is not other for one, other in zip(found, references, strict=True))
    return found, f"{done} of {len(found)} answers of others summarised"


async def _played_off(
    references: Sequence[Candidate],
    over: Callable[[Sequence[Candidate]], int],
    ask: Ask,
    member: Member,
) -> tuple[list[Candidate], str]:
    """Let the two longest references play, again and again: the loser is left out."""
    left, asking, prompt = list(references), ask.playing("judge"), load(COMPARE)
    while over(left) > 0 and len(left) > 1:
        nth = len(references) - len(left)
        order = sorted(range(len(left)), key=lambda place: -len(left[place]["text"]))
        first, second = sorted(order[:2])
        found = await asking.verdict(
            [member],
            prompt.fill(answers=[left[first], left[second]]),
            parse=lambda text: read_pick(text, 2),
            schema=score_schema("comparison", most=2, key="choice"),
            index=2 * nth,
            draw=nth,
        )
        del left[first if found.value == 2 else second]
    out = len(references) - len(left)
    return left, f"{out} of {len(references)} answers of others left out after comparisons"
