"""`manyminds plan`: cost of a method and its likely accuracy, before it is paid for."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from statistics import fmean
from typing import Annotated

from typer import Option

from manyminds.apps.choose import Prices, build_with, choose_members, choose_method, specs_of
from manyminds.apps.flags import AsJson, Limits, Members, MethodOptions, Seed
from manyminds.apps.options import read
from manyminds.apps.terminal import console, counted, dollars, facts, print_json
from manyminds.call_formula import most_calls
from manyminds.errors import InputError, ManymindsError
from manyminds.evals.data import read_rows
from manyminds.evals.forecast import (
    ANSWER_TOKENS,
    QUESTION_TOKENS,
    SPEED,
    WAIT,
    Forecast,
    RehearsedModel,
    aforecast,
    rehearsed,
)
from manyminds.evals.members_alone import shares_of
from manyminds.evals.statistics.power import smallest_effect
from manyminds.evals.study import Study, read_folder
from manyminds.evals.vote_curve import stored_votes
from manyminds.members import Member
from manyminds.models.strings import from_string
from manyminds.prices import HINT, Listed, Price, look_up

_CHARS_A_TOKEN = 4
_USUAL_ACCURACY = 0.65


@dataclass(frozen=True)
class Assumed:
    """Assumptions about the members.

    Attributes:
        price: Price of a model, [MODEL=]IN,OUT: dollars for a million tokens; may be repeated.
        accuracy: Share of questions that a member answers rightly alone, [MODEL=]SHARE; may be
            repeated. Default: that of the pilot, else 0.65.
        pilot: Folder of an evaluation of agent-forest with --out: its members' accuracy, length of
            answers and seconds are taken.
        answer_tokens: Tokens of an answer.
        wait: Seconds until the first token.
        speed: Tokens a second.
    """

    price: Annotated[list[str] | None, Option(metavar="PRICE")] = None
    accuracy: Annotated[list[str] | None, Option(metavar="SHARE")] = None
    pilot: Annotated[Path | None, Option(metavar="DIR")] = None
    answer_tokens: Annotated[int | None, Option(metavar="N", min=1)] = None
    wait: Annotated[float, Option(metavar="SECONDS", min=0)] = WAIT
    speed: Annotated[float, Option(metavar="N", min=0.001)] = SPEED

    def limits(self) -> Limits:
        """Return the prices, by which "auto" orders members."""
        return Limits(price=self.price)


@dataclass(frozen=True)
class Asked:
    """The questions.

    Attributes:
        data: Questions, which are counted and measured; none is asked.
        questions: Number of questions. Default: those of the data, else 1.
        question_tokens: Tokens of a question. Default: the mean of the data, else 100.
        rehearse: Simulated questions to rehearse.
    """

    data: Annotated[Path | None, Option(metavar="FILE")] = None
    questions: Annotated[int | None, Option(metavar="N", min=1)] = None
    question_tokens: Annotated[int | None, Option(metavar="N", min=1)] = None
    rehearse: Annotated[int, Option(metavar="N", min=1)] = 60

    def measured(self) -> tuple[int, int]:
        """Return the number of questions and the tokens of one."""
        texts = [] if self.data is None else [row["question"] for row in read_rows(self.data)]
        mean = sum(map(len, texts)) // (_CHARS_A_TOKEN * len(texts)) if texts else QUESTION_TOKENS
        return self.questions or max(1, len(texts)), self.question_tokens or max(1, mean)


def plan(
    *,
    method: Annotated[
        str, Option("--method", "-m", metavar="NAME", help="See `manyminds methods`.")
    ],
    members: Members,
    options: MethodOptions,
    assumed: Assumed,
    asked: Asked,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Plan a method without paying: calls, tokens, dollars, seconds and expected accuracy.

    The method runs with its real prompts on simulated members that are as accurate, and write as
    much, as is said or as a pilot measured. No model is asked and no key is needed.
    """
    specs = specs_of(choose_members(members.required(), method=method, limits=assumed.limits()))
    chosen, texts = choose_method(method, specs, options.texts())
    pilot = None if assumed.pilot is None else read_folder(assumed.pilot)
    models: dict[str, RehearsedModel] = {}
    prices = Prices(assumed.price)
    make = _maker(models, assumed, pilot, prices)
    values = read(chosen, texts, make)
    graph = build_with(chosen, [make(spec) for spec in specs], values)
    prices.check()
    questions, tokens = asked.measured()
    found = asyncio.run(
        aforecast(
            graph,
            models,
            {spec: _price(spec, prices) for spec in models},
            most=most_calls(chosen, signature(chosen.create()), len(specs), values),
            question_tokens=tokens,
            rows=asked.rehearse,
            seed=seed,
        )
    )
    voted = _measured_vote(pilot, found) if chosen.name == "agent-forest" else None
    if as_json:
        about = {"members": specs, "questions": questions, "pilot_accuracy": voted}
        print_json({**found.to_json(), **about, "total": _total(found, questions)})
        return
    screen = console()
    screen.print(f"{chosen.name}, {counted(len(specs), 'member')}", style="bold")
    screen.print(facts([("members", ", ".join(specs)), *_facts(found, questions, voted)]))


def _maker(
    models: dict[str, RehearsedModel], assumed: Assumed, pilot: Study | None, prices: Prices
) -> Callable[[str], Member]:
    """Return a function that makes the rehearsed member of a string; `models` collects them."""
    given = dict(_share(text) for text in assumed.accuracy or ())
    answers = [] if pilot is None else pilot.answers
    measured = {name: fmean(s.values()) for name, s in shares_of(answers).items()}
    made: dict[str, Member] = {}

    def make(spec: str) -> Member:
        if spec not in made:
            name = spec.rpartition("#model=")[2].partition(":")[2] or spec.rpartition("=")[2]
            usual = given.get("", measured.get(name, _mean(list(measured.values()))))
            mine = [one for one in answers if one["member"] == name] or answers
            length = _mean([float(one["output_tokens"]) for one in mine], ANSWER_TOKENS)
            seconds = _mean([one["seconds"] for one in mine], 0.0)
            models[spec] = rehearsed(
                name or "model",
                accuracy=given.get(spec, given.get(name, usual)),
                answer_tokens=assumed.answer_tokens or max(1, round(length)),
                wait=seconds or assumed.wait,
                speed=1e9 if seconds else assumed.speed,
            )
            made[spec] = Member(models[spec], price=prices.of(spec))
        return made[spec]

    return make


def _mean(values: Sequence[float], usual: float = _USUAL_ACCURACY) -> float:
    return sum(values) / len(values) if values else usual


def _share(text: str) -> tuple[str, float]:
    name, _, number = text.rpartition("=")
    try:
        return name, float(number)
    except ValueError:
        raise InputError(
            f"--accuracy {text} is not understood: write [MODEL=]SHARE, such as 0.7"
        ) from None


def _price(spec: str, prices: Prices) -> Price | Listed | None:
    """Return the price of a model: as given, else as listed where its package is installed."""
    given = prices.of(spec)
    if given is not None:
        return given
    try:
        return look_up(from_string(spec, needs_key=False))
    except ManymindsError:  # no package, or an unknown model: nothing is asked here
        return None


def _measured_vote(pilot: Study | None, found: Forecast) -> float | None:
    """Return the accuracy of a vote of that size over the pilot's answers, if it has so many."""
    points = [] if pilot is None else stored_votes(pilot.answers).sizes
    known = {round(point.samples): point.accuracy for point in points}
    below = [size for size in known if size <= found.calls]
    return known[max(below)] if below and max(known) >= found.calls else None


def _total(found: Forecast, questions: int) -> dict[str, object]:
    return {
        "calls": found.calls * questions,
        "tokens": (found.input_tokens + found.output_tokens) * questions,
        "dollars": None if found.dollars is None else found.dollars * questions,
    }


def _facts(found: Forecast, questions: int, voted: float | None) -> list[tuple[str, str]]:
    bound = "by its formula" if found.bounded else "in the rehearsal; it has no bound"
    low, high = found.interval
    rows = [
        (
            "calls",
            f"{found.calls:.1f} a question, {found.least} at least, {found.most} at most {bound}",
        ),
        ("tokens", f"{found.input_tokens:,.0f} in, {found.output_tokens:,.0f} out"),
        (
            "dollars",
            "unknown: add --price IN,OUT" + HINT
            if found.dollars is None
            else dollars(found.dollars),
        ),
        ("seconds", f"{found.seconds:.1f}, the slowest call of each layer"),
        (
            "accuracy",
            f"{found.accuracy:.1%} ({low:.1%} to {high:.1%}), SIMULATED: members as accurate as "
            f"said, a fifth of whose errors are shared; {found.rehearsed} questions",
        ),
    ]
    if voted is not None:
        rows.append(("pilot", f"{voted:.1%}, the vote over the pilot's own answers"))
    if questions > 1:
        cost = "" if found.dollars is None else f", {dollars(found.dollars * questions)}"
        tokens = (found.input_tokens + found.output_tokens) * questions
        rows.append(
            (
                f"{questions:,} questions",
                f"{found.calls * questions:,.0f} calls, {tokens:,.0f} tokens{cost}; they show a "
                f"difference of {100 * smallest_effect(questions):.1f} points between two methods",
            )
        )
    return rows
