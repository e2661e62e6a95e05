"""Red flags and cutting in Agent Forest: thrown away and drawn again; cut once the vote is sure."""

import asyncio
import itertools
import threading
from collections.abc import Awaitable, Sequence
from typing import Any

import pytest
from helpers.graphs import call, every_way, user

from manyminds import InputError, QuorumError, create_agent_forest
from manyminds.nodes.voter import Sampling
from manyminds.state import Candidate
from manyminds.testing import Metadata, ScriptedChatModel
from manyminds.votes.flags import RedFlags


def final(answer: object) -> str:
    return f"Final answer: {answer}"


def answering(*answers: str | Exception) -> ScriptedChatModel:
    def script(_messages: object, data: Metadata) -> str | Exception:
        draw: int = data["draw"]
        return answers[draw % len(answers)]

    return ScriptedChatModel(script)


async def forest(model: ScriptedChatModel, **options: Any) -> dict[str, Any]:
    graph = create_agent_forest(model, extract="number", **options)
    return await graph.compile().ainvoke(user())


# ---- red flags


@every_way
async def test_flagged_replies_are_drawn_again_and_counted_apart(way: str) -> None:
    model = answering(final(1), "I ramble " * 20, final(1), final(2))
    graph = create_agent_forest(model, samples=6, extract="number", flags=RedFlags(longest=50))
    result = await call(graph.compile(), way, user())
    sampled = result["report"]["sampled"]
    assert (sampled["asked"], sampled["flagged"]) == (8, 2) and len(model.calls) == 8
    assert result["ballot"]["voters"] == 6 and result["answer"] == final(1)
    assert [c["status"] for c in result["candidates"]].count("flagged") == 2
    assert {c["answer"] for c in result["candidates"] if c["status"] == "flagged"} == {None}
    assert result["report"]["calls"] == 8 and result["report"]["degraded"] is None


async def test_redrawing_is_bounded() -> None:
    model = answering("I ramble " * 20, "I ramble " * 20, final(3))
    result = await forest(model, samples=4, flags=RedFlags(longest=50))
    assert len(model.calls) == 8  # twice the samples at most
    assert result["answer"] == final(3) and result["report"]["sampled"]["flagged"] == 6


async def test_where_all_are_flagged_nothing_is_made_of_them() -> None:
    model = answering("Answer: 7 " * 20)
    with pytest.raises(QuorumError, match="longer than 50 characters"):
        await forest(model, samples=3, flags=RedFlags(longest=50))
    assert len(model.calls) == 6


async def test_a_flagged_reply_never_wins_though_it_can_be_read() -> None:
    wordy = "I am quite sure of that. " * 10 + final(9)
    model = answering(wordy, wordy, wordy, final(2))
    result = await forest(model, samples=4, flags=RedFlags(longest=100))
    assert result["answer"] == final(2) and result["ballot"]["voters"] == 2


async def test_the_stopping_rule_counts_votes_and_not_flagged_replies() -> None:
    model = answering("hmm", final(5), final(5), final(5), final(5))
    result = await forest(model, samples=20, stop="ahead:4", flags=RedFlags(unread=True))
    assert len(model.calls) == 5 and result["report"]["sampled"]["flagged"] == 1


# ---- cutting


class Staged:
    """A model whose answers come when the test says so."""

    def __init__(self, *answers: str) -> None:
        self.answers = answers
        self.released = [asyncio.Event() for _ in answers]
        self.cut: list[int] = []

    def __call__(self, _messages: object, data: Metadata) -> Awaitable[str]:
        return self._say(data["draw"])

    async def _say(self, draw: int) -> str:
        try:
            await self.released[draw].wait()
        except asyncio.CancelledError:
            self.cut.append(draw)
            raise
        return self.answers[draw]

    async def release(self, app_done: "asyncio.Task[Any]", *draws: int) -> None:
        """Let these answer, and give the run time to see them."""
        for draw in draws:
            self.released[draw].set()
        for _ in range(50):
            if app_done.done():
                return
            await asyncio.sleep(0)


async def test_calls_in_flight_are_cut_as_soon_as_the_leader_cannot_be_caught() -> None:
    staged = Staged(*map(final, [1, 1, 2, 1, 1, 1, 2, 2]))
    model = ScriptedChatModel(staged)
    app = create_agent_forest(model, samples=8, extract="number", cut=True).compile()
    running = asyncio.create_task(app.ainvoke(user()))
    while len(model.calls) < 8:
        await asyncio.sleep(0)
    await staged.release(running, 7, 0, 1, 3, 4)  # 4 against 1, and 3 are left: may be caught
    assert not running.done() and staged.cut == []
    await staged.release(running, 5)  # 5 against 1, and 2 are left
    result = await asyncio.wait_for(running, 5)
    assert sorted(staged.cut) == [2, 6]
    sampled = result["report"]["sampled"]
    assert (sampled["asked"], sampled["cut"], sampled["rounds"]) == (8, 2, 1)
    assert result["answer"] == final(1) and result["ballot"]["voters"] == 6
    assert [c["status"] for c in result["candidates"]].count("cut") == 2
    assert result["report"]["degraded"] is None


async def test_a_rule_of_ones_own_cuts_earlier() -> None:
    staged = Staged(*[final(1)] * 8)
    model = ScriptedChatModel(staged)
    app = create_agent_forest(model, samples=8, extract="number", cut=True, stop="ahead:3")
    running = asyncio.create_task(app.compile().ainvoke(user()))
    while len(model.calls) < 8:
        await asyncio.sleep(0)
    await staged.release(running, 2, 5)
    assert not running.done()
    await staged.release(running, 7)
    result = await asyncio.wait_for(running, 5)
    assert len(staged.cut) == 5 and result["answer"] == final(1)
    assert result["report"]["sampled"]["rule"].startswith("ahead:3")


async def test_nothing_is_cut_where_the_vote_stays_open() -> None:
    staged = Staged(*map(final, [1, 2, 1, 2]))
    app = create_agent_forest(
        ScriptedChatModel(staged), samples=4, extract="number", cut=True
    ).compile()
    for event in staged.released:
        event.set()
    result = await app.ainvoke(user())
    assert staged.cut == [] and result["report"]["sampled"]["cut"] == 0


# ---- confidence and arguments


async def test_confidence_weighs_votes() -> None:
    unsure, sure = f"{final(1)}\nConfidence: 10", f"{final(2)}\nConfidence: 95"
    model = answering(unsure, unsure, unsure, sure)
    by_number = await forest(model, samples=4, vote="majority")
    weighed = await forest(model, samples=4, vote="confidence")
    assert by_number["answer"] == unsure and weighed["answer"] == sure
    assert [c["confidence"] for c in weighed["candidates"]] == [10, 10, 10, 95]


async def test_without_any_stated_confidence_all_votes_weigh_the_same() -> None:
    result = await forest(answering(final(1), final(2), final(2)), samples=3, vote="confidence")
    assert result["answer"] == final(2)


def test_flags_must_be_red_flags() -> None:
    with pytest.raises(InputError, match="RedFlags: give longest="):
        create_agent_forest(ScriptedChatModel(), flags=RedFlags())


async def test_a_wave_that_may_be_cut_is_read_only_where_it_could_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[int] = []
    votes = Sampling.votes

    def counted(config: Sampling, seen: Sequence[Candidate], *rest: Any) -> list[int | None]:
        read.append(len(seen))
        return votes(config, seen, *rest)

    monkeypatch.setattr(Sampling, "votes", counted)
    numbers = itertools.count()

    def script(_messages: object, _data: Metadata) -> str:
        return f"The answer is {next(numbers) % 2}."

    model = ScriptedChatModel(script)
    result = await create_agent_forest(model, samples=200, cut=True).compile().ainvoke(user())
    assert result["report"]["calls"] == 200
    assert len(read) < 20 and read[1] >= 100  # in between no answer can be out of reach


@pytest.mark.parametrize(("length", "on_loop"), [(100, True), (12_000, False)])
async def test_replies_that_take_long_to_read_are_not_read_on_the_event_loop(
    length: int, on_loop: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the vote is certain is not asked then, and nothing is cut."""
    votes, places = Sampling.votes, list[bool]()

    def watched(*args: Any) -> Any:
        places.append(threading.current_thread() is threading.main_thread())
        return votes(*args)

    monkeypatch.setattr(Sampling, "votes", watched)
    said = final(4).rjust(length)
    await forest(ScriptedChatModel(lambda _m, _d: said), samples=8, stop="beta:0.95", cut=True)
    assert any(places) is on_loop
