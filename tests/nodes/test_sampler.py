from typing import Any

import pytest
from helpers.candidates import candidate

from manyminds import Context, Member
from manyminds.nodes.sampler import MOST_BRANCHES, branches
from manyminds.nodes.voter import Sampling
from manyminds.reading.answers import extractor
from manyminds.testing import ScriptedChatModel
from manyminds.votes import stopping
from manyminds.votes.flags import RedFlags


@pytest.mark.parametrize("first", [0, 40])
@pytest.mark.parametrize("planned", [1, 15, 16, 17, 64, 1000, 1024, 1025, 4096, 100_000])
def test_chunks_cover_the_wave_once_in_few_branches(planned: int, first: int) -> None:
    state = {
        "run": "r",
        "question": "?",
        "question_id": "q",
        "messages": [],
        "layer": 1,
        "asked": first,
        "planned": planned,
    }
    sent = [send.arg for send in branches(state)]
    assert 1 <= len(sent) <= MOST_BRANCHES
    covered = [n for chunk in sent for n in range(chunk["first"], chunk["first"] + chunk["count"])]
    assert covered == list(range(first, first + planned))
    assert all(chunk["count"] >= 1 for chunk in sent)


def sampling(**options: Any) -> Sampling:
    given: dict[str, Any] = {
        "members": [Member(ScriptedChatModel(), name=f"m{n}") for n in range(3)],
        "method": "test",
        "prompt": None,
        "extract": extractor("final"),
        "flags": None,
        "rule": stopping.fixed(10),
        "most": 10,
        "until": None,
        "quorum": 1,
        "params": {},
        "context": Context(),
    }
    return Sampling(**{**given, **options})


def test_a_reply_is_read_with_its_confidence() -> None:
    one = candidate("Final answer: 7\nConfidence: 80")
    sampling().read([one, candidate(None)])
    assert one["answer"] == "7" and one.get("confidence") == 80


def test_a_cut_reply_and_one_with_a_red_flag_have_no_vote() -> None:
    cut, long, good = (candidate(text) for text in ("Final answer: 7", "7" * 99, "Final answer: 8"))
    cut["truncated"] = True
    config = sampling(flags=RedFlags(longest=50))
    config.read([cut, long, good])
    assert [one["status"] for one in (cut, long, good)] == ["flagged", "flagged", "ok"]
    assert [one["error"] and one["error"]["kind"] for one in (cut, long)] == [
        "truncated",
        "malformed",
    ]
    assert config.votes([cut, long, good]) == [0]


def test_replies_are_counted_together_however_they_are_worded() -> None:
    texts = "It is **42**.", "So she pays $42.", "I think 7", "Total: 42 dollars"
    seen = [candidate(text, index=n) for n, text in enumerate(texts)]
    assert sampling().votes([*seen, candidate(None, index=4)]) == [0, 0, 1, 0, None]


def test_samples_so_far_are_read_with_the_question_as_the_final_vote_reads_them() -> None:
    question = "What is the capital of France?\nA) Lyon\nB) Paris\nC) Nice"
    seen = [candidate(text, index=n) for n, text in enumerate(["Paris", "B", "It is (A).", "(B)"])]
    assert sampling().votes(seen, question) == [0, 0, 1, 0]


def test_draws_of_one_member() -> None:
    assert sampling().draws == 4 and sampling(most=9).draws == 3
