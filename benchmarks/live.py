"""Does a vote help a real model? SmolLM2-135M, live, on generated questions.

LIVE: every reply is generated as the script runs, by `local:smollm2`, a model of 135 million
parameters, so the figures differ a little from run to run. They show what the methods do for so
small a model, and nothing about larger ones.

1. One reply to other questions of each kind is measured first; three kinds are chosen: the ones
   nearest to 60 % and to 30 % right, and the one nearest to 0 %. A reply is its first sentence,
   read as every method reads it, with no knowledge of the kind.
2. 27 replies to each question: one reply, votes of the first 3, 9 and 27 of them, and what the
   claim on the prior probability ("More Agents Is All You Need", arXiv 2402.05120) predicts: the
   same votes if every question of the kind were equally hard, and its errors equally likely.
3. A stopping rule against the plain vote; self-refine and debate against a vote of the same number
   of tokens on the same questions.
4. Tokens a second through a member over those of the engine's own server, called directly.

Prints tables; exits 1 where the last ratio is below its target. Run it alone on the machine:
`python benchmarks/live.py`, or `--questions 20` for a short look. With `--answers FILE` every reply
is kept in FILE, as JSON Lines, and read again by a run that goes on there. `--model local:FOLDER`
asks the same weights through transformers, in large batches: on busy processors several times
quicker (the folder that `benchmarks/tune.py` calls `base`), there with `--threads 1`: threads that
wait for each other cost more than they compute.
`--record FILE` writes the final answers as a set for `recorded:`, such as
`manyminds/models/recordings/smollm2.json.gz`. Without the model it says how to get it, and
exits 0.
"""

import argparse
import asyncio
import gzip
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from live_questions import KINDS, Question, generated
from rich.console import Console
from rich.table import Table

from manyminds import Member, create_agent_forest, create_debate, create_self_refine
from manyminds.errors import ManymindsError
from manyminds.evals.statistics.intervals import interval
from manyminds.json_lines import LineFile, json_lines
from manyminds.method_graph import MethodGraph
from manyminds.models.bundled import Reply
from manyminds.models.local import PREFIX, available, engine_model, is_folder
from manyminds.models.local_engine import engine
from manyminds.reading.answers import extractor
from manyminds.reading.together import read_all
from manyminds.votes.stopping import rule
from manyminds.votes.votes import majority

MODEL = "local:smollm2"
SLOTS, BATCH = 8, 256  # replies at once: of llama.cpp, of transformers
ANSWER = extractor("final")
REPLIES = 27
SIZES = (3, 9, 27)
RULES = ("certified:0.05", "beta:0.95", "unbeatable")
AIMS = (0.6, 0.3, 0.0)
TARGET = 0.95  # of the engine's tokens a second
_TOKENS = 40
_SPEED_TOKENS, _SPEED_ROUNDS = 48, 6
_DRAWS = 4_000
console = Console(width=100)


Asked = tuple[Question, list[Reply]]
Text = tuple[str | None, int]  # a reply and the tokens of its call, in and out


class Kept:
    """Replies, in a file where there is one: each line a question and the replies to it.

    Args:
        path: JSON Lines; None keeps nothing.
        threads: Threads that generate replies.
        model: The member that replies: `local:smollm2`, or `local:` and the folder of its weights.
    """

    def __init__(self, path: Path | None, threads: int, model: str = MODEL) -> None:
        self.threads, self.model = threads, model
        in_folder = is_folder(model.removeprefix(PREFIX))
        self.slots = BATCH if in_folder else SLOTS
        self.weights = "Q4_1, run by transformers" if in_folder else "Q4_1"
        self._file = None if path is None else LineFile(path)
        self.known: dict[tuple[str, str], list[Reply]] = {}
        for _, row in json_lines(path) if path is not None and path.exists() else ():
            self._read(row["by"], row["question"], row["replies"])

    def add(self, by: str, question: Question, given: list[Text]) -> None:
        self._read(by, question.text, given)
        if self._file is not None:
            self._file.append({"by": by, "question": question.text, "replies": given})

    def member(self, **params: Any) -> Member:
        name = f"{self.model}?slots={self.slots}&threads={self.threads}"
        return Member(name, params=params, timeout=None)

    def _read(self, by: str, question: str, given: list[Text]) -> None:
        answers = read_all([text for text, _ in given], question=question).answers
        replies = [Reply(one, tokens) for one, (_, tokens) in zip(answers, given, strict=True)]
        self.known[by, question] = replies


def is_right(answer: str | None, question: Question) -> bool:
    return answer is not None and ANSWER.equivalent(answer, question.gold)


async def replies(questions: Sequence[Question], count: int, kept: Kept) -> list[Asked]:
    """Ask each question `count` times, with nothing but the question in the prompt."""
    await fill(kept, MODEL, questions, lambda one: _replies(one, count, kept), count)
    return [(question, kept.known[MODEL, question.text][:count]) for question in questions]


async def fill(
    kept: Kept,
    by: str,
    questions: Sequence[Question],
    ask: Callable[[Question], Awaitable[list[Text]]],
    count: int = 1,
) -> None:
    """Ask the questions to which fewer than `count` replies are kept, a few at once."""
    at_once = asyncio.Semaphore(-(-2 * kept.slots // count))  # so that no slot waits

    async def one(question: Question) -> None:
        async with at_once:
            kept.add(by, question, await ask(question))

    missing = [q for q in questions if len(kept.known.get((by, q.text), ())) < count]
    await asyncio.gather(*map(one, missing))


async def _replies(question: Question, count: int, kept: Kept) -> list[Text]:
    member = kept.member(max_tokens=_TOKENS, temperature=0.8, stop=["\n", "."])
    forest = create_agent_forest(member, samples=count, prompt=None)
    try:
        result = await forest.compile().ainvoke({"messages": [("user", question.text)]})
    except ManymindsError:  # no reply ended within its tokens
        return [(None, _TOKENS)] * count
    return [_text(candidate) for candidate in result["candidates"]]


def _text(candidate: dict[str, Any]) -> Text:
    usage = candidate["usage"]
    text = candidate["text"] if candidate["status"] == "ok" else None
    return text, usage["input_tokens"] + usage["output_tokens"]


def voted(given: Sequence[Reply]) -> str | None:
    return majority([reply.answer for reply in given], extractor=ANSWER)["answer"]


async def chosen_kinds(count: int, kept: Kept) -> list[str]:
    """Measure one reply to questions of every kind, and return a kind for each aim."""
    table = Table("kind", "one reply right", "questions", title="One reply, measured first")
    measured: dict[str, float] = {}
    asked_all = await asyncio.gather(
        *(replies(generated(kind, count, seed=1), 2, kept) for kind in KINDS)
    )
    for kind, asked in zip(KINDS, asked_all, strict=True):
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
            percent([float(is_right(voted(given[:n]), q)) for q, given in asked]) for n in SIZES
        ]
        table.add_row(f"{kind} ({len(asked)})", percent(singles, REPLIES), *cells)
        table.add_row("  predicted", "", *(f"{predicted(asked, n):.1%}" for n in SIZES))
    console.print(table)


def report_rules(kinds: dict[str, list[Asked]]) -> None:
    table = Table("rule", "kind", "right", "plain vote of 27", "replies", title="Stopping rules")
    for name in RULES:
        for kind, asked in kinds.items():
            stopped = [given[: _until(name, given)] for _, given in asked]
            pairs = list(zip(asked, stopped, strict=True))
            right = [float(is_right(voted(given), q)) for (q, _), given in pairs]
            plain = [float(is_right(voted(given), q)) for q, given in asked]
            used = statistics.mean(map(len, stopped))
            table.add_row(name, kind, percent(right), percent(plain), f"{used:.1f}")
    console.print(table)


def _until(name: str, given: Sequence[Reply]) -> int:
    """Return the number of replies after which a rule stops."""
    stopping = rule(name, cap=REPLIES)
    keys = [None if r.answer is None else ANSWER.key(r.answer) for r in given]
    for count in range(1, len(keys)):
        if stopping.stop(keys[:count]):
            return count
    return len(keys)


async def report_methods(kinds: dict[str, list[Asked]], count: int, kept: Kept) -> None:
    """Compare methods with a vote of the same tokens, question by question."""
    member = kept.member(max_tokens=2 * _TOKENS, temperature=0.8)
    methods: dict[str, MethodGraph] = {
        "self-refine": create_self_refine(member, refinements=1),
        "debate": create_debate([member] * 3, rounds=2),
    }
    title = "Methods against a vote of as many tokens (27 replies at most)"
    table = Table("method", "kind", "right", "vote", "tokens", "of the vote", title=title)
    for name, graph in methods.items():
        for kind, asked in kinds.items():
            right, vote, spent, matched = [], [], [], []
            questions = [question for question, _ in asked[:count]]
            await fill(kept, name, questions, partial(_one, graph))
            for question, given in asked[:count]:
                (reply,) = kept.known[name, question.text]
                same = worth(given, reply.tokens)
                right.append(float(is_right(reply.answer, question)))
                vote.append(float(is_right(voted(same), question)))
                spent.append(reply.tokens)
                matched.append(sum(reply.tokens for reply in same))
            costs = [f"{statistics.mean(each):.0f}" for each in (spent, matched)]
            table.add_row(name, kind, percent(right), percent(vote), *costs)
    console.print(table)


async def _one(graph: MethodGraph, question: Question) -> list[Text]:
    try:
        result = await graph.compile().ainvoke({"messages": [("user", question.text)]})
    except ManymindsError as error:
        spent = getattr(error, "spent", None) or {}
        tokens = sum(r.get("input_tokens", 0) + r.get("output_tokens", 0) for r in spent.values())
        return [(None, tokens)]
    tokens = result["report"]["tokens"]
    return [(result["answer"], tokens["input"] + tokens["output"])]


def worth(given: Sequence[Reply], tokens: int) -> Sequence[Reply]:
    """Return as many replies as cost no more than `tokens`, and at least one."""
    total, count = 0, 0
    for reply in given:
        total += reply.tokens
        if count and total > tokens:
            break
        count += 1
    return given[:count]


async def speed(threads: int) -> float:
    """Return tokens a second through a member over those of the engine's server."""
    import httpx

    name = f"{MODEL}?threads={threads}"
    model = engine_model(name)
    running = engine(model.options, model.model)
    params = {"max_tokens": _SPEED_TOKENS, "ignore_eos": True}
    body = {"messages": [{"role": "user", "content": "Tell a story."}], **params}
    body |= {"stream": True, "stream_options": {"include_usage": True}}  # as the member asks
    key = {"Authorization": f"Bearer {running.key.get_secret_value()}"}
    forest = create_agent_forest(
        Member(name, params=params, timeout=None), samples=model.concurrency, prompt=None
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


def recorded_set(kinds: dict[str, list[Asked]], kept: Kept) -> dict[str, Any]:
    """Return the final answers as a set that comes with the package: see `BundledSet`."""
    asked = [(kind, question, given) for kind, each in kinds.items() for question, given in each]
    methods = sorted({by for by, _ in kept.known} - {MODEL})
    return {
        "about": f"Final answers of SmolLM2-135M-Instruct ({kept.weights}) to {len(asked)} "
        f"generated questions, {REPLIES} replies each at temperature 0.8, with the tokens of each "
        "call; empty: nothing was read in the reply."
        + (" Methods answered some of the questions." if methods else ""),
        "source": f"python benchmarks/live.py, {datetime.now(UTC):%d %B %Y}",
        "licence": "Apache-2.0",
        "kind": "final",
        "ids": [question.text for _, question, _ in asked],
        "gold": [question.gold for _, question, _ in asked],
        "groups": [kind for kind, _, _ in asked],
        "models": {"SmolLM2-135M-Instruct": [given for _, _, given in asked]},
        "methods": {
            name: [kept.known.get((name, question.text), [None])[0] for _, question, _ in asked]
            for name in methods
        },
    }


def there(count: int, kept: Kept) -> dict[str, list[Asked]]:
    """Return the questions of each kind that the file has all replies to."""
    found: dict[str, list[Asked]] = {}
    for kind in KINDS:
        for question in generated(kind, count, seed=2):
            given = kept.known.get((MODEL, question.text), [])
            if len(given) >= REPLIES:
                found.setdefault(kind, []).append((question, given[:REPLIES]))
    # A few questions of other kinds are there by chance: sums of two kinds may be the same.
    return {kind: asked for kind, asked in found.items() if len(asked) >= count / 10}


def write_set(record: Path, kinds: dict[str, list[Asked]], kept: Kept) -> None:
    text = json.dumps(recorded_set(kinds, kept), separators=(",", ":"))
    record.write_bytes(gzip.compress(text.encode(), mtime=0))


def only_kept(questions: int, kept: Kept, record: Path) -> None:
    """Record what was answered before a stop, and ask nothing."""
    asked = there(max(1, round(questions / len(AIMS))), kept)
    report_votes(asked)
    report_rules(asked)
    write_set(record, asked, kept)


async def main(questions: int, methods: int, kept: Kept, record: Path | None) -> bool:
    each = max(1, round(questions / len(AIMS)))
    kinds = await chosen_kinds(max(4, each), kept)
    asked = {kind: await replies(generated(kind, each, seed=2), REPLIES, kept) for kind in kinds}
    report_votes(asked)
    report_rules(asked)
    await report_methods(asked, methods, kept)
    if record is not None:
        write_set(record, asked, kept)
    ratio = await speed(kept.threads)
    fine = ratio >= TARGET
    console.print(f"member over engine: {ratio:.2f} (target {TARGET})", "" if fine else "short")
    return fine


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="SmolLM2-135M, live.")
    parser.add_argument("--questions", type=int, default=300, help="questions in all")
    parser.add_argument("--methods", type=int, default=33, help="questions a kind to the methods")
    parser.add_argument("--answers", type=Path, help="keeps the answers, to go on after a stop")
    parser.add_argument("--record", type=Path, help="file for the final answers (.json.gz)")
    parser.add_argument("--threads", type=int, default=2, help="threads of the engine")
    parser.add_argument("--model", default=MODEL, help=f"{MODEL}, or local: and its folder")
    parser.add_argument("--only-kept", action="store_true", help="ask nothing: record what is kept")
    options = parser.parse_args()
    all_kept = Kept(options.answers, options.threads, options.model)
    if options.only_kept:
        only_kept(options.questions, all_kept, options.record)
        sys.exit(0)
    if MODEL not in available():
        print("skipped: pip install 'manyminds[local]', then manyminds models get smollm2")
        sys.exit(0)
    console.print("SmolLM2-135M, live: every reply is generated now.")
    held = asyncio.run(main(options.questions, options.methods, all_kept, options.record))
    sys.exit(0 if held else 1)
