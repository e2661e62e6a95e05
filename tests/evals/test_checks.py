import pytest
from helpers.graphs import user

from manyminds import InputError, create_reflexion
from manyminds.evals.checks import passes_tests
from manyminds.evals.sandbox import Limits
from manyminds.testing import Metadata, ScriptedChatModel

UNCONFINED = Limits(cpu_seconds=2, wall_seconds=10, confined=False)
WRONG = "```python\ndef double(x):\n    return x * x\n```"
RIGHT = "```python\ndef double(x):\n    return 2 * x\n```"
TESTS = ["assert double(2) == 4", "assert double(3) == 6"]


@pytest.mark.parametrize(
    ("reply", "passed", "feedback"),
    [
        ("I do not know.", False, "no Python program"),
        (RIGHT, True, ""),
        (WRONG, False, "These tests fail, of 2:\nassert double(3) == 6"),
        ("```\n```", False, "no Python program"),
        ("```python\nimport os\nos._exit(0)\n```", False, "These tests fail, of 2"),
    ],
)
async def test_the_tests_that_fail_are_named(reply: str, passed: bool, feedback: str) -> None:
    outcome = await passes_tests("double", TESTS, limits=UNCONFINED)(reply)
    assert outcome[0] is passed and feedback in outcome[1]


async def test_reflexion_sees_which_test_fails() -> None:
    def script(_messages: object, data: Metadata) -> str:
        return RIGHT if data["role"] == "solver" and data["layer"] == 2 else WRONG

    model = ScriptedChatModel(script)
    check = passes_tests("double", "\n".join(TESTS), limits=UNCONFINED)
    result = await create_reflexion(model, check=check).compile().ainvoke(user("Write double."))
    assert result["passed"] is True and result["answer"] == RIGHT
    assert "assert double(3) == 6" in model.calls[-1].prompt


@pytest.mark.parametrize(("name", "tests"), [("double", []), ("double", " \n"), ("a b", TESTS)])
def test_wrong_arguments(name: str, tests: str | list[str]) -> None:
    with pytest.raises(InputError, match="give the function's name and at least one test"):
        passes_tests(name, tests, limits=UNCONFINED)
