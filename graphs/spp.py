"""Solo performance prompting: one member plays a discussion among several personas.

Paper: "Unleashing the Emergent Cognitive Synergy in Large Language Models: A Task-Solving Agent
through Multi-Persona Self-Collaboration", arXiv 2307.05300.
"""

import re
from pathlib import Path

from langchain_core.prompts import ChatPromptTemplate
from typing_extensions import Unpack

from manyminds.graphs.method_graph import MethodGraph, Options, builder
from manyminds.graphs.solo import solo_graph
from manyminds.members import Askable
from manyminds.prompts import load

METHOD = "spp"
PROMPT = "spp/solo@1"
_ENDED = re.compile(r"finish(?:ed)? collaboration", re.IGNORECASE)
_ANSWER = re.compile(r"^[*#>_ \t]{0,8}final answer[*_ \t]{0,4}:[*_ \t]{0,4}", re.I | re.M)


@builder
def create_spp(
    member: Askable,
    *,
    prompt: str | Path | ChatPromptTemplate = PROMPT,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build solo performance prompting: one call, in which a model talks with its own personas.

    Use it with strong models on questions that need knowledge of several fields; the paper finds
    no gain with weaker ones. The whole talk is kept in `candidates`, the answer is what stands
    after its last heading.

    Args:
        member: who is asked.
        prompt: how to ask; the reply must end with `Final answer:` and the answer.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates"}.

    Raises:
        InputError: an argument cannot be used; the message says what to give.
    """
    asked = load(prompt, default=PROMPT, variables=set())
    return solo_graph(
        member, method=METHOD, prompt=asked, values={}, read=final_answer, options=options
    )


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
