"""ranker: reads all answers and picks one, which is passed on verbatim."""

import random
from collections.abc import Sequence

from langchain_core.messages import BaseMessage

from manyminds.calls.ask import ask
from manyminds.members import Member
from manyminds.nodes.aggregator import most_alike
from manyminds.nodes.channels import usable
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.persona import addressed
from manyminds.prompts import Prompt, numbered
from manyminds.reading.verdicts import read_choice
from manyminds.runs.context import RunContext
from manyminds.runs.usage import spent_on
from manyminds.settings import Context
from manyminds.state import Candidate

NOTE = "no choice could be read: the answer is the one most like the others"


def ranker(
    chain: Sequence[Member],
    *,
    method: str,
    prompt: Prompt,
    proposers: Sequence[Member],
    context: Context,
) -> Node:
    """Return the ranker's node (LLM-ranker baseline of Mixture-of-Agents, arXiv 2406.04692).

    It is shown the answers in a seeded random order and replies with a number only. It is asked
    once more where the reply has none, then the next in the chain; at last the answer most like the
    others is taken, and the run is marked as degraded.

    Args:
        chain: the ranker and who takes over.
        method: name of the method.
        prompt: with the variable `answers`.
        proposers: those of them who rank were asked once before.
        context: the builder's settings.
    """
    proposed = {member.name for member in proposers}

    async def run(state: State) -> Update:
        ctx = RunContext.of(state, method, context)
        references = usable(state)
        shown = list(references)
        random.Random(f"{ctx.seed}:{ctx.question_id}:shown").shuffle(shown)
        answers = numbered(candidate["text"] for candidate in shown)
        asked: list[Candidate] = []
        for nth, member in enumerate(member for member in chain for _ in range(2)):
            messages: list[BaseMessage] = addressed(state["messages"], member)
            reply = await ask(
                member,
                prompt.render(messages, answers=answers),
                ctx,
                role="ranker",
                index=nth,
                draw=(member.name in proposed) + nth % 2,
                layer=state["layer"] + 1,
            )
            asked.append(reply)
            chosen = read_choice(reply["text"], len(shown)) if reply["status"] == "ok" else None
            if chosen is not None:
                return {"final": shown[chosen], "spent": spent_on(asked)}
        return {"final": most_alike(references), "spent": spent_on(asked), "notes": [NOTE]}

    return Node(run, "ranker")
