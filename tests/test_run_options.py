"""Options of a builder that are set for one run, or by an assistant of LangGraph's server."""

from typing import Any

import pytest
from helpers.graphs import every_way, user
from helpers.registry import NAMES, small
from langgraph.checkpoint.memory import InMemorySaver

from manyminds import Context, Member, create_agent_forest, create_moa, using
from manyminds.compiled_method import CompiledMethod
from manyminds.errors import InputError, ManymindsError
from manyminds.graphs.agent_forest import create_agent_forest as forest
from manyminds.testing import ScriptedChatModel

FEW = Context(options={"samples": 2})


def asked(result: dict[str, Any]) -> int:
    return int(result["report"]["calls"])


async def ran(app: CompiledMethod, way: str, context: Any) -> dict[str, Any]:
    from helpers.graphs import call

    return await call(app, way, user("Start with 60. Add 52."), context=context)


@every_way
async def test_a_run_has_its_own_number_of_samples(way: str) -> None:
    app = create_agent_forest("simulated:small", samples=7).compile()
    assert asked(await ran(app, way, FEW)) == 2
    assert asked(await ran(app, way, {"options": {"samples": 3}, "seed": 1})) == 3
    assert asked(await ran(app, way, Context(seed=1))) == 7


async def test_a_run_has_its_own_layers_and_streams_its_tokens() -> None:
    members = [Member(ScriptedChatModel("four"), name=name) for name in "ab"]
    app = create_moa(members, layers=2).compile()
    shown = [
        part[0].text
        async for part in app.astream(
            user(), context=Context(options={"layers": 4}), stream_mode="messages"
        )
    ]
    assert "".join(shown) == "four"
    assert asked(await app.ainvoke(user(), context=Context(options={"layers": 4}))) == 7


async def test_a_thread_keeps_its_checkpoints_and_a_resume_with_other_options_is_noted() -> None:
    app = create_agent_forest("simulated:small", samples=4).compile(
        checkpointer=InMemorySaver(), interrupt_before=["finish"]
    )
    config: Any = {"configurable": {"thread_id": "t"}}
    await app.ainvoke(user("Start with 60. Add 52."), config, context=FEW)
    assert app.get_state(config).next == ("finish",)
    result = await app.ainvoke(None, config)
    assert "samples" in str(result["report"]["notes"]) and asked(result) == 2


@pytest.mark.parametrize(
    "options",
    [
        {"sampels": 3},
        {"samples": "3"},
        {"samples": 3.5},
        {"samples": None},
        {"samples": 0},
        {"samples": 10**30},
        {"members": "simulated:small"},
        {"prompt": "/etc/passwd"},
        {"judge": "m@http://127.0.0.1:9/v1#key=OPENAI_API_KEY"},
        {"vote": 7},
        {"vote": "no such vote"},
        {"budget": {"calls": 1}},
        {"return": 1},
    ],
)
@pytest.mark.parametrize("way", ["invoke", "astream"])
async def test_what_cannot_be_set_is_one_sentence(options: dict[str, Any], way: str) -> None:
    app = create_agent_forest("simulated:small", samples=2).compile()
    with pytest.raises(InputError) as refused:
        await ran(app, way, {"options": options})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", NAMES)
def test_every_method_says_which_options_there_are(name: str) -> None:
    app = small(name, "simulated:small").compile()
    with pytest.raises(InputError, match="it takes"):
        app.invoke(user(), context=Context(options={"nonsense": 1}))


def test_a_graph_with_a_hosts_node_and_a_block_of_settings_take_none() -> None:
    graph = forest("simulated:small", samples=2)
    graph.insert("mine", lambda state: {}, after="begin")
    with pytest.raises(InputError, match="nodes of your own"):
        graph.compile().invoke(user(), context=FEW)
    with pytest.raises(ManymindsError), using(options={"samples": 2}):  # type: ignore[call-arg]
        pass


async def test_methods_inside_keep_their_own() -> None:
    inner = create_agent_forest("simulated:small", samples=3).compile()
    app = create_agent_forest(Member(inner, name="inner"), samples=1).compile()
    result = await app.ainvoke(user("Start with 60. Add 52."), context=FEW)
    assert asked(result) == 6  # two samples of three
