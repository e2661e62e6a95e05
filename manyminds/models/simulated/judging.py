"""Verdicts of simulated judges: JSON replies in the form that a prompt shows as its example.

A simulated judge forms its own opinion with its own skill and weighs the numbered answers of the
prompt against it; nothing is compared with the truth.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import log
from random import Random
from typing import NamedTuple

from manyminds.models.simulated.arithmetic import Step, write_question
from manyminds.models.simulated.choices import Asked

# Weighing answers: so many wrong results are about equally likely, and whoever gave an answer is
# trusted to be right half of the time. The truth plays no part in it.
_WRONG_RESULTS, _TRUST = 10, 0.5
_BEST, _LIKELY, _DOUBTFUL, _NOTHING = 9, 6, 2, 0  # scores from 0 to 10
_AGREED = 2 / 3
_EXAMPLE = re.compile(r'^\{".*\}$', re.MULTILINE)
_STATED = re.compile(r"answer is\D{0,12}?(-?\d[\d,]{0,30})", re.IGNORECASE)
_STATED_RANGE = re.compile(r"from -?\d{1,12} to -?\d{1,12}")
_NUMBER = re.compile(r"-?\d[\d,]{0,30}")
_PEOPLE = re.compile(r"Number of people: (\d{1,3})")
_MOST = re.compile(r"at most (\d{1,3}) smaller questions")
_WHO = ("accountant", "carpenter", "nurse", "sailor", "teacher", "farmer", "engineer", "judge")
_HABITS = (
    "patient and exact: you write every intermediate result down",
    "quick and practical: you estimate first and doubt what is far from it",
    "distrustful: you check each step backwards",
    "orderly: you look twice at every carry and every sign",
    "curious: you work everything out in a second way",
)


class Weighed(NamedTuple):
    """Numbered answers as a judge with an opinion sees them.

    Attributes:
        own: one's own answer.
        stated: answer that each numbered text states; None if it states none.
        counts: number of members that gave each numbered answer; 1 if the prompt does not say.
        best: the answer with most support, one's own opinion included.
    """

    own: str
    stated: Mapping[int, str | None]
    counts: Mapping[int, int]
    best: str

    @property
    def agreeing(self) -> list[int]:
        """The numbers of the answers that state the best one."""
        return [number for number, answer in self.stated.items() if answer == self.best]

    @property
    def leader(self) -> tuple[str | None, float]:
        """The answer stated most often, and its share of the numbered answers."""
        votes = Counter[str]()
        for number, answer in self.stated.items():
            if answer is not None:
                votes[answer] += self.counts.get(number, 1)
        if not votes:
            return None, 0.0
        answer, count = votes.most_common(1)[0]
        return answer, count / self.members

    @property
    def members(self) -> int:
        """The number of members that gave the answers."""
        return sum(self.counts.get(number, 1) for number in self.stated)

    @property
    def scores(self) -> dict[int, int]:
        """How good each numbered answer looks, from 0 to 10."""
        leader, share = self.leader
        likely = {self.own, leader if share * self.members > 1 else None}

        def score(answer: str | None) -> int:
            if answer is None:
                return _NOTHING
            return _BEST if answer == self.best else _LIKELY if answer in likely else _DOUBTFUL

        return {number: score(answer) for number, answer in self.stated.items()}


def weigh(
    own: str,
    answers: Sequence[tuple[int, str]],
    trust: float,
    asked: Asked,
    counts: Mapping[int, int] | None = None,
) -> Weighed:
    """Weigh one's own answer against numbered ones, by log-odds.

    Args:
        own: one's own answer.
        answers: number and text of each.
        trust: the chance that one's own answer is right.
        asked: prompt, which says how an answer looks.
        counts: number of members that gave each answer; 1 if the prompt does not say.
    """
    counts = counts or {}
    stated = {number: _answer(text, asked) for number, text in answers}
    support = {own: _logit(trust) + log(_WRONG_RESULTS)}
    for number, answer in stated.items():
        if answer is not None:
            more = counts.get(number, 1) * (_logit(_TRUST) + log(_WRONG_RESULTS))
            support[answer] = support.get(answer, 0.0) + more
    best = max(support, key=lambda answer: (support[answer], answer == own))
    return Weighed(own, stated, counts, best)


def form(system: str) -> tuple[str, ...]:
    """Return the keys of the JSON object that a message asks for; none where it does not.

    A template shows one object as its example, on a line of its own.
    """
    for example in reversed(_EXAMPLE.findall(system)):
        try:
            keys = tuple(json.loads(example))
        except ValueError:
            continue
        if keys and set(keys) <= _MAKERS.keys() | _WITHOUT_ANSWERS:
            return keys
    return ()


def verdict(
    keys: Sequence[str], prompt: str, asked: Asked | None, weighed: Weighed | None, draw: Random
) -> dict[str, object] | None:
    """Return the JSON object with these keys, or None where the prompt gives nothing to judge.

    Args:
        keys: of the object, as `form` returns them.
        prompt: prompt without the numbered answers.
        asked: the question in it.
        weighed: the numbered answers, weighed.
        draw: for what is a matter of taste.
    """
    if keys == ("roles",):
        people = _PEOPLE.findall(prompt)
        return {"roles": roles(int(people[-1]) if people else 2, draw)}
    if keys == ("questions",):
        most = _MOST.findall(prompt)
        return None if asked is None else {"questions": plan(asked, int(most[-1]) if most else 2)}
    if keys == ("query",):
        steps = [Step("+", draw.randint(2, 90)), Step("*", draw.randint(2, 9))]
        return {"query": write_question(draw.randint(2, 90), steps)}
    if weighed is None and "rating" in keys:
        return {"reason": "I find no question that I could check this with.", "rating": 0}
    if weighed is None or not weighed.stated:
        return None
    return {key: _MAKERS[key](weighed) for key in keys}


def roles(count: int, draw: Random) -> list[str]:
    """Write different roles for so many people."""
    pairs = [f"You are a {who}, {habit}." for habit in _HABITS for who in _WHO]
    drawn = draw.sample(pairs, min(count, len(pairs)))
    return [drawn[nth % len(drawn)] for nth in range(count)]


def plan(asked: Asked, most: int) -> list[str]:
    """Split a chain of arithmetic: the result so far after a part of the steps, then the whole."""
    chain, ends = asked.chain, len(asked.chain.steps)
    parts = max(1, min(most, ends))
    cuts = [ends * nth // parts for nth in range(1, parts)]
    shown = f" Which of these ranges holds it: {', '.join(map(str, asked.ranges))}?"
    whole = chain.text + (shown if asked.ranges else "")
    return [*(write_question(chain.start, chain.steps[:cut]) for cut in cuts), whole]


def _order(weighed: Weighed) -> list[int]:
    scores = weighed.scores
    return sorted(scores, key=lambda number: (-scores[number], number))


def _reason(weighed: Weighed) -> str:
    leader, share = weighed.leader
    most = "no answer states a result"
    if leader is not None:
        most = f"{share:.0%} of the answers state {leader}"
    return f"My own working gave {weighed.own}; {most}."


def _reasons(weighed: Weighed) -> list[str]:
    words = {
        _BEST: "This is the most likely result.",
        _LIKELY: "This may be right.",
        _DOUBTFUL: "I do not find this result, and few others do.",
        _NOTHING: "It states no result.",
    }
    return [words[score] for score in weighed.scores.values()]


def _stop(weighed: Weighed) -> bool:
    leader, share = weighed.leader
    return share >= _AGREED and leader == weighed.best


def _answers(weighed: Weighed) -> list[dict[str, object]]:
    rows = zip(weighed.scores.items(), _reasons(weighed), strict=True)
    return [{"number": number, "reason": why, "score": score} for (number, score), why in rows]


_MAKERS: Mapping[str, Callable[[Weighed], object]] = {
    "answers": _answers,
    "order": _order,
    "scores": lambda weighed: list(weighed.scores.values()),
    "reasons": _reasons,
    "choice": lambda weighed: _order(weighed)[0],
    "score": lambda weighed: next(iter(weighed.scores.values())),
    "rating": lambda weighed: next(iter(weighed.scores.values())) // 2 + 1,
    "solved": lambda weighed: next(iter(weighed.scores.values())) >= _LIKELY,
    "stop": _stop,
    "reason": _reason,
    "consensus": lambda weighed: [_reason(weighed)],
    "contradictions": lambda weighed: [
        f"Answer {number} states {answer}."
        for number, answer in weighed.stated.items()
        if answer not in (None, weighed.best)
    ],
    "partial_coverage": lambda _weighed: [],
    "unique_insights": lambda _weighed: [],
    "blind_spots": lambda _weighed: [],
}
_WITHOUT_ANSWERS = {"roles", "questions", "query"}


def _answer(text: str, asked: Asked) -> str | None:
    if asked.ranges:
        ranges: list[str] = _STATED_RANGE.findall(text)
        return ranges[-1] if ranges else None
    found: list[str] = _STATED.findall(text) or _NUMBER.findall(text)
    return str(int(found[-1].replace(",", ""))) if found else None


def _logit(p: float) -> float:
    return log(p / (1 - p))
