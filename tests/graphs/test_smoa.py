"""Sparse Mixture-of-Agents: which answers are passed on, when it stops, and its last resort."""

from typing import Any

import pytest
from helpers.graphs import every_way, shown, user
from helpers.panel import (
    GO_ON,
    STOP,
    Panel,
    judge_by,
    last_letter,
    of_layer,
    one_layer,
    proposers,
    read,
)
from langgraph.checkpoint.memory import InMemorySaver

from manyminds import (
    InputError,
    Member,
    MemberError,
    QuorumError,
    create_smoa,
)
from manyminds.testing import Answer, Metadata, ScriptedChatModel, ScriptedReply


@every_way
async def test_the_best_are_handed_on_from_layer_to_layer(way: str) -> None:
    panel = Panel()
    result = await panel.run(way)
    for model in panel.models:
        first, second = model.calls
        assert first.texts == [("human", "Why?")]
        assert read(second.messages) == ["layer 1 d", "layer 1 c"]
        assert first.params["temperature"] == second.params["temperature"] == 0.7
    assert read(panel.aggregator.calls[0].messages) == ["layer 2 d", "layer 2 c"]
    assert result["answer"] == "the end" == result["messages"][-1].text
    assert [m.type for m in result["messages"]] == ["human", "ai"]
    assert result["kept"] == [1, 3] and len(result["candidates"]) == 4
    report = result["report"]
    assert report["calls"] == 12 and report["degraded"] is None and report["method"] == "smoa"
    assert report["layer"] == 2 and result["kept"] == [1, 3]
    assert report["verdict"] == result["verdict"] is not None
    called = {role: one["calls"] for role, one in report["roles"].items()}
    assert called == {"proposer": 8, "judge": 2, "moderator": 1, "aggregator": 1}


@every_way
async def test_a_stop_after_the_first_layer(way: str) -> None:
    panel = Panel(STOP)
    result = await panel.run(way)
    assert read(panel.aggregator.calls[0].messages) == ["layer 1 d", "layer 1 c"]
    report = result["report"]
    assert report["calls"] == 7 and report["layer"] == 1 and report["degraded"] is None
    assert report["decision"]["reason"] == "they agree"


@pytest.mark.parametrize(("stop", "calls"), [(True, 6), (False, 11)])
async def test_judge_and_moderator_in_one_call(stop: bool, calls: int) -> None:
    both = judge_by(last_letter, stop=stop, reason="so it is")
    panel = Panel(judge=both, stop="judge")
    result = await panel.run()
    assert result["report"]["calls"] == calls and result["kept"] == [1, 3]
    assert "moderator" not in panel.graph.nodes and "moderator" not in result["report"]["roles"]
    assert "layers done" in both.calls[0].prompt.lower()
    if stop:
        assert result["report"]["decision"]["reason"] == "so it is"
    else:  # after the last layer there is nothing to decide
        assert "Layers done" not in both.calls[1].prompt


async def test_a_combined_reply_without_a_decision_goes_on_and_is_marked() -> None:
    panel = Panel(stop="judge")
    result = await panel.run()
    assert result["report"]["calls"] == 11 and result["kept"] == [1, 3]
    assert result["report"]["degraded"] == "no decision could be read: another layer follows"


@pytest.mark.parametrize(("stop", "layers"), [(0.5, 1), (0.75, 1), (0.8, 2), (1, 2)])
async def test_a_threshold_stops_without_a_call(stop: float, layers: int) -> None:
    says = [f"Final answer: {n}" for n in (4, "4.0", 5, 4)]
    _, members = proposers(*says)
    judge = judge_by(lambda text: 1.0)
    app = create_smoa(
        members, judge=judge, aggregator=ScriptedChatModel("end"), stop=stop
    ).compile()
    result = await app.ainvoke(user())
    report = result["report"]
    assert report["layer"] == layers and report["calls"] == 5 * layers + 1
    assert "moderator" not in report["roles"] and "moderator" not in report["roles_played_by"]
    if layers == 1:
        assert report["decision"]["agreement"] == 0.75 and report["decision"]["source"] == "rule"


async def test_without_a_moderator_all_layers_are_made() -> None:
    panel = Panel(stop="never", layers=4)
    result = await panel.run()
    assert result["report"]["calls"] == 16 and result["report"]["layer"] == 3


async def test_everyone_is_the_first_proposer_by_default() -> None:
    def script(messages: Any, data: Metadata) -> Answer:
        says = {"judge": "1 > 2", "moderator": STOP}
        return says.get(data.get("role", ""), "mine")

    first = Member(ScriptedChatModel(script), name="first")
    result = (
        await create_smoa([first, Member(ScriptedChatModel("other"), name="b")])
        .compile()
        .ainvoke(user())
    )
    played = result["report"]["roles_played_by"]
    assert played == dict.fromkeys(("judge", "moderator", "aggregator"), ["first"])
    assert result["report"]["members"]["first"]["calls"] == 4
    assert result["report"]["degraded"] is None


async def test_nodes_of_the_hosts() -> None:
    def judge(state: Any) -> dict[str, Any]:
        return {"kept": [2]}

    async def moderator(state: Any) -> dict[str, Any]:
        decision = {"stop": True, "reason": "mine", "source": "rule", "agreement": None}
        return {"decision": decision}

    def aggregator(state: Any) -> dict[str, Any]:
        kept = [state["candidates"][index]["text"] for index in state["kept"]]
        return {"answer": " and ".join(kept)}

    panel = Panel(moderator, judge=judge, aggregator=aggregator)
    result = await panel.run()
    assert result["answer"] == "layer 1 a" and result["report"]["calls"] == 4
    assert result["verdict"] is None and result["report"]["answered_by"] == "custom node"
    assert result["report"]["decision"]["reason"] == "mine"


@pytest.mark.parametrize("kept", [[], [1]])
async def test_a_hosts_judge_may_keep_nothing_that_can_be_used(kept: list[int]) -> None:
    models, members = proposers("one", ValueError("no"), "three")
    writer = ScriptedChatModel("end")

    def judge(state: Any) -> dict[str, Any]:
        return {"kept": kept}

    app = create_smoa(members, judge=judge, stop="never", aggregator=writer).compile()
    await app.ainvoke(user())
    assert read(models[0].calls[1].messages) == ["one", "three"]
    assert read(writer.calls[0].messages) == ["one", "three"]


async def test_a_failed_proposer_is_missing_and_is_asked_again() -> None:
    def second(data: Metadata) -> Answer:
        return ValueError("secret trace") if data["layer"] == 1 else "layer 2 z"

    models, members = proposers(of_layer("a"), second, of_layer("b"))
    writer = ScriptedChatModel("end")
    app = create_smoa(
        members, judge=judge_by(last_letter), moderator=ScriptedChatModel(GO_ON), aggregator=writer
    ).compile()
    result = await app.ainvoke(user())
    assert read(models[1].calls[1].messages) == ["layer 1 b", "layer 1 a"]
    assert read(writer.calls[0].messages) == ["layer 2 z", "layer 2 b"]
    assert "1 of 10 calls gave no answer (error 1)" in result["report"]["degraded"]
    assert not any("secret" in c.prompt for m in models for c in m.calls)


async def test_quorum() -> None:
    with pytest.raises(QuorumError, match="1 of 3 members answered and the quorum is 2"):
        texts: list[Answer] = ["one", ValueError("x"), ValueError("y")]
        await one_layer(texts, ScriptedChatModel("2"), quorum=2).compile().ainvoke(user())
    with pytest.raises(QuorumError):
        await one_layer([ValueError("x")], ScriptedChatModel("2")).compile().ainvoke(user())


async def test_without_an_aggregator_the_best_answer_is_taken_word_for_word() -> None:
    panel = Panel(STOP, aggregator=ScriptedChatModel(ValueError("no")))
    result = await panel.run()
    assert result["answer"] == "layer 1 d" and result["report"]["answered_by"] == "b"
    assert "no aggregator answered (error)" in result["report"]["degraded"]


@pytest.mark.parametrize("way", ["stream", "astream"])
async def test_only_the_aggregators_tokens_are_shown_and_once(way: str) -> None:
    panel = Panel()
    seen = await shown(panel.graph.compile(), user(), way=way)
    assert "".join(seen.texts(whole=False)) == "the end" and seen.texts(whole=True) == []
    assert len(seen.ids) == 1
    assert [c.streamed for c in panel.aggregator.calls] == [True]
    quiet = [*panel.models, panel.judge, panel.moderator]
    assert not any(c.streamed for model in quiet for c in model.calls)
    assert [e["calls"] for e in seen.events if e["event"] == "planned"] == [12]
    assert [e["kept"] for e in seen.events if e["event"] == "kept"] == [[1, 3], [1, 3]]


async def test_a_last_resort_is_shown_whole() -> None:
    _, members = proposers(ScriptedReply("layer d", id="shown"))
    lost = create_smoa(
        members, judge=judge_by(last_letter), aggregator=ScriptedChatModel(ValueError("x"))
    )
    seen = await shown(lost.compile(), user())
    assert seen.texts(whole=True) == ["layer d"] and seen.texts(whole=False) == []
    assert seen.ids == {"shown"}


async def test_a_host_may_edit_what_was_kept() -> None:
    panel = Panel()
    app = panel.graph.compile(checkpointer=InMemorySaver(), interrupt_after=["judge"])
    thread: Any = {"configurable": {"thread_id": "1"}}
    await app.ainvoke(user(), thread)
    app.update_state(thread, {"kept": [2]}, as_node="judge")
    await app.ainvoke(None, thread)
    assert read(panel.models[0].calls[1].messages) == ["layer 1 a"]


async def test_many_layers_stay_below_the_recursion_limit() -> None:
    panel = Panel(layers=30)
    panel.graph.insert("look", lambda state: {}, after="judge")
    assert (await panel.run())["report"]["layer"] == 29


def test_every_edge_is_drawn() -> None:
    _, members = proposers("x", "y")
    graph = create_smoa(members, role_writer=members[0]).compile().get_graph()
    assert {(edge.source, edge.target) for edge in graph.edges} == {
        *(("__start__", "begin"), ("begin", "role_writer"), ("role_writer", "layer")),
        *(("layer", "a"), ("layer", "b"), ("a", "gate"), ("b", "gate")),
        *(("gate", "judge"), ("gate", "aggregator"), ("judge", "moderator")),
        *(("judge", "aggregator"), ("moderator", "layer"), ("moderator", "aggregator")),
        *(("aggregator", "finish"), ("finish", "__end__")),
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": 1}, "layers=1: give at least 2"),
        ({"keep": 0}, "keep=0: give at least 1"),
        ({"stop": 0}, "stop=0"),
        ({"stop": 1.5}, "stop=1.5"),
        ({"stop": True}, "stop=True: give 'moderator', 'judge', 'never'"),
        ({"stop": "sometimes"}, "stop='sometimes': give 'moderator', 'judge', 'never'"),
        ({"stop": 0.5, "moderator": "simulated:small"}, "stop=0.5 nobody asks it"),
        ({"stop": "judge", "moderator": "simulated:small"}, "stop='judge' nobody asks it"),
        ({"stop": "never", "moderator": dict}, "stop='never' nobody asks it"),
        ({"roles": ["You add."]}, "give 2 texts, one for each proposer, not 1"),
        ({"roles": "Skeptic"}, "roles='Skeptic': give a list of texts"),
        ({"roles": ["A", "B"], "role_writer": "simulated:small"}, "give roles or a role_writer"),
        ({"extract": "numbr"}, "there is no extractor"),
        ({"quorum": 3}, "quorum=3"),
        ({"kep": 2}, "smoa has no option 'kep'"),
    ],
)
def test_wrong_arguments(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        create_smoa(proposers("x", "y")[1], **options)


def test_wrong_proposers() -> None:
    with pytest.raises(InputError, match="proposers: give a list"):
        create_smoa("simulated:small")
    with pytest.raises(MemberError):
        create_smoa([])
