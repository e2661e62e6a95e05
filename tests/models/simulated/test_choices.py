from random import Random

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.runnables import RunnableConfig

from manyminds.errors import InputError
from manyminds.models.simulated.choices import (
    Asked,
    Range,
    option_questions,
    read_asked,
    split_question,
)
from manyminds.models.simulated.model import MARK, SimulatedChatModel, from_string, questions
from manyminds.prompts import load
from manyminds.reading.answers import extractor

SURE = SimulatedChatModel(skill=0.9999999)
QUESTION = "Start with 17. Add 5. Multiply by 3. What is the result?"
RANGES = "from 0 to 49, from 50 to 99, from 100 to 149 or from 150 to 199"
OF_FOUR = f"{QUESTION} Which of these ranges holds it: {RANGES}?"


def level(question: str, found: str, ask: str) -> HumanMessage:
    prompt = load("hierarchical/level@1").render([], question=question, found=found, ask=ask)
    return HumanMessage(prompt[-1].text)


def asked(text: str) -> Asked:
    found = read_asked(text)
    assert found is not None
    return found


def at(draw: int) -> RunnableConfig:
    return RunnableConfig(metadata={"draw": draw})


@pytest.mark.parametrize("options", [2, 4, 64])
def test_questions_have_one_right_range_and_it_can_be_read(options: int) -> None:
    plain = questions(40, [3, 5], seed=4)
    for row, chain in zip(option_questions(40, [3, 5], 4, options=options), plain, strict=True):
        assert row["question"].startswith(chain["question"])
        ranges = asked(row["question"]).ranges
        assert len(ranges) == options
        assert {r.high - r.low + 1 for r in ranges} == {1024 // options}
        assert [a.high + 1 for a in ranges[:-1]] == [b.low for b in ranges[1:]]
        holding = [str(r) for r in ranges if r.low <= int(chain["answer"]) <= r.high]
        assert holding == [row["answer"]]
        answer = SURE.invoke(row["question"]).text
        assert answer.endswith(f"The answer is {row['answer']}.\n{MARK}")
        assert extractor("final").extract(answer) == row["answer"]


def test_the_right_range_is_anywhere_and_ids_differ() -> None:
    rows = option_questions(200, 5, options=4)
    places = [list(map(str, asked(r["question"]).ranges)).index(r["answer"]) for r in rows]
    assert all(30 < places.count(place) < 70 for place in range(4))
    assert len({row["id"] for k in (2, 4) for row in option_questions(50, 5, options=k)}) == 100
    assert rows == option_questions(200, 5, options=4)


@pytest.mark.parametrize(("options", "span"), [(1, 1024), (3, 1024), (1024, 1024), (8, 4)])
def test_impossible_options_are_refused(options: int, span: int) -> None:
    with pytest.raises(InputError, match="option_questions: give 2 to 256 options, and a span"):
        option_questions(1, options=options, span=span)


def test_what_no_range_holds_is_guessed_and_says_so() -> None:
    outside = OF_FOUR.replace("from 50 to 99", "from 70 to 99")
    texts = [SURE.invoke(outside, at(draw)).text for draw in range(40)]
    assert all("None of the ranges holds that, so this is a guess." in text for text in texts)
    assert len({text.splitlines()[-2] for text in texts}) == 4
    assert SURE.invoke(outside, at(3)).text == texts[3]


def test_misreading_grows_with_the_number_of_ranges() -> None:
    def right(count: int, misread: float) -> float:
        ranges = tuple(Range(10 * n, 10 * n + 9) for n in range(count))
        chosen = [Asked(asked(QUESTION).chain, ranges).choose(3, Random(n), misread)[0]
                  for n in range(2000)]  # fmt: skip
        return chosen.count("from 0 to 9") / 2000

    assert right(8, 0.0) == 1
    assert 0.95 < right(2, 0.05) < 1
    assert right(64, 0.05) < right(16, 0.05) - 0.2 < right(2, 0.05) - 0.4


def test_a_lower_prior_makes_one_answer_worse() -> None:
    model = from_string("small")
    shares: list[float] = []
    for options in (2, 16, 64):
        rows = option_questions(60, 5, seed=3, options=options)
        texts = [model.invoke(row["question"]).text for row in rows]
        pairs = zip(texts, rows, strict=True)
        shares.append(sum(f"is {r['answer']}." in text for text, r in pairs) / 60)
    assert shares[0] > shares[1] + 0.2 > shares[2] + 0.4


# ---- the levels of a hierarchical vote


def test_levels_split_the_whole_range_first_and_the_last_one_found_then() -> None:
    ask = split_question(2)
    first = asked(level(OF_FOUR, "(nothing yet)", ask).text)
    assert list(map(str, first.ranges)) == ["from 0 to 99", "from 100 to 199"]
    second = level(OF_FOUR, f"1. {ask} from 0 to 99", ask)
    assert list(map(str, asked(second.text).ranges)) == ["from 0 to 49", "from 50 to 99"]
    assert SURE.invoke([second]).text.endswith(f"The answer is from 50 to 99.\n{MARK}")
    # What was found is taken as given, though it cannot be right: then the answer is a guess.
    third = SURE.invoke([level(OF_FOUR, f"1. {ask} from 100 to 199", ask)]).text
    assert "so this is a guess" in third


def test_a_split_leaves_nothing_out() -> None:
    for parts in (3, 7, 200, 999):
        given = level(OF_FOUR, "(nothing yet)", split_question(parts)).text
        ranges = asked(given).ranges
        assert [n for r in ranges for n in range(r.low, r.high + 1)] == list(range(200))


def test_a_level_that_asks_a_chain_goes_on_from_what_was_found() -> None:
    part = "Start with 17. Add 5. What is the result?"
    given = level(QUESTION, f"1. {part} 23", QUESTION)
    assert SURE.invoke([given]).text == f"23 * 3 = 69\nThe answer is 69.\n{MARK}"
    elsewhere = level(QUESTION, "1. Start with 18. Add 5. What is the result? 23", QUESTION)
    assert "The answer is 66." in SURE.invoke([elsewhere]).text
    whole = level(QUESTION, "(nothing yet)", "Why?")
    assert "The answer is 66." in SURE.invoke([whole]).text


def test_options_belong_to_the_last_question() -> None:
    assert asked(f"{OF_FOUR} Now: {QUESTION}").ranges == ()
    earlier = [HumanMessage(OF_FOUR), AIMessage("from 50 to 99"), HumanMessage(QUESTION)]
    assert "The answer is 66." in SURE.invoke(earlier).text
    assert read_asked("Which of these ranges holds it: from 0 to 9 or from 10 to 19?") is None
