"""cleaner: takes the traces of a debate out of its answer."""

from collections.abc import Sequence

from manyminds.members import Member
from manyminds.nodes.debater import Debating
from manyminds.nodes.node import State, Update
from manyminds.nodes.step import Ask, Run, why
from manyminds.prompts import Prompt, numbered
from manyminds.state import Candidate


def cleaner(chain: Sequence[Member], how: Debating, *, prompt: Prompt) -> Run:
    """Return the step that rewrites the answer for a reader who was not there (DebateGPT).

    A rewriting that changes what the answer is, as far as that can be read, is refused. Where none
    is usable, the answer stays as it was, and the run is marked.

    Args:
        chain: Member that rewrites, then those that take over.
        how: The debate.
        prompt: Prompt with the variable `answer`.
    """

    async def run(state: State, ask: Ask) -> Update:
        final: Candidate | None = state["final"]
        text = final["text"] if final is not None else state["answer"]
        stated = how.extract.extract(text)

        def refuse(cleaned: str) -> str | None:
            now = how.extract.extract(cleaned)
            if stated is None or (now is not None and how.extract.equivalent(stated, now)):
                return None
            return "the cleaned answer is not the same answer any more"

        question = [*prompt.render([], answer=numbered([text]))]
        layer = ask.layer + 1
        cleaned = await ask.first(chain, question, layer=layer, stream=True, refuse=refuse)
        if cleaned is None:
            kind = why(ask.replies[-1]) if ask.replies else "budget"
            return {"notes": [f"the answer could not be cleaned ({kind})"]}
        notes = [f"{cleaned['member']} cleaned after another failed"] if ask.replies[1:] else []
        return {"final": cleaned, "notes": notes}

    return run
