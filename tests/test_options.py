"""Options of every builder are checked by their annotations, before anything is built."""

import inspect
from typing import Any

import numpy
import pytest
from helpers.registry import NAMES

from manyminds import Context, create_agent_forest, create_debate, create_moa, create_smoa
from manyminds.errors import InputError
from manyminds.members import Member
from manyminds.options import MOST, hints_of, is_plain, parts_of
from manyminds.registry import methods

MEMBERS = ["simulated:small", "simulated:medium", "simulated:large"]


def plain_options() -> list[Any]:
    """Return method and option, of all options whose type is plain data."""
    return [
        pytest.param(name, option, id=f"{name} {option}")
        for name in NAMES
        for builder in [methods()[name].create()]
        for option, hint in hints_of(builder).items()
        if option in [*inspect.signature(builder).parameters][1:]
        and all(is_plain(form) and form is not Member for form in parts_of(hint))
    ]


@pytest.mark.parametrize(("name", "option"), plain_options())
def test_an_object_is_no_plain_value(name: str, option: str) -> None:
    """Whatever the option is, the message names it and says what to give."""
    with pytest.raises(InputError, match=f"{name}, {option}=.*: give "):
        methods()[name].create()(MEMBERS, **{option: object()})


@pytest.mark.parametrize(
    ("builder", "options", "said"),
    [
        (create_moa, {"layers": "3"}, "moa, layers='3': give a whole number"),
        (create_moa, {"layers": 2.5}, "moa, layers=2.5: give a whole number"),
        (create_moa, {"layers": True}, "moa, layers=True: give a whole number"),
        (create_moa, {"chunk": 0}, "moa, chunk=0: give at least 1"),
        (create_moa, {"layers": MOST + 1}, "too large; give at most 1,000,000"),
        (create_debate, {"confidence": "yes"}, "give true or false"),
        (create_debate, {"verdict": "guess"}, "verdict='guess': give 'write' or 'pick'"),
        (create_debate, {"consensus": 1.5}, "give true or false or a share above 0 and up to 1"),
        (create_smoa, {"roles": "Skeptic"}, "roles='Skeptic': give a list of texts or none"),
        (create_smoa, {"quorum": 2.0}, 'quorum=2.0: give a count, or a share such as "75%"'),
        (create_agent_forest, {"seed": "x"}, "seed='x': give a whole number or none"),
        (create_agent_forest, {"deadline": "3"}, "deadline='3': give seconds, more than 0 or none"),
    ],
)
def test_a_wrong_value_is_one_sentence(builder: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as error:
        builder(MEMBERS, **options)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_numbers_of_numpy_are_numbers() -> None:
    number: Any = numpy.int64
    graph = create_agent_forest(MEMBERS, samples=number(4), seed=number(2**40))
    question = {"messages": [("user", "Start with 6. Add 5.")]}
    assert graph.compile().invoke(question)["report"]["calls"] == 4
    with pytest.raises(InputError, match="give at least 1"):
        create_agent_forest(MEMBERS, samples=number(0))


def test_settings_are_checked_in_the_same_way() -> None:
    with pytest.raises(InputError, match="grace=-1: give seconds, more than 0"):
        Context(grace=-1)
    assert Context(deadline=2, seed=-5).over(Context(concurrency=3)).concurrency == 3
