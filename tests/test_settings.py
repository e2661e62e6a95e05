"""Where the settings of a run come from: nearest first, gaps filled from the next."""

import asyncio
import copy
import pickle
from typing import Any, cast

import pytest
from helpers.graphs import call, every_way, user

from manyminds import Budget, BudgetError, Context, InputError, Member, create_agent_forest, using
from manyminds.compiled_method import CompiledMethod
from manyminds.testing import ScriptedChatModel


def forest(model: ScriptedChatModel, **options: Any) -> CompiledMethod:
    return create_agent_forest(model, samples=12, extract="text", **options).compile()


def test_gaps_are_filled_from_the_other() -> None:
    near = Context(seed=1, params={})
    far = Context(seed=2, concurrency=3, params={"a": 1})
    assert near.over(far) == Context(seed=1, concurrency=3, params={})
    assert Context(seed=0).over(far).seed == 0


@every_way
async def test_context_before_using_before_builder_before_default(way: str) -> None:
    model = ScriptedChatModel("x")

    async def temperature(app: CompiledMethod, context: Context | None = None) -> object:
        model.calls.clear()
        await call(app, way, user(), context=context)
        (value,) = {call.params.get("temperature") for call in model.calls}
        return value

    bare, built = forest(model), forest(model, params={"temperature": 0.1})
    assert await temperature(bare) == 1.0
    assert await temperature(built) == 0.1
    with using(params={"temperature": 0.2}):
        assert await temperature(built) == 0.2
        with using(seed=5):
            assert await temperature(built) == 0.2
        with using(params={"temperature": 0.3}):
            assert await temperature(built) == 0.3
            assert await temperature(built, Context(params={"temperature": 0.4})) == 0.4
            assert await temperature(built, Context(seed=5)) == 0.3
        assert await temperature(built) == 0.2
    assert await temperature(built) == 0.1


@every_way
async def test_concurrency_limits_the_calls_in_flight(way: str) -> None:
    async def waits(_messages: object, _data: object) -> str:
        await asyncio.sleep(0.001)
        return "x"

    model = ScriptedChatModel(waits)
    app = forest(model, concurrency=5)
    await call(app, way, user())
    assert model.peak == 5
    with using(concurrency=3):
        model.busy[1] = 0
        await call(app, way, user())
    assert model.peak == 3
    model.busy[1] = 0
    await call(app, way, user(), context=Context(concurrency=2))
    assert model.peak == 2


async def test_a_member_may_have_a_limit_of_its_own() -> None:
    async def waits(_messages: object, _data: object) -> str:
        await asyncio.sleep(0.001)
        return "x"

    model = ScriptedChatModel(waits)
    app = create_agent_forest(Member(model, concurrency=4), samples=12, extract="text").compile()
    await app.ainvoke(user())
    assert model.peak == 4


async def test_the_limit_is_shared_by_all_questions_of_a_loop() -> None:
    async def waits(_messages: object, _data: object) -> str:
        await asyncio.sleep(0.001)
        return "x"

    model = ScriptedChatModel(waits)
    app = forest(model, concurrency=5)
    await asyncio.gather(*(app.ainvoke(user(f"question {n}")) for n in range(8)))
    assert model.peak == 5


async def test_seed_changes_the_order_of_members() -> None:
    members = [Member(ScriptedChatModel(str(n)), name=f"m{n}") for n in range(6)]

    async def order(context: Context | None = None) -> list[str]:
        app = create_agent_forest(members, samples=6, extract="text").compile()
        return [c["member"] for c in (await app.ainvoke(user(), context=context))["candidates"]]

    assert await order() == await order(Context(seed=0))
    orders = {tuple(await order(Context(seed=seed))) for seed in range(6)}
    assert len(orders) > 3


def test_wrong_values_are_refused_at_once() -> None:
    budget: Any = 10
    with pytest.raises(InputError, match=r"budget=10: give a Budget, such as Budget\(calls=10\)"):
        Context(budget=budget)
    with pytest.raises(InputError, match="concurrency=0: give at least 1"), using(concurrency=0):
        pass
    with pytest.raises(InputError, match="concurrency=-1"):
        Context(concurrency=-1)


async def test_using_ends_with_an_error_inside() -> None:
    app = forest(ScriptedChatModel("x"))
    with pytest.raises(BudgetError), using(budget=Budget(calls=0)):
        await app.ainvoke(user())
    assert (await app.ainvoke(user()))["report"]["calls"] == 12


@pytest.mark.parametrize("wrong", [{"sampels": 3}, {"samples": 3}, {"layers": 2, "seed": 1}])
async def test_an_option_that_no_run_has_is_one_sentence(wrong: dict[str, Any]) -> None:
    app, given = create_agent_forest("simulated:small", samples=1).compile(), cast("Any", wrong)
    with pytest.raises(InputError, match="a run has no option"):
        await app.ainvoke({"messages": [("user", "q")]}, context=given)


async def test_a_budget_may_come_as_plain_data() -> None:
    app = create_agent_forest("simulated:small", samples=9).compile()
    given: Any = {"budget": {"calls": 2}}
    result = await app.ainvoke({"messages": [("user", "q")]}, context=given)
    assert result["report"]["calls"] == 2
    with pytest.raises(InputError, match="budget, callz"):
        Context(budget={"callz": 2})  # type: ignore[arg-type]


def test_settings_can_be_copied() -> None:
    given = Context(seed=3, concurrency=2)
    assert pickle.loads(pickle.dumps(given)) == given == copy.deepcopy(given)
