"""The first part of `manyminds demo`: votes of real models on real questions, recorded."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.table import Table

    from manyminds.models.bundled import BundledSet

SET = "gsm8k-44"
SIZES = (1, 5, 10, 20, 40)


class Figure(NamedTuple):
    """Accuracy of one way of answering.

    Attributes:
        name: Name of the row.
        accuracy: Share of questions answered correctly, 0 to 1.
        interval: Its 95 % interval.
        questions: Number of questions.
    """

    name: str
    accuracy: float
    interval: tuple[float, float]
    questions: int


@cache
def recorded_figures(seed: int = 0) -> tuple[Figure, ...]:
    """Return the accuracy of votes of real models on real questions, and of the best single model.

    Each question is put to its own random order of the models, so a vote of N shows what N models
    chosen blindly achieve. The best single model is chosen with the accepted answers in hand, which
    nobody has in advance: it is a bar to beat, not a method.

    Args:
        seed: Drives the random orders.
    """
    from manyminds.models.bundled import bundled

    data = bundled(SET)
    best = max(_single(data), key=lambda figure: figure.accuracy)
    return (*_votes(data, seed), best._replace(name=f"best of 44: {best.name[:17]}"))


def _votes(data: "BundledSet", seed: int) -> Iterator[Figure]:
    from manyminds.evals.resample import shuffled
    from manyminds.votes.votes import majority

    models = list(data.answers)
    orders = [[models[n] for n in shuffled(len(models), seed, id)] for id in data.ids]
    for size in SIZES:
        right: list[bool] = []
        for position, order in enumerate(orders):
            given = [answer for model in order if (answer := data.answers[model][position])]
            ballot = majority(given[:size], extractor="number")
            right.append(_same(ballot["answer"], data.gold[position]))
        name = "one model" if size == 1 else f"vote of {size} models"
        yield _figure(name, right)


def _single(data: "BundledSet") -> Iterator[Figure]:
    for model, column in data.answers.items():
        asked = [
            _same(answer, gold)
            for answer, gold in zip(column, data.gold, strict=True)
            if answer is not None
        ]
        yield _figure(model, asked)


@cache
def _same(answer: str | None, gold: str) -> bool:
    from manyminds.reading.answers import extractor

    return bool(answer) and extractor("number").equivalent(str(answer), gold)


def _figure(name: str, right: list[bool]) -> Figure:
    from manyminds.evals.statistics.intervals import wilson

    accuracy = sum(right) / len(right)
    return Figure(name, accuracy, wilson(accuracy, len(right)), len(right))


def recorded_table(figures: Sequence[Figure], bar: int) -> "Table":
    """Return the figures as a table.

    Args:
        figures: Result of `recorded_figures`.
        bar: Width of a full bar in characters; 0 leaves bars and intervals out.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", show_edge=False)
    table.add_column("", no_wrap=True)
    if bar:
        table.add_column("", no_wrap=True)
    for heading in ("right", *(["95 % interval"] if bar else [])):
        table.add_column(heading, justify="right", no_wrap=True)
    for figure in figures:
        low, high = (f"{100 * end:.1f}" for end in figure.interval)
        wide = [Text("█" * round(bar * figure.accuracy), "green")] if bar else []
        last = [f"{low} to {high}"] if bar else []
        table.add_row(figure.name, *wide, f"{100 * figure.accuracy:.1f} %", *last)
    return table
