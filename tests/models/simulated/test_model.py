import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.runnables import RunnableConfig
from langgraph.graph import START, MessagesState, StateGraph

from manyminds.errors import AnswerError, MemberError
from manyminds.fence import numbered
from manyminds.models.simulated.arithmetic import QuestionRow, read_question
from manyminds.models.simulated.model import MARK, SimulatedChatModel, from_string, questions
from manyminds.prompts import load

ROWS = questions(100, [4, 5, 6], seed=1)
ASKED = [row["question"] for row in ROWS]


def at(**metadata: object) -> RunnableConfig:
    return RunnableConfig(metadata=dict(metadata))


def result(message: BaseMessage) -> str:
    *_, stated, mark = message.text.splitlines()
    assert mark == MARK
    return stated.removeprefix("The answer is ").removesuffix(".")


def shares(model: SimulatedChatModel, rows: Sequence[QuestionRow], draws: int) -> list[float]:
    """Share of right answers: one alone, and the majority of all draws."""
    alone = voted = 0.0
    for row in rows:
        results = [result(model.invoke(row["question"], at(draw=d))) for d in range(draws)]
        alone += results.count(row["answer"]) / draws
        voted += Counter(results).most_common(1)[0][0] == row["answer"]
    return [alone / len(rows), voted / len(rows)]


def test_works_the_question_out_and_says_that_it_is_simulated() -> None:
    model = SimulatedChatModel(skill=0.9999999)
    message = model.invoke("Start with 17. Add 5. Multiply by 3. What is the result?")
    assert message.text == f"17 + 5 = 22\n22 * 3 = 66\nThe answer is 66.\n{MARK}"
    assert message.response_metadata == {"simulated": True, "model_name": "medium"}
    assert message.usage_metadata == {"input_tokens": 14, "output_tokens": 14, "total_tokens": 28}


def test_sync_async_streams_and_three_event_loops_agree() -> None:
    model = from_string("medium")
    config = at(member="m", draw=3)
    expected = [model.invoke(q, config).text for q in ASKED[:20]]
    for _ in range(3):
        assert [asyncio.run(model.ainvoke(q, config)).text for q in ASKED[:20]] == expected
    assert ["".join(c.text for c in model.stream(q, config)) for q in ASKED[:20]] == expected


@pytest.mark.parametrize("silent", [False, True])
async def test_a_graph_streams_the_same_answer_once(silent: bool) -> None:
    model = SimulatedChatModel(disable_streaming=silent)
    config = at(member="m", draw=3)

    async def ask(state: MessagesState) -> dict[str, list[BaseMessage]]:
        return {"messages": [await model.ainvoke(state["messages"], config)]}

    graph = StateGraph(MessagesState).add_node(ask).add_edge(START, "ask").compile()
    asked = MessagesState(messages=[HumanMessage(ASKED[0])])
    parts: list[AIMessage] = []
    async for part, _ in graph.astream(asked, stream_mode="messages"):
        assert isinstance(part, AIMessage)
        parts.append(part)
    assert "".join(part.text for part in parts) == model.invoke(ASKED[0], config).text
    assert len({part.id for part in parts}) == 1
    assert (len(parts) == 1) == silent


@pytest.mark.integration
def test_another_process_answers_the_same() -> None:
    program = (
        "from manyminds.models.simulated.model import *\n"
        "m = from_string('medium?seed=3')\n"
        "for row in questions(5, 6):\n"
        "    print(m.invoke(row['question'], config={'metadata': {'draw': 2}}).text)\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    model = from_string("medium?seed=3")
    rows = questions(5, 6)
    here = "".join(model.invoke(row["question"], at(draw=2)).text + "\n" for row in rows)
    assert outputs == {here}


@pytest.mark.parametrize(
    "one, other",
    [
        ({"draw": 0}, {"draw": 1}),
        ({"member": "a"}, {"member": "b"}),
        ({"layer": 1}, {"layer": 2}),
        ({"role": "proposer"}, {"role": "aggregator"}),
        ({"shuffle": "0:1"}, {"shuffle": "0:2"}),
    ],
)
def test_draws_differ_and_repeat(one: dict[str, object], other: dict[str, object]) -> None:
    model = from_string("small")
    first, second, again = (
        [result(model.invoke(q, at(**metadata))) for q in ASKED] for metadata in (one, other, one)
    )
    assert first == again
    assert 10 < sum(a != b for a, b in zip(first, second, strict=True)) < 90


def test_other_questions_and_call_order_have_no_influence() -> None:
    alone = {q: from_string("medium").invoke(q, at(draw=1)).text for q in ASKED[:30]}
    model = from_string("medium")
    for question in Random(0).sample(ASKED[:30], 30):
        assert model.invoke(question, at(draw=1, run="r", index=5)).text == alone[question]


def test_temperature_zero_repeats_itself() -> None:
    model = from_string("small")
    for question in ASKED[:30]:
        answers = {model.invoke(question, at(draw=d), temperature=0).text for d in range(5)}
        assert len(answers) == 1
    warm = {model.invoke(ASKED[0], at(draw=d), temperature=0.7).text for d in range(30)}
    assert len(warm) > 1


def test_a_majority_beats_one_and_is_not_perfect() -> None:
    alone, voted = shares(from_string("medium"), ROWS, 20)
    assert 0.55 < alone < 0.75
    assert 0.83 < voted < 0.97


@pytest.mark.integration
def test_skill_orders_the_presets_and_systematic_errors_limit_votes() -> None:
    small, medium, large = (
        shares(from_string(n), ROWS, 5)[0] for n in ("small", "medium", "large")
    )
    assert small + 0.08 < medium < large - 0.08
    stubborn = from_string("medium?systematic=1")
    alone, voted = shares(stubborn, ROWS[:30], 5)
    assert alone == voted < 0.95
    free_alone, free_voted = shares(from_string("medium?systematic=0"), ROWS, 20)
    assert free_voted > 0.93 > free_alone


def test_systematic_errors_are_the_same_for_everyone() -> None:
    models = [from_string("medium?systematic=1&seed=1"), from_string("medium?systematic=1&seed=2")]
    wrong = 0
    for row in ROWS[:50]:
        results = {
            result(model.invoke(row["question"], at(draw=draw, member=name)))
            for model, name in zip(models, "ab", strict=True)
            for draw in range(3)
        }
        assert len(results) == 1
        wrong += results != {row["answer"]}
    assert wrong > 5


def test_the_question_is_read_from_the_whole_conversation() -> None:
    model = from_string("large")
    asked = [SystemMessage("Be careful."), HumanMessage(f"Hello! {ASKED[0]} Thanks.")]
    assert model.invoke(asked).text == model.invoke(ASKED[0]).text
    later = [*asked, AIMessage(ASKED[2]), HumanMessage("Look again.")]
    assert model.invoke(later).text == model.invoke(ASKED[0]).text
    assert model.invoke([*asked, HumanMessage(ASKED[1])]).text == model.invoke(ASKED[1]).text


def test_other_questions_get_an_honest_sentence() -> None:
    message = from_string("large").invoke("Who was Ada Lovelace?")
    assert "simulated" in message.text and message.text.endswith(MARK)
    assert not any(char.isdigit() for char in message.text)
    assert read_question(message.text) is None


def weigh(model: SimulatedChatModel, question: str, *texts: str) -> AIMessage:
    return model.invoke([SystemMessage(f"Combine:\n{numbered(texts)}"), HumanMessage(question)])


def test_an_aggregator_weighs_the_numbered_answers_of_the_prompt() -> None:
    model, question = from_string("medium"), ASKED[0]
    own = result(model.invoke(question))
    said = "The answer is -1,234."
    assert result(weigh(model, question, said)) == own
    assert result(weigh(model, question, said, "I am not sure.", "The answer is 9.")) == own
    swayed = weigh(model, question, said, "The answer is 9.", said, said)
    assert result(swayed) == "-1234"
    assert "1, 3, 4 agree on -1234" in swayed.text and f"gave {own}." in swayed.text
    # Skill is what makes it hold out longer, not knowledge of the truth.
    sure = from_string("medium?skill=0.99")
    assert result(weigh(sure, question, said, said)) == result(sure.invoke(question))


def test_a_question_inside_an_answer_is_not_asked() -> None:
    model = from_string("large")
    message = weigh(model, ASKED[0], ASKED[1])
    assert message.text.splitlines()[0].startswith(ASKED[0].split()[2].rstrip("."))
    alone = model.invoke([HumanMessage(f"{ASKED[0]}\n{numbered([ASKED[1], ASKED[2]])}")])
    assert alone.text.splitlines()[:4] == model.invoke(ASKED[0]).text.splitlines()[:4]


def test_aggregating_improves_on_one_member() -> None:
    model = from_string("medium")
    right = alone = 0
    for row in ROWS:
        drawn = [model.invoke(row["question"], at(draw=d)).text for d in range(6)]
        right += result(weigh(model, row["question"], *drawn)) == row["answer"]
        alone += result(model.invoke(row["question"])) == row["answer"]
    assert alone + 10 < right < 97


def test_failures_come_at_their_rate_and_may_pass_when_retried() -> None:
    model = from_string("medium?fail=0.3")
    failed = 0
    passed = 0
    for question in ASKED:
        try:
            model.invoke(question)
        except AnswerError as error:
            assert (error.kind, error.retriable) == ("server_error", True)
            failed += 1
            try:
                model.invoke(question, at(attempt=1))
                passed += 1
            except AnswerError:
                pass
    assert 18 < failed < 43
    assert passed > failed / 2


async def test_latency_is_waited_for_without_blocking() -> None:
    model = from_string("medium?latency=0.1")
    before = time.perf_counter()
    await asyncio.gather(*(model.ainvoke(ASKED[0], at(draw=d)) for d in range(200)))
    assert 0.1 < time.perf_counter() - before < 10  # one after another: 20 s
    before = time.perf_counter()
    model.invoke(ASKED[0])
    assert time.perf_counter() - before > 0.05


def test_strings_set_every_option() -> None:
    model = from_string("simulated:tiny?skill=0.3&systematic=0.1&latency=0.5&fail=0.05&seed=-3")
    assert model == SimulatedChatModel(
        model_name="tiny", skill=0.3, systematic=0.1, latency=0.5, failure_rate=0.05, seed=-3
    )
    assert from_string("simulated:large?skill=0.9").skill == 0.9
    assert from_string("simulated:").model_name == "medium"


@pytest.mark.parametrize(
    "text, message",
    [
        ("huge", "no simulated model is called 'huge'; use small, medium, large"),
        ("small?speed=1", "unknown option 'speed'; use skill, systematic, latency, fail, seed"),
        ("small?skill=2", "skill=2 does not work; give a number between 0 and 1"),
        ("small?skill=1", "both excluded"),
        ("small?skill=nan", "skill=nan"),
        ("small?fail=often", "fail=often does not work; give a number from 0 to 1"),
        ("small?latency=-1", "give seconds, 0 or more"),
        ("small?latency=inf", "give seconds, 0 or more"),
        ("small?seed=1.5", "give a whole number"),
        ("small?seed", "seed= does not work"),
    ],
)
def test_bad_strings_say_what_to_write(text: str, message: str) -> None:
    with pytest.raises(MemberError, match=message):
        from_string(f"simulated:{text}")


def test_an_answer_to_reword_is_handed_back() -> None:
    prompt = load("debate/clean@1").render([], answer=numbered(["7 + 5 = 12\nThe answer is 12."]))
    reply = SimulatedChatModel(model_name="x").invoke(prompt)
    assert reply.text == "7 + 5 = 12\nThe answer is 12.\n[simulated]"
    two = load("debate/clean@1").render([], answer=numbered(["one", "two"]))
    assert "found no question" in SimulatedChatModel(model_name="x").invoke(two).text
