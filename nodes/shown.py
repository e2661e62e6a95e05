"""shown: the answers that a role reads: equal ones once, with the number of members behind each."""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from manyminds.fence import numbered
from manyminds.nodes.channels import usable
from manyminds.nodes.tally import in_worker
from manyminds.reading.answers import Extractor, find_final, text_key
from manyminds.reading.together import read_all
from manyminds.runs.context import RunContext
from manyminds.state import Candidate

T = TypeVar("T")

_LONGEST = 1_500  # characters of a reply that is no more than the way to the answer it states
_WORD = re.compile(r"\w+")
_FILLERS = frozenset(
    {
        *("a", "an", "and", "answer", "be", "believe", "choice", "correct", "final"),
        *("has", "i", "is", "it", "its", "me", "of", "option", "right"),
        *("s", "so", "that", "the", "then", "there", "think", "this", "to"),
        *("total", "was", "we"),
    }
)


@dataclass(frozen=True)
class Shown:
    """Answers as a prompt shows them.

    Attributes:
        groups: Equal answers together, in the order of the numbers shown; the first one is shown.
        members: Number of members that answered.
    """

    groups: Sequence[Sequence[Candidate]]
    members: int

    @property
    def firsts(self) -> list[Candidate]:
        """The answers that are shown."""
        return [group[0] for group in self.groups]

    @property
    def text(self) -> str:
        """Numbered blocks, marked "given by 3 of 4" if any answer was given more than once."""
        sizes = [len(group) for group in self.groups]
        repeated = any(size > 1 for size in sizes)
        texts = [candidate["text"] for candidate in self.firsts]
        return numbered(texts, given_by=sizes if repeated else None, members=self.members)


def good(state: Mapping[str, Any]) -> list[Candidate]:
    """Return the good candidates of the layer, also those that were not kept."""
    return [candidate for candidate in state["candidates"] if candidate["status"] == "ok"]


def kept_shown(state: Mapping[str, Any], kind: Extractor | None = None) -> Shown:
    """Return the answers that were kept, each with all that equal it in the layer.

    Args:
        state: State of a layered method.
        kind: How to read an answer. Default: by the kind that suits most replies.
    """
    answers = good(state)
    groups = alike(answers, question=state["question"], kind=kind)
    of = {candidate["index"]: nth for nth, group in enumerate(groups) for candidate in group}
    kept = dict.fromkeys(of[candidate["index"]] for candidate in usable(state))
    return Shown([groups[nth] for nth in kept], len(answers))


def alike(
    candidates: Sequence[Candidate], *, question: str = "", kind: Extractor | None = None
) -> list[list[Candidate]]:
    """Group candidates that give the same answer, in order of their first.

    Equal are replies in the same words (but for case, spacing and a last full stop), and replies
    that state the same answer and no more: they name it as their answer, or add nothing to it but
    words of the question. Another reply may say more than the answer that was read in it, so it is
    compared by its words.

    Args:
        candidates: Good candidates of one layer.
        question: The question.
        kind: How to read an answer. Default: by the kind that suits most replies.
    """
    texts = [candidate["text"] for candidate in candidates]
    answers = read_all(texts, question=question, kind=kind).answers
    groups: dict[tuple[str, str], list[Candidate]] = {}
    same: dict[str, tuple[str, str]] = {}
    for candidate, answer in zip(candidates, answers, strict=True):
        words = text_key(candidate["text"])
        key = ("words", words)
        if answer is not None and _only_states(candidate["text"], answer, question):
            key = ("answer", answer)
        groups.setdefault(same.setdefault(words, key), []).append(candidate)
    return list(groups.values())


async def grouped(
    candidates: Sequence[Candidate], question: str, ctx: RunContext, kind: Extractor | None = None
) -> list[list[Candidate]]:
    """Return `alike` of candidates, from a worker thread.

    Where the run's seconds end before it, every candidate is an answer of its own.
    """
    found = await in_worker(ctx, lambda: alike(candidates, question=question, kind=kind))
    return found or [[candidate] for candidate in candidates]


def agreement(
    candidates: Sequence[Candidate], *, question: str = "", kind: Extractor | None = None
) -> float | None:
    """Return the share of the candidates that state the answer which most of them state.

    None ("unknown") for fewer than two candidates, or where fewer than half state an answer that
    can be read and no two are in the same words.

    Args:
        candidates: Good candidates of one layer, also those that were not kept.
        question: The question.
        kind: How to read an answer. Default: by the kind that suits most replies.
    """
    if len(candidates) < 2:
        return None
    texts = [candidate["text"] for candidate in candidates]
    answers = read_all(texts, question=question, kind=kind).answers
    words = [text_key(text) for text in texts]
    read = [
        answer if answer is not None else key if words.count(key) > 1 else None
        for answer, key in zip(answers, words, strict=True)
    ]
    said = [answer for answer in read if answer is not None]
    if 2 * len(said) < len(texts):
        return None
    return max(said.count(answer) for answer in said) / len(texts)


def shuffle_for(items: Sequence[T], run: RunContext, who: str) -> list[T]:
    """Return items in a role's own order, which follows from the seed and the question."""
    order = list(items)
    random.Random(f"{run.seed}:{run.question_id}:{who}").shuffle(order)
    return order


def _only_states(text: str, answer: str, question: str) -> bool:
    """Return whether a reply is no more than its answer, or the way to an answer that it names."""
    if len(text) > _LONGEST:
        return False
    if find_final(text) is not None:
        return True
    said = set(_WORD.findall(text.casefold()))
    known = set(_WORD.findall(f"{answer} {question}".casefold())) | _FILLERS
    return all(word in known or word.rstrip("s") in known for word in said)
