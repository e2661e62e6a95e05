"""One job for each of four systems: a list of questions, six models and an aggregator.

Run as `python job.py SYSTEM URL QUESTIONS TIMEOUT FOLDER` by the interpreter that has the system.
It prints `ready` once all is imported and built, then one line of JSON: the last answer, what the
system said of what is missing, and the seconds.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any, TypeAlias

MODELS = [f"m{n}" for n in range(6)]
Ask: TypeAlias = Callable[[str], tuple[str, str]]


def manyminds(url: str, timeout: float, folder: str, options: str = "") -> Ask:
    """`create_moa` with SQLite, as a host that wants to continue after a crash compiles it."""
    library = import_module("manyminds")
    saver: Any = import_module("langgraph.checkpoint.sqlite.aio").AsyncSqliteSaver
    settings: dict[str, Any] = json.loads(options) if options else {}
    six = [library.Member(f"{model}@{url}", name=model, timeout=timeout) for model in MODELS]
    moa = library.create_moa(six, aggregator=f"aggregator@{url}", layers=2, **settings)

    async def run(question: str) -> tuple[str, str]:
        async with saver.from_conn_string(os.path.join(folder, "runs.db")) as checkpoints:
            app = moa.compile(checkpointer=checkpoints)
            thread = {"configurable": {"thread_id": question}}
            state = await app.aget_state(thread)
            given = None if state.values else {"messages": [("user", question)]}
            done = bool(state.values) and not state.next
            result = state.values if done else await app.ainvoke(given, thread)
            return result["answer"], result["report"]["degraded"] or ""

    return lambda question: asyncio.run(run(question))


def dspy(url: str, timeout: float, folder: str) -> Ask:
    """`Parallel` over six models, then `MultiChainComparison`; its disk cache as it comes."""
    os.environ["DSPY_CACHEDIR"] = folder
    library = import_module("dspy")
    clients = [
        library.LM(f"openai/{name}", api_base=url, api_key="none", timeout=timeout)
        for name in [*MODELS, "aggregator"]
    ]
    library.configure(lm=clients[-1])
    steps = [library.ChainOfThought("question -> answer") for _ in MODELS]
    for step, client in zip(steps, clients, strict=False):
        step.set_lm(client)
    compare = library.MultiChainComparison("question -> answer", M=len(MODELS))

    def ask(question: str) -> tuple[str, str]:
        parallel = library.Parallel(num_threads=len(MODELS), disable_progress_bar=True)
        example = library.Example(question=question).with_inputs("question")
        found = parallel([(step, example) for step in steps])
        return compare(found, question=question).answer, ""

    return ask


def its_hub(url: str, timeout: float, folder: str) -> Ask:
    """`SelfConsistency` over six models in turn: it has no aggregator, timeout or store."""
    library = import_module("its_hub")
    model: Any = import_module("its_hub.core.lms.openai_lm").OpenAICompatibleLanguageModel
    clients = [model(endpoint=url, api_key="none", model_name=name) for name in MODELS]

    class InTurn(library.AbstractLanguageModel):  # type: ignore[name-defined,misc]  # not installed here
        turn = -1

        async def agenerate(self, *_: Any, **kwargs: Any) -> Any:
            raise NotImplementedError

        async def agenerate_single(self, messages: Any, **kwargs: Any) -> Any:
            self.turn += 1
            return await clients[self.turn % len(clients)].agenerate_single(messages, **kwargs)

    vote = library.SelfConsistency()

    def ask(question: str) -> tuple[str, str]:
        answer = asyncio.run(vote.ainfer(InTurn(), question, budget=len(MODELS)))
        return str(answer["content"]), ""

    return ask


def swarms(url: str, timeout: float, folder: str) -> Ask:
    """`MixtureOfAgents` with one layer of six agents, all at once, telemetry off."""
    os.environ |= {"SWARMS_TELEMETRY_ON": "false", "WORKSPACE_DIR": folder}
    library = import_module("swarms")
    client: Any = import_module("litellm")
    client.request_timeout = timeout

    def agent(name: str) -> Any:
        return library.Agent(
            agent_name=name,
            model_name=f"openai/{name}",
            llm_base_url=url,
            llm_api_key="none",
            max_loops=1,
            print_on=False,
        )

    def ask(question: str) -> tuple[str, str]:
        mixture = library.MixtureOfAgents(
            agents=[agent(name) for name in MODELS],
            aggregator_agent=agent("aggregator"),
            layers=1,
            max_workers=len(MODELS),
        )
        return str(mixture.run(question)), ""

    return ask


SYSTEMS = {"manyminds": manyminds, "dspy": dspy, "its_hub": its_hub, "swarms": swarms}


def main() -> None:
    system, url, questions, timeout, folder, *options = sys.argv[1:]
    ask = partial(SYSTEMS[system], url, float(timeout), folder)(*options)
    print("ready", flush=True)
    began = time.perf_counter()
    answer, said = "", ""
    try:
        for n in range(int(questions)):
            answer, said = ask(f"What is {n} + {n}?")
    except Exception as error:  # whatever a system raises is its answer here
        answer, said = "", f"raised {type(error).__name__}: {error}"
    outcome = {"answer": answer, "said": said, "seconds": time.perf_counter() - began}
    print("outcome " + json.dumps(outcome), flush=True)
    os._exit(0)  # threads that wait for a hanging model would keep it alive


if __name__ == "__main__":
    main()
