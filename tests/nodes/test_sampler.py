import pytest

from manyminds.nodes.sampler import MOST_BRANCHES, branches


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
