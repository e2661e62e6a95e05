"""debater: answers, and from the second round on brings its answer up to date."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.messages import AIMessage, BaseMessage

from manyminds.calls.ask import ask
from manyminds.limits.quorum import Quorum, layer_deadline
from manyminds.members import Member
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.persona import addressed
from manyminds.nodes.topology import Readings
from manyminds.prompts import Prompt, numbered
from manyminds.reading.answers import Extractor
from manyminds.reading.roles import read_confidence
from manyminds.runs.context import RunContext
from manyminds.runs.usage import spent_on
from manyminds.settings import Context
from manyminds.state import Candidate

METHOD = "debate"


@dataclass(frozen=True)
class Debating:
    """How a debate goes, shared by its nodes.

    Attributes:
        debaters: who debates, in order of asking.
        rounds: how many rounds at most.
        reads: which debater reads which in each round after the first.
        extract: how to read the answer that is voted on.
        prompt: how a debater is shown what others answered, with the variable `answers`.
        alone: how a debater is asked that has nobody's answers to read.
        confidence: how it is asked to say how sure it is; None: it is not.
        quorum: good answers that each round needs: a count, or a share such as "75%".
        context: the builder's settings.
    """

    debaters: Sequence[Member]
    rounds: int
    reads: Readings
    extract: Extractor
    prompt: Prompt
    alone: Prompt
    confidence: Prompt | None
    quorum: Quorum
    context: Context

    def heard(self, state: State, place: int, round: int) -> list[Candidate]:
        """Return the good answers of the round before that a debater reads, by place."""
        before = {c["index"]: c for c in state["candidates"] if c["status"] == "ok"}
        return [before[other] for other in self.reads[round - 2][place] if other in before]

    def asked(self, state: State, member: Member) -> int:
        """Return how often a member was asked in the rounds so far."""
        return state["layer"] if member.name in {each.name for each in self.debaters} else 0

    def passed_on(self, candidate: Candidate) -> Candidate:
        """Return a candidate as an answer: without the line on its confidence."""
        text = candidate["text"]
        if self.confidence is None or without_confidence(text) == text:
            return candidate
        answer: Candidate = {**candidate, "text": without_confidence(text)}
        answer.pop("content", None)  # the same text in blocks
        return answer


def debater(place: int, how: Debating) -> Node:
    """Return the node of one debater (multi-agent debate, arXiv 2305.14325).

    Rounds are synchronous: what it reads are the others' answers of the round before, after its
    own of that round, and nothing older, so prompts stay as long as one round. A debater that gave
    no answer in the round before is asked the bare question.

    Args:
        place: of the debater, from 0; the node has the debater's name.
        how: the debate.
    """
    member = how.debaters[place]

    async def run(state: State) -> Update:
        ctx = RunContext.of(state, METHOD, how.context)
        round = state["layer"]
        messages = _messages(state, place, round, how)
        if how.confidence is not None:
            messages = how.confidence.render(messages)
        candidate = await ask(
            member,
            messages,
            ctx,
            role="debater",
            index=place,
            draw=round - 1,
            layer=round,
            deadline=layer_deadline(ctx, round, asked=len(how.debaters), quorum=how.quorum),
        )
        if candidate["status"] == "ok":
            read(candidate, how)
        return {"candidates": [candidate], "spent": spent_on([candidate])}

    return Node(run, member.name)


def _messages(state: State, place: int, round: int, how: Debating) -> list[BaseMessage]:
    messages = addressed(state["messages"], how.debaters[place])
    before = [c for c in state["candidates"] if c["index"] == place and c["status"] == "ok"]
    if round == 1 or not before:
        return messages
    messages.append(AIMessage(before[0]["text"]))
    summary = (state.get("summaries") or {}).get(str(place))
    others = [c["text"] for c in how.heard(state, place, round)]
    if not others:
        return how.alone.render(messages)
    return how.prompt.render(messages, answers=numbered([summary] if summary else others))


def read(candidate: Candidate, how: Debating) -> None:
    """Read a debater's answer, and how sure it says it is."""
    text = candidate["text"]
    if how.confidence is not None:
        sure = read_confidence(text)
        if sure is not None:
            candidate["confidence"] = sure
        text = without_confidence(text)
    candidate["answer"] = how.extract.extract(text)


def without_confidence(text: str) -> str:
    """Return an answer without the line that says how sure it is, which we asked for.

    The number in it is not what the question asked for, and must not be read as the answer.
    """
    lines = list(_CONFIDENCE.finditer(text))
    if not lines:
        return text
    left = text[: lines[-1].start()] + text[lines[-1].end() :]
    return left.rstrip() or text


_CONFIDENCE = re.compile(
    r"^[ \t*_#>-]{0,9}confidence[^\n\d]{0,20}\d{1,3}[^\n]{0,12}$\n?", re.IGNORECASE | re.MULTILINE
)
