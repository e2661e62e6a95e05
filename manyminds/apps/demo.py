"""`manyminds demo`: recorded votes of real models, then simulated members; no key, no network."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from manyminds.apps.choose import build
from manyminds.apps.demo_recorded import recorded_figures, recorded_table
from manyminds.apps.flags import AsJson, Limits, Set, texts
from manyminds.apps.terminal import (
    console,
    dollars,
    facts,
    print_json,
    put,
    watched,
)
from manyminds.registry import method as find_method

if TYPE_CHECKING:
    from rich.table import Table

    from manyminds.apps.demo_recorded import Figure
    from manyminds.compiled_method import CompiledMethod
    from manyminds.evals.eval_log import Outcome
    from manyminds.evals.result import Result
    from manyminds.method_graph import MethodGraph

QUESTIONS, FAST_QUESTIONS = 200, 40
_SIZES = (1, 5, 10, 20, 40)
_PROPOSERS = 6  # as in the paper on Mixture-of-Agents
_PRICE = (0.15, 0.60)  # dollars for a million tokens in and out
_OVERHEAD = 15  # cost of a run of a graph in addition to its calls, in calls
_BAR = 16
_WIDE = 78  # columns from which there is room for bars and costs
_NEXT = (
    ("your models", "manyminds ask --member ollama:llama3.1 'your question'"),
    ("your data", "manyminds eval agent-forest --data FILE --samples 40"),
    ("your program", "from manyminds import create_agent_forest"),
)


class Contender(NamedTuple):
    """One line of the comparison."""

    name: str
    graph: "CompiledMethod"


class Measured(NamedTuple):
    """A contender's name, and how it did."""

    name: str
    result: "Result"


def demo(
    method: Annotated[
        str | None,
        typer.Option("--method", "-m", metavar="NAME", help="Show this method in place of moa."),
    ] = None,
    sets: Set = None,
    real: Annotated[
        bool,
        typer.Option("--real", help="Ask a small real model instead, and show its replies."),
    ] = False,
    fast: Annotated[bool, typer.Option("--fast", help="Fewer questions: a few seconds.")] = False,
    seed: Annotated[int, typer.Option(metavar="N", help="Other questions, other luck.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Show votes of 44 real models, then compare methods on a simulated model.

    The first table counts recorded final answers of real models. The second one is simulated: a
    statistical model that solves chains of arithmetic, with errors. The methods are the real ones,
    and every figure is measured as it is printed.
    """
    if real:
        from manyminds.apps.demo_real import show_real

        show_real()
        return
    number = FAST_QUESTIONS if fast else QUESTIONS
    votes = recorded_figures(seed)
    done = _measured(list(contenders(seed, method, texts(sets))), number, seed)
    if as_json:
        print_json(
            {
                "recorded": [figure._asdict() for figure in votes],
                "simulated": True,
                "questions": number,
                "seed": seed,
                "rows": [{"name": name, **result.to_json()} for name, result in done],
            }
        )
    else:
        _show(votes, done, number)


def _measured(shown: list[Contender], number: int, seed: int) -> list[Measured]:
    done: list[Measured] = []
    try:
        for measured in _measure(shown, number, seed):
            done.append(measured)
    except KeyboardInterrupt:
        kept = f" with {len(done)} of {len(shown)} lines measured; none was kept"
        raise KeyboardInterrupt(kept) from None
    return done


def _show(votes: "Sequence[Figure]", done: list[Measured], number: int) -> None:
    from rich.text import Text

    screen = console()
    put(
        screen,
        Text.assemble(("44 real models on 1,319 questions of GSM8K", "bold")),
        Text("Final answers recorded by WildEval/ZeroEval (Apache-2.0); one answer per model."),
        "",
        recorded_table(votes, bar=_BAR if screen.width >= _WIDE else 0),
        "",
        Text.assemble(("One simulated model, asked once or many times", "bold")),
        Text("A statistical model that does chains of arithmetic; no real model was asked."),
        Text(f"{number} questions of five steps each.", "dim"),
        "",
        _table(done, wide=screen.width >= _WIDE),
        "",
        Text(_reading(done)),
        "",
        Text("Where to go next", "bold"),
        facts((f"  {what}", how) for what, how in _NEXT),
    )


def contenders(
    seed: int, method: str | None = None, options: Mapping[str, str] | None = None
) -> Iterator[Contender]:
    """Build the graphs that are compared: one model at different costs; only the method differs."""
    from manyminds.graphs.agent_forest import create_agent_forest
    from manyminds.members import Member
    from manyminds.prices import Price

    spec = f"simulated:medium?seed={seed}"

    def model(**params: float) -> Member:
        return Member(spec, price=Price(input=_PRICE[0], output=_PRICE[1]), params=params)

    # Without any method: one answer at temperature 0.
    alone = create_agent_forest(model(temperature=0), samples=1, extract="number")
    yield Contender("alone", alone.compile())
    for samples in _SIZES:
        forest = create_agent_forest(model(), samples=samples, extract="number")
        yield Contender(f"agent-forest N={samples}", forest.compile())
    name = f"moa, {_PROPOSERS} proposers" if method is None else method
    yield Contender(name, _last(spec, method, options or {}).compile())


def _last(spec: str, name: str | None, options: Mapping[str, str]) -> "MethodGraph":
    from manyminds.apps.options import options_of

    method = find_method(name or "moa")
    usual = {"layers": "2"} if name is None else {"extract": "number"}
    fitting = {option: text for option, text in usual.items() if option in options_of(method)}
    given, price = {**fitting, **options}, f"{_PRICE[0]},{_PRICE[1]}"
    return build(method, [spec] * _PROPOSERS, given, limits=Limits(price=[price]))


def _measure(shown: list[Contender], number: int, seed: int) -> Iterator[Measured]:
    from manyminds.evals.data import Row
    from manyminds.evals.evaluate import evaluate
    from manyminds.evals.grading import by_answer
    from manyminds.models.simulated.arithmetic import questions
    from manyminds.reading.answers import extractor

    rows = [
        Row(id=row["id"], question=row["question"], answer=row["answer"])
        for row in questions(number, steps=5, seed=seed)
    ]
    grade = by_answer(extractor("number"))
    calls = 1 + sum(_SIZES) + _PROPOSERS + 1
    with _Bar(number * (calls + _OVERHEAD * (len(_SIZES) + 2))) as bar:
        for name, graph in shown:
            bar.say(name)
            result = evaluate(graph, rows, grade=grade, seed=seed, on_row=bar.step)
            yield Measured(name, result)


class _Bar:
    """A progress bar on standard error, if that is a terminal."""

    def __init__(self, total: int) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(complete_style="green", finished_style="green"),
            TimeRemainingColumn(),
            console=console(sys.stderr),
            transient=True,
            disable=not watched(),
        )
        self._task = self._progress.add_task("", total=total)

    def __enter__(self) -> "_Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def say(self, what: str) -> None:
        """Name the method that runs."""
        self._progress.update(self._task, description=what)

    def step(self, outcome: "Outcome") -> None:
        """Count one question, by the work it was, so that the time left is about right."""
        self._progress.advance(self._task, _OVERHEAD + outcome["calls"])


def _table(done: list[Measured], *, wide: bool) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=None, padding=(0, 2 if wide else 1, 0, 0), header_style="dim", show_edge=False
    )
    table.add_column("", no_wrap=True)
    if wide:
        table.add_column("right", no_wrap=True)
    table.add_column("" if wide else "right", justify="right", no_wrap=True)
    table.add_column("95 %" if not wide else "95 % interval", justify="right", no_wrap=True)
    table.add_column("calls", justify="right", no_wrap=True)
    if wide:
        table.add_column("$ / 1000", justify="right", no_wrap=True)
    for name, result in done:
        low, high = result.interval
        bar = Text("█" * round(_BAR * result.accuracy), "green")
        runs = result.n * result.repeats
        cost = None if result.cost is None else 1000 * result.cost / runs
        cells = [
            f"{100 * result.accuracy:.1f} %",
            f"{100 * low:.1f} to {100 * high:.1f}" if wide else f"{100 * low:.0f}-{100 * high:.0f}",
            f"{result.calls / runs:.3g}",
        ]
        table.add_row(name, *([bar] if wide else []), *cells, *([dollars(cost)] if wide else []))
    return table


def _reading(done: list[Measured]) -> str:
    """Return the conclusion that the figures allow."""
    alone, *others = done
    best = max(others, key=lambda measured: measured.result.accuracy)
    gain = 100 * (best.result.accuracy - alone.result.accuracy)
    apart = best.result.interval[0] > alone.result.interval[1]
    times = best.result.calls / max(1, alone.result.calls)
    if gain <= 0:
        return "Here no method did better than the model alone; try another --seed, or real models."
    sure = "more than chance explains" if apart else "which may be chance at so few questions"
    return (
        f"Best here: {best.name}, {gain:.1f} points above the model alone ({sure}), for "
        f"{times:.3g} times the calls. Errors that all answers share, no vote can mend."
    )
