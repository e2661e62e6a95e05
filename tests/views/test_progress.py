from time import monotonic

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk

from manyminds.views.progress import Progress


@pytest.fixture
def progress() -> Progress:
    return Progress()


def tell(progress: Progress, event: str, run: str = "r", **data: object) -> None:
    told = {"member": "a", "role": "sampler", "index": 0, "seconds": 1.5, "cost": None, **data}
    progress.event({"event": event, "run": run, "method": "moa", **told})


def test_counts_by_member_and_role(progress: Progress) -> None:
    for member in ("a", "a", "b"):
        tell(progress, "asked", member=member)
    tell(progress, "asked", role="aggregator")
    tell(progress, "answered", cost=0.25)
    tell(progress, "answered", cost=0.5)
    tell(progress, "failed", member="b", kind="timeout")
    assert progress.method == "moa"
    assert (progress.answered, progress.asked) == (2, 4)
    assert (progress.cost, progress.priced) == (0.75, True)
    waiting = {key: line.waiting for key, line in progress.lines.items()}
    assert waiting == {("a", "sampler"): 0, ("b", "sampler"): 0, ("a", "aggregator"): 1}
    assert progress.lines["b", "sampler"].kind == "timeout"


def test_several_samples_of_one_request(progress: Progress) -> None:
    tell(progress, "asked")
    for _ in range(4):
        tell(progress, "answered")
    assert (progress.answered, progress.asked) == (4, 4)


def test_nested_runs_and_unknown_events_are_passed_over(progress: Progress) -> None:
    tell(progress, "asked")
    tell(progress, "asked", run="inner")
    tell(progress, "something new")
    assert progress.asked == 1


def test_votes(progress: Progress) -> None:
    tell(progress, "voted", counts=[5, 2])
    assert progress.votes == [5, 2]


def test_a_dropped_answer_is_gone(progress: Progress) -> None:
    progress.token(AIMessageChunk(content="wrong ", id="1"))
    progress.token(AIMessageChunk(content="start", id="1"))
    assert progress.text == "wrong start"
    tell(progress, "dropped", message_id="1")
    assert progress.text == ""
    progress.token(AIMessageChunk(content="right", id="2"))
    progress.token(AIMessage(content="right", id="2"))
    assert progress.text == "right"


def test_time_left_follows_from_what_is_planned_and_the_pace_so_far() -> None:
    progress = Progress(began=monotonic() - 10.0)
    assert progress.seconds_left is None
    progress.event({"event": "planned", "run": "r", "method": "moa", "calls": 5})
    assert progress.seconds_left is None  # nothing is known of the pace yet
    for member in ("a", "b"):
        progress.event({"event": "asked", "run": "r", "member": member, "role": "proposer"})
        progress.event({"event": "answered", "run": "r", "member": member, "role": "proposer"})
    assert progress.seconds_left == pytest.approx(15.0, rel=0.05)
    for member in ("c", "d", "e"):
        progress.event({"event": "failed", "run": "r", "member": member, "role": "proposer"})
    assert progress.seconds_left is None
