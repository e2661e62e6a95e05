"""Keep what executes, then vote: the paper's first stage for code, in a confined process."""

from helpers.graphs import user

from manyminds.evals.executing import Executing, whole_program
from manyminds.graphs.agent_forest import create_agent_forest
from manyminds.testing import ScriptedChatModel, ScriptedReply

QUESTION = "def double(x):\n    "
RUNS = "    return x + x\n"
BROKEN = "    return x +\n"


def asked(*replies: str) -> dict[str, object]:
    model = ScriptedChatModel(lambda _messages, metadata: ScriptedReply(replies[metadata["index"]]))
    app = create_agent_forest(
        model, samples=len(replies), extract="code", vote=Executing()
    ).compile()
    return app.invoke(user(QUESTION))


def test_programs_that_do_not_run_are_left_out_however_many_they_are() -> None:
    result = asked(BROKEN, BROKEN, BROKEN, RUNS)
    assert str(result["answer"]).strip() == RUNS.strip()


def test_where_none_runs_all_are_voted_on() -> None:
    result = asked(BROKEN, BROKEN, "    return (\n")
    assert str(result["answer"]).strip() == BROKEN.strip()


def test_code_that_completes_the_question_is_put_behind_it() -> None:
    assert whole_program("def f():", "    return 1") == "def f():\n    return 1\n"
    assert whole_program("def f():", "def f():\n    return 1") == "def f():\n    return 1"
