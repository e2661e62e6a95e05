"""cleaner: takes the traces of a debate out of its answer."""

from collections.abc import Sequence

from langchain_core.messages import BaseMessage

from manyminds.members import Member
from manyminds.nodes.debater import METHOD, Debating
from manyminds.nodes.fallback import first_answer, why
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.persona import addressed
from manyminds.prompts import Prompt, numbered
from manyminds.runs.context import RunContext
from manyminds.runs.usage import spent_on


def cleaner(chain: Sequence[Member], how: Debating, *, prompt: Prompt) -> Node:
    """Return the node that rewrites the final answer for a reader who was not there (DebateGPT).

    A rewriting that changes what the answer is, as far as that can be read, is refused. Where none
    is usable, the answer stays as it was, and the run is marked.

    Args:
        chain: the cleaner and who takes over when it fails.
        how: the debate.
        prompt: with the variable `answer`.
    """

    async def run(state: State) -> Update:
        ctx, final = RunContext.of(state, METHOD, how.context), state["final"]
        text = final["text"] if final is not None else state["answer"]
        stated = how.extract.extract(text)

        def refuse(cleaned: str) -> str | None:
            now = how.extract.extract(cleaned)
            if stated is None or (now is not None and how.extract.equivalent(stated, now)):
                return None
            return "the cleaned answer is not the same answer any more"

        def messages(member: Member) -> list[BaseMessage]:
            return prompt.render(addressed([], member), answer=numbered([text]))

        cleaned, asked = await first_answer(
            chain,
            messages,
            ctx,
            role="cleaner",
            layer=state["layer"] + 1,
            draw=lambda member: how.asked(state, member) + 1,
            stream=True,
            refuse=refuse,
        )
        update: Update = {"spent": spent_on(asked)}
        if cleaned is None:
            return {**update, "notes": [f"the answer could not be cleaned ({why(asked)})"]}
        notes = [f"{cleaned['member']} cleaned after another failed"] if asked[1:] else []
        return {**update, "final": cleaned, "notes": notes}

    return Node(run, "cleaner")
