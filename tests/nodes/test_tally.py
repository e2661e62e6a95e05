"""Votes over hand-made candidates, and the worker thread that holds them."""

import asyncio
import threading
import time
from typing import Any

import pytest
from helpers.candidates import candidate
from helpers.graphs import a_run

from manyminds import Budget, Candidate, Member
from manyminds.nodes.tally import LATE, UNREAD, first_good, hold, in_worker, tally, undecided
from manyminds.reading.answers import extractor
from manyminds.testing import ScriptedChatModel
from manyminds.votes.ballots import Ballot
from manyminds.votes.effort import Effort
from manyminds.votes.votes import majority

NUMBER = extractor("number")


def answers(*given: str | None) -> list[Candidate]:
    return [
        candidate(None if one is None else f"It is {one}", index=n, answer=one)
        for n, one in enumerate(given)
    ]


def test_majority_counts_equal_answers_and_failures_abstain() -> None:
    ballot = tally(answers("7", None, "42", "42.0"), "majority", NUMBER)
    assert ballot["winner"] == 2 and ballot["voters"] == 3 and ballot["abstentions"] == 1


def test_weights_of_members_and_of_confidence() -> None:
    heavy = Member(ScriptedChatModel(), name="m0", weight=3.0)
    assert tally(answers("7", "42", "42"), "weighted", NUMBER, [heavy])["winner"] == 0
    sure = [
        candidate("a", index=n, answer=answer, confidence=points)
        for n, (answer, points) in enumerate([("7", 95.0), ("42", 30.0), ("42", 35.0)])
    ]
    assert tally(sure, "confidence", NUMBER)["winner"] == 0


def test_auto_counts_only_if_half_of_the_replies_can_be_read() -> None:
    assert tally(answers("7", "7", "8"), "auto", NUMBER)["vote"] == "majority"
    prose = [candidate("the sky is blue", index=n) for n in range(3)]
    assert tally([*prose, *answers("7")], "auto", NUMBER)["vote"] == "bleu"


def test_a_function_holds_the_vote_itself() -> None:
    def last(candidates: Any) -> Ballot:
        return {**first_good(candidates), "winner": len(candidates) - 1}

    assert tally(answers("1", "2"), last, NUMBER)["winner"] == 1


@pytest.mark.parametrize(
    ("given", "good", "note"),
    [
        (["7", "7", "8"], 3, None),
        (["7", "8"], 2, "tie"),
        (["7", "7", "8", "9", "10"], 5, "less than half"),
        (["7", None, None, None], 4, "read in 1 of 4"),
        ([None, None], 2, None),
    ],
)
def test_what_decides_nothing_says_so(given: list[str | None], good: int, note: str | None) -> None:
    notes = undecided(majority(given), good)
    assert bool(notes) == bool(note) and all(note in one for one in notes if note)


async def test_a_vote_without_a_readable_answer_takes_the_most_typical_reply() -> None:
    prose = [candidate(text, index=n) for n, text in enumerate(["red", "so blue", "so blue it"])]
    ballot, notes = await hold(a_run(), prose, lambda _effort: majority([None] * 3))
    assert ballot["winner"] in (1, 2) and notes == [UNREAD]


async def test_a_vote_that_outlasts_the_run_leaves_the_first_good_reply() -> None:
    over = threading.Event()

    def slow(_effort: Effort) -> Ballot:
        over.wait(60)
        return majority(["1"])

    run = a_run(budget=Budget(seconds=0.2))
    ballot, notes = await hold(run, [candidate(None), candidate("yes", index=1)], slow)
    over.set()
    assert ballot["winner"] == 1 and notes == [LATE]


async def test_the_loop_goes_on_while_a_worker_compares() -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.01)
            beats += 1

    heart = asyncio.create_task(beat())

    def work() -> str:
        time.sleep(0.4)
        return "done"

    assert await in_worker(a_run(), work) == "done"
    heart.cancel()
    assert beats > 5


async def test_an_error_of_a_vote_is_not_taken_for_its_end() -> None:
    def fails() -> None:
        raise TimeoutError("mine")

    with pytest.raises(TimeoutError, match="mine"):
        await in_worker(a_run(), fails)


def test_slow_comparisons_are_capped_and_noted() -> None:
    asked = 0

    def same(_one: str, _other: str) -> bool:
        nonlocal asked
        asked += 1
        return False

    kind = extractor("text")
    slow = type(kind)("slow", kind.extract, kind.key, same)
    effort = Effort(pairs=10)
    ballot = majority([str(n) for n in range(100)], extractor=slow, effort=effort)
    assert asked == 10 and len(ballot["groups"]) == 100
    assert ballot.get("notes") == [
        "the vote compared 10 pairs of answers: others count as different"
    ]
    late = majority(["a", "b"], extractor=slow, effort=Effort(seconds=-1))
    assert asked == 10 and "compared answers for" in str(late.get("notes"))
