from collections.abc import Callable
from typing import Any

import pytest
from helpers.graphs import call, every_way, shown, user
from langgraph.checkpoint.memory import InMemorySaver

from manyminds import Budget, InputError, Member, create_self_moa_seq
from manyminds.fence import parse_numbered
from manyminds.graphs.self_moa_seq import passes
from manyminds.testing import Answer, Metadata, ScriptedChatModel


def sampled() -> ScriptedChatModel:
    return ScriptedChatModel(lambda _m, data: f"sample {data['draw']}")


def merger(fails: Callable[[int], bool] = lambda _nth: False) -> ScriptedChatModel:
    """Say how many merges there were; fail where told."""
    count = 0

    def script(_messages: object, _data: Metadata) -> Answer:
        nonlocal count
        count += 1
        return ValueError("broken") if fails(count) else f"merged {count}"

    return ScriptedChatModel(script)


@every_way
@pytest.mark.parametrize(
    ("samples", "window", "reserved", "merges"),
    [(30, 6, 3, 9), (6, 6, 3, 1), (7, 6, 3, 2), (2, 6, 3, 1), (10, 4, 1, 3), (9, 2, 1, 8)],
)
async def test_every_prompt_stays_within_the_window(
    way: str, samples: int, window: int, reserved: int, merges: int
) -> None:
    model, last = sampled(), merger()
    app = create_self_moa_seq(
        model, samples=samples, window=window, reserved=reserved, aggregator=last
    ).compile()
    result = await call(app, way, user())
    assert len(model.calls) == samples
    assert len(last.calls) == merges == passes(samples, window, reserved)
    assert result["report"]["calls"] == samples + merges
    seen: list[str] = []
    for nth, asked in enumerate(last.calls):
        texts = [text for _, text in parse_numbered(asked.prompt)]
        assert len(texts) <= window
        if nth:
            assert texts[:reserved] == [f"merged {nth}"] * reserved
        seen += texts[reserved if nth else 0 :]
        assert asked.params["temperature"] == 0
    assert seen == [f"sample {draw}" for draw in range(samples)]
    assert all(asked.params["temperature"] == 0.7 for asked in model.calls)
    assert result["answer"] == f"merged {merges}" and result["report"]["degraded"] is None


async def test_only_the_last_merge_streams() -> None:
    last = merger()
    seen = await shown(create_self_moa_seq(sampled(), samples=9, aggregator=last).compile(), user())
    assert "".join(seen.texts(whole=False)) == "merged 2" and seen.texts(whole=True) == []
    assert [asked.streamed for asked in last.calls] == [False, True]


async def test_one_model_samples_and_merges_with_draws_of_their_own() -> None:
    model = sampled()
    result = await create_self_moa_seq(model, samples=8).compile().ainvoke(user())
    assert sorted(asked.metadata["draw"] for asked in model.calls) == list(range(10))
    assert result["answer"] == "sample 9"


async def test_failed_samples_take_no_slot() -> None:
    model = ScriptedChatModel(
        lambda _m, data: ValueError("broken") if data["draw"] % 2 else f"sample {data['draw']}"
    )
    last = merger()
    result = await create_self_moa_seq(model, samples=12, aggregator=last).compile().ainvoke(user())
    assert len(last.calls) == 1
    texts = [text for _, text in parse_numbered(last.calls[0].prompt)]
    assert texts == [f"sample {draw}" for draw in range(0, 12, 2)]
    assert "6 of 13 calls gave no answer" in result["report"]["degraded"]


@pytest.mark.parametrize(("fails", "answer"), [(3, "merged 2"), (1, "sample")])
async def test_a_failed_merge_leaves_what_there_is(fails: int, answer: str) -> None:
    last = merger(lambda nth: nth == fails)
    result = await create_self_moa_seq(sampled(), aggregator=last).compile().ainvoke(user())
    assert result["answer"].startswith(answer) and len(last.calls) == fails
    assert "the aggregator failed after" in result["report"]["degraded"]


async def test_a_fallback_takes_over() -> None:
    first, second = ScriptedChatModel(ValueError("broken")), merger()
    chain = [Member(first, name="first"), Member(second, name="second")]
    result = (
        await create_self_moa_seq(sampled(), samples=9, aggregator=chain).compile().ainvoke(user())
    )
    assert result["answer"] == "merged 2" and len(first.calls) == 2
    assert result["report"]["degraded"].startswith(
        "second took over as aggregator after another failed"
    )


async def test_a_budget_leaves_the_merge_so_far() -> None:
    app = create_self_moa_seq(sampled(), aggregator=merger(), budget=Budget(calls=33)).compile()
    result = await app.ainvoke(user())
    assert (
        result["answer"] == "merged 3" and "after 12 of 30 samples" in result["report"]["degraded"]
    )


async def test_two_turns_on_a_thread_start_clean() -> None:
    last = merger()
    app = create_self_moa_seq(sampled(), samples=9, aggregator=last).compile(
        checkpointer=InMemorySaver()
    )
    thread: Any = {"configurable": {"thread_id": "t"}}
    await app.ainvoke(user("one"), thread)
    result = await app.ainvoke(user("two"), thread)
    assert [len(parse_numbered(asked.prompt)) for asked in last.calls] == [6, 6, 6, 6]
    assert "merged" not in "".join(text for _, text in parse_numbered(last.calls[2].prompt))
    assert result["report"]["calls"] == 11


async def test_a_node_of_the_hosts_may_merge() -> None:
    def count(state: Any) -> dict[str, Any]:
        return {"answer": f"{len(state['candidates'])} samples"}

    result = await create_self_moa_seq(sampled(), aggregator=count).compile().ainvoke(user())
    assert result["answer"] == "30 samples"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 0}, "samples=0: give at least 1"),
        ({"window": 3}, "window=3: give more than the 3 that are reserved"),
        ({"window": 1}, "window=1: give at least 2"),
        ({"reserved": 0}, "reserved=0: give at least 1"),
        ({"window": 2, "reserved": 2}, "window=2: give more than the 2 that are reserved"),
    ],
)
def test_wrong_arguments(options: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        create_self_moa_seq(ScriptedChatModel(), **options)
