"""The recorded cascades of `benchmarks/newer.py`: over panels, and of three models by price."""

import asyncio
from collections.abc import Sequence

from newer_live import gained, shown

from manyminds import Member
from manyminds.evals.resample import shuffled
from manyminds.evals.statistics.paired import difference
from manyminds.graphs.cascade import create_cascade
from manyminds.models.bundled import BundledSet
from manyminds.reading.answers import extractor
from manyminds.testing import ScriptedChatModel
from manyminds.votes.votes import majority

NUMBER = extractor("number")
PANELS = (3, 8)  # models of the first two stages; the last has the others
CHECKED, MOST = 40, 40
LADDERS = (
    ("Meta-Llama-3.1-8B-Instruct", "Meta-Llama-3.1-70B-Instruct", "Llama-3.1-405B-Instruct-Turbo"),
    ("gpt-3.5-turbo-0125", "gpt-4o-mini-2024-07-18", "gpt-4o-2024-08-06"),
    ("claude-3-haiku-20240307", "claude-3-sonnet-20240229", "claude-3-opus-20240229"),
    ("gemini-1.5-flash", "gemini-1.5-pro", "gemini-1.5-pro-exp-0801"),
    ("gemma-2-2b-it", "gemma-2-9b-it", "gemma-2-27b-it@together"),
)


def equal(answer: str | None, gold: str) -> bool:
    """Return whether an answer is the accepted one."""
    return answer is not None and NUMBER.equivalent(answer, gold)


def saying(answer: str | None) -> ScriptedChatModel:
    """Return a model that states an answer, or fails where none was recorded."""
    if answer is None:
        return ScriptedChatModel(ValueError("not recorded"))
    return ScriptedChatModel(f"The answer is {answer}." if answer else "I do not know.")


def cascaded(given: Sequence[str | None]) -> tuple[str | None, int]:
    """Return what a cascade over panels answers, and how many models it asks.

    It does what `create_cascade` does, without running a graph; `checked` compares the two.

    Args:
        given: Answer of each model, in order; None failed, empty abstains.
    """
    ends = [PANELS[0], sum(PANELS), len(given)]
    before: str | None = None
    for start, end in zip([0, *ends], ends, strict=False):
        good = [answer for answer in given[start:end] if answer is not None]
        ballot = majority([answer or None for answer in good], extractor=NUMBER)
        leader = ballot["answer"]
        if leader is not None and (
            (len(good) > 1 and ballot["groups"][0]["weight"] == len(good))
            or (before is not None and NUMBER.equivalent(leader, before))
        ):
            return leader, end
        before = leader
    later_first = [*given[ends[1] :], *given[ends[0] : ends[1]], *given[: ends[0]]]
    return majority([answer or None for answer in later_first], extractor=NUMBER)["answer"], ends[2]


async def checked(orders: Sequence[Sequence[str | None]]) -> None:
    """Run the graph itself on some questions, which must do what `cascaded` says."""
    for given in orders:
        members = [Member(saying(answer), name=f"m{n}") for n, answer in enumerate(given)]
        first, second = PANELS
        stages = [members[:first], members[first : first + second], members[first + second :]]
        app = create_cascade(stages, samples=1, extract="number", prompt=None).compile()
        result = await app.ainvoke("What is the result?")
        answer, asked = cascaded(given)
        assert result["report"]["calls"] == asked, (given, asked)
        assert NUMBER.extract(result["answer"]) == answer, (given, answer)


def cascade(data: BundledSet, places: Sequence[int], orders: int, seed: int) -> bool:
    """Compare a cascade over panels with a vote of 40 models and with the best single model.

    Both over random orders of the models. Prints a line for each; returns whether the first holds.
    """
    models = list(data.answers)
    right, voted, calls = list[float](), list[float](), 0
    asyncio.run(checked([_ordered(data, models, place, seed, 0) for place in places[:CHECKED]]))
    for place in places:
        one, other = 0, 0
        for order in range(orders):
            given = _ordered(data, models, place, seed, order)
            answer, asked = cascaded(given)
            calls += asked
            one += equal(answer, data.gold[place])
            plain = majority([answer or None for answer in given], extractor=NUMBER)
            other += equal(plain["answer"], data.gold[place])
        right.append(one / orders)
        voted.append(other / orders)
    lost, words = gained(right, voted)
    low = 100 * difference(right, voted)[1][0]
    mean = calls / len(places) / orders
    held = low >= -0.3 and mean <= 10
    print(
        f"cascade, recorded, {len(places)} questions x {orders} orders: {shown(right)} with "
        f"{mean:.1f} calls a question; vote of 40 models: {shown(voted)}; {words} "
        f"({lost:+.2f}, from {low:+.2f}): {'holds' if held else 'FALLS SHORT'}"
    )
    print(beside_the_best(data, places, right))
    return held


def beside_the_best(data: BundledSet, places: Sequence[int], right: Sequence[float]) -> str:
    """Return a line that compares shares of right answers with the best single model's.

    The model is chosen on other questions: for each half of the questions it is the one that is
    right most often on the other half.
    """
    columns = {
        model: [float(equal(column[place], data.gold[place])) for place in places]
        for model, column in data.answers.items()
    }
    middle = len(places) // 2
    halves, single, names = (slice(0, middle), slice(middle, None)), list[float](), list[str]()
    for counted, other in (halves, halves[::-1]):
        names.append(max(columns, key=lambda model: sum(columns[model][other])))
        single += columns[names[-1]][counted]
    return (
        f"single, recorded, {len(places)} questions: the cascade {shown(right)}; the model that is "
        f"best on the other half of the questions ({', '.join(dict.fromkeys(names))}) "
        f"{shown(single)}; {gained(right, single)[1]}"
    )


def _ordered(
    data: BundledSet, models: Sequence[str], place: int, seed: int, order: int
) -> list[str | None]:
    numbers = shuffled(len(models), seed, data.ids[place], order)
    return [data.answers[models[n]][place] for n in numbers[:MOST]]


async def ladder(data: BundledSet, names: Sequence[str], places: Sequence[int]) -> bool:
    """Compare a cascade of models in order of price with the last of them alone."""
    found, alone, reached = list[bool](), list[bool](), 0
    for place in places:
        given = [data.answers[name][place] for name in names]
        members = [Member(saying(one), name=f"m{n}") for n, one in enumerate(given)]
        app = create_cascade(members, samples=1, extract="number", prompt=None).compile()
        result = await app.ainvoke("What is the result?")
        found.append(equal(NUMBER.extract(result["answer"]), data.gold[place]))
        alone.append(equal(given[-1], data.gold[place]))
        reached += result["report"]["calls"] == len(names)
    words, held = gained(found, alone)[1], difference(found, alone)[1][1] >= 0
    print(
        f"ladder, recorded, {' > '.join(names)}: {shown(found)}, the last is asked on "
        f"{reached / len(places):.0%} of the questions; the last alone: {shown(alone)}, {words}: "
        f"{'holds' if held else 'FALLS SHORT'}"
    )
    return held
