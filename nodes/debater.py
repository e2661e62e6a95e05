"""debater: the roles of a debate: debaters that revise, a summarizer and a cleaner."""

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TypeAlias

from langchain_core.messages import AIMessage, BaseMessage

from manyminds.calls.ask import together
from manyminds.errors import InputError
from manyminds.limits.quorum import Quorum, layer_deadline
from manyminds.members import Member
from manyminds.nodes.node import State, Update
from manyminds.nodes.step import Ask, Run
from manyminds.nodes.tally import in_worker
from manyminds.prompts import Prompt, numbered
from manyminds.reading.answers import Extractor
from manyminds.reading.roles import read_confidence
from manyminds.reading.together import read_all
from manyminds.state import Candidate, ok, whole_text, why

Topology: TypeAlias = Callable[[int, int, int], Iterable[int]]
"""From a debater's place, the number of debaters and the round to the places it reads."""
Readings: TypeAlias = list[list[list[int]]]
"""By round (from the second on) and debater: the places it reads, in order."""


@dataclass(frozen=True)
class Debating:
    """How a debate goes, shared by its nodes.

    Attributes:
        debaters: Members that debate, in order of asking.
        rounds: Number of rounds, at most.
        reads: Places that each debater reads in each round after the first.
        extract: Reader of the answer that is voted on.
        first: Prompt of a first answer; None: the bare question.
        prompt: Prompt of a later answer, with the variable `answers`.
        alone: Prompt of a debater without others' answers to read.
        confidence: Prompt that asks how sure a debater is; None: it is not asked.
        quorum: Good answers that each round needs: a count, or a share such as "75%".
    """

    debaters: Sequence[Member]
    rounds: int
    reads: Readings
    extract: Extractor
    first: Prompt | None
    prompt: Prompt
    alone: Prompt
    confidence: Prompt | None
    quorum: Quorum

    def heard(self, state: State, place: int, round: int) -> list[Candidate]:
        """Return the good answers of the round before that a debater reads, by place."""
        before = {c["index"]: c for c in state["candidates"] if ok(c)}
        return [before[other] for other in self.reads[round - 2][place] if other in before]

    def said(self, candidate: Candidate) -> str:
        """Return an answer as others see it: without the line on its confidence."""
        text = candidate["text"]
        return text if self.confidence is None else without_confidence(text)

    def read(self, reply: Candidate) -> None:
        """Read the confidence and the answer that a reply states."""
        sure = None if self.confidence is None else read_confidence(reply["text"])
        if sure is not None:
            reply["confidence"] = sure
        if whole_text(reply) is not None:
            reply["answer"] = self.extract.extract(self.said(reply))

    def passed_on(self, candidate: Candidate) -> Candidate:
        """Return a candidate as an answer: without the line on its confidence."""
        text = self.said(candidate)
        if text == candidate["text"]:
            return candidate
        answer: Candidate = {**candidate, "text": text}
        answer.pop("content", None)  # the same text in blocks
        return answer

    def read_together(
        self, candidates: Sequence[Candidate], question: str
    ) -> tuple[list[Candidate], Extractor]:
        """Read the answers of a round together, where no kind of answer was given."""
        if self.extract.name != "final":
            return list(candidates), self.extract
        texts = [None if whole_text(c) is None else self.said(c) for c in candidates]
        reading = read_all(texts, question=question)
        pairs = zip(candidates, reading.answers, strict=True)
        return [{**c, "answer": answer} for c, answer in pairs], reading.extractor


def debater(place: int, config: Debating) -> Run:
    """Return the step of one debater (multi-agent debate, arXiv 2305.14325).

    Rounds are synchronous: a debater reads the others' answers of the round before, after its own
    of that round, and nothing older, so prompts stay as long as one round. A debater that gave no
    answer in the round before is asked for a first answer.

    Args:
        place: Place of the debater, from 0.
        config: The debate.
    """

    async def run(state: State, ask: Ask) -> Update:
        ask.index = place
        ask.deadline = layer_deadline(
            ask.run, ask.layer, asked=len(config.debaters), quorum=config.quorum
        )
        reply = await ask(config.debaters[place], _messages(state, place, ask.layer, config))
        if ok(reply):
            await in_worker(ask.run, partial(config.read, reply))
        return {"candidates": [reply]}

    return run


def _messages(state: State, place: int, round: int, config: Debating) -> list[BaseMessage]:
    messages: list[BaseMessage] = list(state["messages"])
    before = [c for c in state["candidates"] if c["index"] == place and ok(c)]
    if round == 1 or not before:
        messages = messages if config.first is None else config.first.render(messages)
    else:
        messages.append(AIMessage(before[0]["text"]))
        summary = (state.get("summaries") or {}).get(str(place))
        others = (
            [summary] if summary else [config.said(c) for c in config.heard(state, place, round)]
        )
        if others:
            messages = config.prompt.render(messages, answers=numbered(others))
        else:
            messages = config.alone.render(messages)
    return messages if config.confidence is None else config.confidence.render(messages)


def summarizer(chain: Sequence[Member], config: Debating, *, prompt: Prompt) -> Run:
    """Return the step that sums up a round for the debaters of the next (DebateGPT).

    Each set of answers that is read is summed up once: with all-to-all reading that is one
    call a debater and round, since everybody's others are different. A single answer is passed on
    as it is. Where no summary comes, its readers get the answers, and the run is marked.

    Args:
        chain: Member that sums up, then those that take over.
        config: The debate.
        prompt: Prompt with the variable `answers`.
    """

    async def run(state: State, ask: Ask) -> Update:
        # Before the node `layer` has counted it, the round that reads is the next one.
        texts = _texts(state, state["layer"] + 1, config)
        sets = [each for each in dict.fromkeys(texts.values()) if len(each) > 1]
        summaries: dict[tuple[str, ...], str] = {}

        async def sum_up(nth: int, answers: tuple[str, ...]) -> None:
            question = prompt.fill(answers=answers)
            draw = max(0, ask.layer - 1)
            summary = await ask.writer(chain, question, index=nth * len(chain), draw=draw)
            if summary.value is not None:
                summaries[answers] = summary.value

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


def most_summaries(config: Debating, round: int) -> int:
    """Return how many sets of answers are summed up for a round in which all debaters answer."""
    return len({tuple(read) for read in config.reads[round - 2] if len(read) > 1})


def _texts(state: State, round: int, config: Debating) -> dict[int, tuple[str, ...]]:
    """Return the answers that each debater reads; one without an answer reads none."""
    spoke = {c["index"] for c in state["candidates"] if ok(c)}
    return {
        place: tuple(config.said(c) for c in config.heard(state, place, round))
        for place in range(len(config.debaters))
        if place in spoke
    }


def cleaner(chain: Sequence[Member], config: Debating, *, prompt: Prompt) -> Run:
    """Return the step that rewrites the answer for a reader outside the debate (DebateGPT).

    A rewriting that changes what the answer is, as far as that can be read, is refused. Where none
    is usable, the answer stays as it was, and the run is marked.

    Args:
        chain: Member that rewrites, then those that take over.
        config: The debate.
        prompt: Prompt with the variable `answer`.
    """

    async def run(state: State, ask: Ask) -> Update:
        final: Candidate | None = state["final"]
        text = final["text"] if final is not None else state["answer"]
        stated = config.extract.extract(text)

        def refuse(cleaned: str) -> str | None:
            now = config.extract.extract(cleaned)
            if stated is None or (now is not None and config.extract.equivalent(stated, now)):
                return None
            return "the cleaned answer is not the same answer any more"

        question = [*prompt.render([], answer=numbered([text]))]
        reply = await ask.writer(
            chain, question, layer=ask.layer + 1, draw=ask.layer, stream=True, refuse=refuse
        )
        cleaned = reply.reply
        if cleaned is None:
            return {"notes": [f"the answer could not be cleaned ({reply.why})"]}
        notes = [f"{cleaned['member']} cleaned after another failed"] if ask.replies[1:] else []
        return {"final": cleaned, "notes": notes}

    return run


@lru_cache(maxsize=64)  # each debater is shown the same answers
def without_confidence(text: str) -> str:
    """Return an answer without the line that says how sure it is, which we asked for.

    The number in it is not what the question asked for, and must not be read as the answer.
    """
    lines = deque(_CONFIDENCE.finditer(text, max(0, len(text) - _END)), maxlen=1)
    if not lines:
        return text
    left = text[: lines[0].start()] + text[lines[0].end() :]
    return left.rstrip() or text


_END = 20_000  # characters of an answer's end that may hold that line
_CONFIDENCE = re.compile(
    r"^[ \t*_#>-]{0,9}confidence[^\n\d]{0,20}\d{1,3}[^\n]{0,12}$\n?", re.IGNORECASE | re.MULTILINE
)


def everyone(debater: int, debaters: int, round: int) -> list[int]:
    """All others, as in multi-agent debate (arXiv 2305.14325)."""
    return [other for other in range(debaters) if other != debater]


def ring(debater: int, debaters: int, round: int) -> list[int]:
    """The two neighbours: about as good, and much cheaper with many debaters (arXiv 2406.11776)."""
    return sorted({(debater - 1) % debaters, (debater + 1) % debaters} - {debater})


def star(debater: int, debaters: int, round: int) -> list[int]:
    """The first debater reads all, the others read the first one only."""
    return everyone(debater, debaters, round) if debater == 0 else [0]


TOPOLOGIES: Mapping[str, Topology] = {"all": everyone, "ring": ring, "star": star}


def readings(topology: str | Topology, debaters: int, rounds: int) -> Readings:
    """Return which debater reads which in every round after the first.

    Raises:
        InputError: The name is unknown, or a function returns what is no other debater's place.
    """
    if isinstance(topology, str):
        if topology not in TOPOLOGIES:
            raise InputError(
                f"topology={topology!r}: use one of {', '.join(TOPOLOGIES)}, or a function from "
                "place, debaters and round to the places that are read"
            )
        topology = TOPOLOGIES[topology]
    return [
        [_checked(topology(place, debaters, n), place, debaters) for place in range(debaters)]
        for n in range(2, rounds + 1)
    ]


def _checked(places: Iterable[int], debater: int, debaters: int) -> list[int]:
    read = sorted(set(places))
    wrong = next((p for p in read if p == debater or not 0 <= p < debaters), None)
    if wrong is not None:
        raise InputError(
            f"topology: debater {debater} cannot read {wrong}: "
            f"give places from 0 to {debaters - 1} other than its own"
        )
    return read
