"""What an author's graph says of itself, and what it refuses."""

import pytest
from helpers.graphs import user

from manyminds import (
    InputError,
    PromptError,
    QuorumError,
    create_moa,
    create_self_refine,
    create_spp,
    create_stepwise_voting,
)
from manyminds.authoring import (
    Ask,
    CandidatesOutput,
    Member,
    MethodGraph,
    SampledState,
    State,
    Update,
    as_members,
    together,
)
from manyminds.testing import ScriptedChatModel


def test_a_graph_shows_its_method_and_shape() -> None:
    models = [ScriptedChatModel("a"), ScriptedChatModel("b")]
    assert repr(create_moa(models)) == "<moa: 2 proposers, 3 layers, at most 5 calls>"
    compiled = repr(create_moa(models, layers=2).compile())
    assert compiled == "<compiled moa: 2 proposers, 2 layers, at most 3 calls>"
    refined = repr(create_self_refine(models[0]))
    assert refined == "<self-refine: 1 member, 1 refinement, at most 3 calls>"
    assert repr(create_spp(models[0])) == "<spp: 1 member, at most 1 call>"
    assert repr(create_stepwise_voting(models)) == "<stepwise-voting: 2 members>"  # any number


async def test_a_blank_question_is_refused_before_anybody_is_asked() -> None:
    model = ScriptedChatModel("a")
    with pytest.raises(InputError, match="no question"):
        await create_moa([model]).compile().ainvoke(user("  "))
    assert not model.calls


def drafts_and_repair(*, index: int | None) -> MethodGraph:
    """A method that asks its two members in the first step, and the first again in the second."""
    team = as_members([ScriptedChatModel(["a", "c"]), ScriptedChatModel("b")])
    graph = MethodGraph("drafts", team, state=SampledState, output=CandidatesOutput)

    async def draft(_state: State, ask: Ask) -> Update:
        return {"candidates": [await ask(one) for one in team]}

    async def repair(_state: State, ask: Ask) -> Update:
        reply = await ask(team[0], index=index)
        return {"candidates": [reply], "final": reply}

    graph.step("draft", draft, opens=True, asks=team)
    graph.step("repair", repair, opens=True, asks=team[:1])
    return graph.chain("draft", "repair")


async def test_calls_without_an_index_are_all_kept_in_the_order_of_asking() -> None:
    result = await drafts_and_repair(index=None).compile().ainvoke(user("?"))
    assert [(c["index"], c["text"]) for c in result["candidates"]] == [(0, "a"), (1, "b"), (2, "c")]


async def test_two_calls_with_one_index_are_refused() -> None:
    with pytest.raises(InputError, match="draft in layer 1 and of repair in layer 2 both"):
        await drafts_and_repair(index=1).compile().ainvoke(user("?"))


async def test_a_run_ends_only_if_no_reply_that_it_requires_is_good() -> None:
    team = as_members([ScriptedChatModel(ValueError("ill")), ScriptedChatModel(["b"])])
    graph = MethodGraph("first", team)

    async def run(_state: State, ask: Ask) -> Update:
        replies = await together(*(ask(one) for one in team))
        return {"final": ask.require(*replies)}

    graph.step("run", run, asks=team)
    assert (await graph.chain("run").compile().ainvoke(user("?")))["answer"] == "b"
    failing = MethodGraph("none", team[:1])
    failing.step("run", lambda _, ask: _required(ask, team[0]), asks=team[:1])
    with pytest.raises(QuorumError, match="ill"):
        await failing.chain("run").compile().ainvoke(user("?"))


async def _required(ask: Ask, member: Member) -> Update:
    return {"final": ask.require(await ask(member))}


def test_a_prompt_that_shows_its_role_nothing_is_refused() -> None:
    with pytest.raises(PromptError, match=r"uses none of answers: write \{\{\{answers\}\}\} where"):
        create_moa([ScriptedChatModel("a")], prompt="Synthesize.")
