"""Solo performance prompting: one member plays a discussion among several personas.

Paper: "Unleashing the Emergent Cognitive Synergy in Large Language Models: A Task-Solving Agent
through Multi-Persona Self-Collaboration", arXiv 2307.05300.
"""

import re

from manyminds.authoring import (
    Ask,
    Askable,
    CandidatesOutput,
    MethodGraph,
    Options,
    PromptLike,
    SampledState,
    State,
    Unpack,
    Update,
    as_members,
    excerpt,
    method,
)

_ENDED = re.compile(r"finish(?:ed)? collaboration", re.IGNORECASE)
_ANSWER = re.compile(r"^[*#>_ \t]{0,8}final answer[*_ \t]{0,4}:[*_ \t]{0,4}", re.I | re.M)
UNREADABLE = "no final answer could be read in the reply: the whole of it is the answer"


@method(
    "spp",
    paper="Unleashing the Emergent Cognitive Synergy in Large Language Models, arXiv 2307.05300",
    calls="1",
    use="One call to a strong model, on questions that need knowledge of several fields.",
)
def create_spp(
    member: Askable, *, prompt: PromptLike = "spp/solo@1", **options: Unpack[Options]
) -> MethodGraph:
    """Build solo performance prompting: one call, in which a model talks with its own personas.

    Use it with strong models on questions that need knowledge of several fields; the paper finds
    no gain with weaker ones. `candidates` holds the whole discussion, the answer is the text after
    its last heading.

    Args:
        member: Member to ask.
        prompt: Prompt; the reply must end with `Final answer:` and the answer.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates"}.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    (one,) = as_members([member], what="member")
    graph = MethodGraph("spp", [one], state=SampledState, output=CandidatesOutput, **options)
    solo = graph.prompt(prompt)

    async def solve(_state: State, ask: Ask) -> Update:
        ask.run.emit("planned", calls=1)
        reply = ask.require(await ask(one, solo))  # not streamed: it holds more than the answer
        answer = final_answer(reply["text"])
        if answer is None:
            return {"candidates": [reply], "final": reply, "notes": [UNREADABLE]}
        return {"candidates": [reply], "final": excerpt(reply, answer)}

    graph.open(graph.step(one.name, solve, role="solver", opens=True))
    return graph.close(after=one.name, composed=True)


def final_answer(reply: str) -> str | None:
    """Return what follows the heading `Final answer:`; None where there is nothing.

    Where the discussion is said to be finished, the first such heading after it counts, else the
    last one: participants may use the words, too.
    """
    ended = 0
    for mark in _ENDED.finditer(reply):
        ended = mark.end()
    headings = [heading.end() for heading in _ANSWER.finditer(reply, ended)]
    if not headings:
        return None
    return reply[headings[0 if ended else -1] :].strip() or None
