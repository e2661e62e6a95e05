"""What LangSmith, OpenTelemetry and other tracers see of a run, without our doing anything."""

from typing import Any

from helpers.graphs import every_way, user
from langchain_core.tracers.base import BaseTracer
from langchain_core.tracers.schemas import Run

from manyminds import Member, create_agent_forest, create_moa
from manyminds.testing import ScriptedChatModel


class Tracer(BaseTracer):
    """Keeps every run's tree in memory."""

    run_inline = True

    def __init__(self) -> None:
        super().__init__()
        self.roots: list[Run] = []

    def _persist_run(self, run: Run) -> None:
        self.roots.append(run)


def below(run: Run) -> list[Run]:
    return [each for child in run.child_runs for each in (child, *below(child))]


async def traced(way: str = "ainvoke") -> Run:
    forest = create_agent_forest(Member(ScriptedChatModel("5"), name="sampled"), samples=2)
    app = create_moa(
        [Member(ScriptedChatModel("a"), name="first"), Member(forest, name="forest")],
        layers=2,
        aggregator=Member(ScriptedChatModel("z"), name="writer"),
    ).compile()
    tracer = Tracer()
    config: Any = {"callbacks": [tracer], "metadata": {"question_id": "q-7"}}
    if way == "invoke":
        app.invoke(user(), config)
    elif way == "ainvoke":
        await app.ainvoke(user(), config)
    elif way == "stream":
        list(app.stream(user(), config))
    else:
        _ = [part async for part in app.astream(user(), config)]
    (root,) = tracer.roots
    return root


@every_way
async def test_a_run_is_one_tree_whose_names_say_who_was_asked(way: str) -> None:
    root = await traced(way)
    assert root.name == "moa"
    calls = [run.name for run in below(root) if run.run_type == "llm"]
    assert sorted(calls) == [
        "first as proposer",
        "sampled as sampler",
        "sampled as sampler",
        "writer as aggregator",
    ]
    nodes = {run.name for run in root.child_runs}
    assert nodes == {"begin", "layer", "first", "forest", "gate", "aggregator", "finish"}
    assert "forest as proposer" in {run.name for run in below(root)}


async def test_tags_and_metadata_tell_calls_apart() -> None:
    calls = {run.name: run for run in below(await traced()) if run.run_type == "llm"}
    proposal, answer = calls["first as proposer"], calls["writer as aggregator"]
    assert {"proposer", "first"} <= {*(proposal.tags or [])}
    about = proposal.metadata
    assert about["member"] == "first" and about["role"] == "proposer" and about["layer"] == 1
    assert about["index"] == 0 and about["draw"] == 0 and about["attempt"] == 1
    assert about["question_id"] == "q-7"
    assert about["run"] == answer.metadata["run"] != calls["sampled as sampler"].metadata["run"]


async def test_usage_is_on_the_calls() -> None:
    (call, *_) = [run for run in below(await traced()) if run.run_type == "llm"]
    message = (call.outputs or {})["generations"][0][0]["message"]
    assert message["kwargs"]["usage_metadata"]["total_tokens"] == 15
