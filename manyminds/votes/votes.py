"""Votes over candidates: pure functions from answers to a ballot, usable without any graph.

None and blank answers abstain and never win. A tie goes to the answer whose first candidate was
asked first. Every function is deterministic.
"""

import json
import math
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Literal, Protocol

from manyminds.errors import InputError
from manyminds.reading import answers as kinds
from manyminds.reading.answers import Extractor
from manyminds.votes.ballots import Ballot, Group, by_score, draw_up
from manyminds.votes.effort import Effort, within_limits
from manyminds.votes.ranked import borda, condorcet
from manyminds.votes.unlabelled import agreement_weights
from manyminds.votes.weights import cisc_weights, log_odds_weights, reconcile_weights

__all__ = [
    "VOTES",
    "Ballot",
    "Group",
    "best_of",
    "borda",
    "cisc_weights",
    "condorcet",
    "consensus",
    "fieldwise",
    "labels",
    "log_odds_weights",
    "majority",
    "pick",
    "reconcile_weights",
    "weighted",
    "weighted_together",
]

Rows = Sequence[Sequence[float]]
Metric = str | Callable[[Sequence[str]], Rows]
Spec = str | Callable[[str], str | None] | Extractor | None


class Vote(Protocol):
    """A vote usable by name: candidates' answers or texts in, ballot out."""

    def __call__(self, answers: Sequence[str | None], /) -> Ballot:
        """Return the ballot."""
        ...


def majority(
    answers: Sequence[str | None], *, extractor: Spec = None, effort: Effort | None = None
) -> Ballot:
    """Vote by plurality over equivalent answers, as in self-consistency and Agent Forest.

    Args:
        answers: answer read in each candidate; None abstains.
        extractor: reader that says which answers are equal, as `answers.extractor` takes it (only
            its key and `same` are used: nothing is extracted again); None compares them as written.
        effort: limit of slow comparisons; answers left out are in the ballot's
            `notes`.
    """
    ones = [1.0] * len(answers)
    return weighted(answers, ones, extractor=extractor, vote="majority", effort=effort)


def weighted(
    answers: Sequence[str | None],
    weights: Sequence[float],
    *,
    extractor: Spec = None,
    vote: str = "weighted",
    effort: Effort | None = None,
) -> Ballot:
    """Vote with a weight a candidate: the answer with the greatest sum wins.

    Args:
        answers: answer read in each candidate; None abstains.
        weights: one a candidate, as from `cisc_weights`, `log_odds_weights`, `reconcile_weights`;
            those of abstentions are not used.
        extractor: reader that says which answers are equal, as for `majority`.
        vote: the name on the ballot.
        effort: as for `majority`.

    Raises:
        InputError: there is not one finite weight for each answer.
    """
    if len(weights) != len(answers):
        raise InputError(f"give one weight an answer: {len(answers)}, not {len(weights)}")
    if not all(map(math.isfinite, weights)):
        raise InputError("give finite weights; leave out the answer instead of weighing it NaN")
    effort = effort or Effort()
    members: dict[int, list[int]] = {}
    for index, label in enumerate(labels(answers, extractor, effort)):
        if label is not None:
            members.setdefault(label, []).append(index)
    groups = [
        Group(
            answer=answers[indices[0]],
            indices=indices,
            weight=math.fsum(weights[i] for i in indices),
        )
        for indices in members.values()
    ]
    voters = sum(map(len, members.values()))
    return _noted(draw_up(vote, groups, voters=voters, asked=len(answers)), effort.notes)


def weighted_together(
    questions: Sequence[Sequence[str | None]],
    weights: Sequence[float] | Literal["agreement"] = "agreement",
    *,
    choices: int = 4,
    extractor: Spec = None,
) -> list[Ballot]:
    """Hold a weighted vote on each of many questions that the same members answered.

    "agreement" finds the members' weights without labels, from how they agree over all questions
    (arXiv 2510.01499). One question alone tells nothing but its majority, so give many, 20 or
    more. Members that make the same mistakes look right to each other.

    Args:
        questions: for each question one answer a member, None where one abstains.
        weights: one a member, or "agreement".
        choices: as for `unlabelled.agreement_weights`.
        extractor: reader that says which answers are equal, as for `majority`.

    Raises:
        InputError: the questions do not have the same number of members.
    """
    if weights == "agreement":
        rows = [labels(answers, extractor) for answers in questions]
        weights = agreement_weights(rows, choices=choices)
        name = "agreement"
    else:
        name = "weighted"
    return [weighted(answers, weights, extractor=extractor, vote=name) for answers in questions]


def labels(
    answers: Sequence[str | None], extractor: Spec = None, effort: Effort | None = None
) -> list[int | None]:
    """Return for each answer the number of its group, in order of appearance; None abstains.

    This is what stopping rules read. More answers at the end do not change earlier labels.
    """
    effort = effort or Effort()
    kind = None if extractor is None else kinds.extractor(extractor)
    known: dict[Hashable, int] = {}
    written: dict[str, int] = {}  # most answers were seen before, letter for letter
    first: list[str] = []
    numbered: list[int | None] = []
    for answer in answers:
        if answer is None or not answer.strip():
            numbered.append(None)
            continue
        if answer in written:
            numbered.append(written[answer])
            continue
        key: Hashable = kind.key(answer) if kind else answer.strip()
        if key not in known:
            known[key] = _equal(answer, first, kind, effort)
            if known[key] == len(first):
                first.append(answer)
        written[answer] = known[key]
        numbered.append(known[key])
    return numbered


def consensus(
    texts: Sequence[str | None], *, metric: Metric = "bleu", vote: str | None = None
) -> Ballot:
    """Choose the text most similar to all the others, for answers that have no key (code, prose).

    The sum of its similarities to every other text is a candidate's score (Agent Forest, arXiv
    2402.05120, algorithm 1); the highest wins. Duplicates reinforce each other, like votes.

    Args:
        texts: the candidates' texts; None abstains.
        metric: "bleu", "rouge", "levenshtein", "tfidf", or a function from n texts to n rows of n
            similarities; for own embeddings, one that returns `similarity.matrix(texts, embed)`.
        vote: the name on the ballot; that of the metric if not given.

    Raises:
        InputError: the metric is unknown, or its matrix has the wrong shape.
    """
    present = [i for i, text in enumerate(texts) if text is not None and text.strip()]
    parts: list[str | None] = [texts[i] or "" for i in present]
    notes: list[str] = []
    if isinstance(metric, str):
        parts, notes = within_limits([part or "" for part in parts], metric)
    compared = [(i, part) for i, part in zip(present, parts, strict=True) if part is not None]
    scores: list[float | None] = [None] * len(texts)
    found = _consensus_scores([part for _, part in compared], metric)
    for (index, _), score in zip(compared, found, strict=True):
        scores[index] = score
    name = vote or (metric if isinstance(metric, str) else "consensus")
    ballot = by_score(name, scores, voters=len(present), asked=len(texts), answers=texts)
    return _noted(ballot, notes)


def fieldwise(objects: Sequence[Mapping[str, object] | None]) -> Ballot:
    """Vote on each field of structured answers by itself, and put the winners together.

    The answer, as JSON, may be one that no candidate gave. The winner is the candidate that agrees
    with it in most fields. A field is kept where at least half of the voters have it; one without
    it abstains on its value. Groups and scores count the fields in which candidates agree with it.

    Args:
        objects: the candidates' objects (values that JSON knows); None abstains.
    """
    present = [o for o in objects if o is not None]
    composed: dict[str, object] = {}
    shares: dict[str, float] = {}
    for field in dict.fromkeys(name for o in present for name in o):
        values = [o[field] for o in present if field in o]
        if 2 * len(values) >= len(present):
            ballot = majority([_json(value) for value in values])
            composed[field] = values[ballot["winner"] or 0]
            shares[field] = ballot["groups"][0]["weight"] / len(present)
    scores = [None if o is None else _agreement(o, composed) for o in objects]
    written = [None if o is None else _json(o) for o in objects]
    result = by_score("fields", scores, voters=len(present), asked=len(objects), answers=written)
    if present:
        result["answer"] = json.dumps(composed, ensure_ascii=False)
    result["fields"] = shares
    return result


def best_of(scores: Sequence[float | None], *, answers: Sequence[str] | None = None) -> Ballot:
    """Choose the candidate that a rater or reward model scores highest (best of n).

    Args:
        scores: one a candidate; None (or NaN) was not rated and cannot win.
        answers: the candidates' answers, for the ballot.
    """
    rated = sum(s is not None and not math.isnan(s) for s in scores)
    return by_score("best_of", scores, voters=rated, asked=len(scores), answers=answers)


def pick(reply: str, n: int) -> int | None:
    """Return the candidate (0 to n-1) that a model's reply chooses, numbered from 1 in the reply.

    For universal self-consistency (arXiv 2311.17311), which asks for the number alone. A reply that
    names one number counts too, and one with a clear choice ("most consistent: 3"). Anything else
    is None: fall back on the first candidate or on `consensus`, and say so.
    """
    stated = _CHOICE.findall(reply)
    # The field of the JSON we ask for comes first: its reason may well speak of other answers.
    for found in (_FIELD.findall(reply), stated[-1:], _INTEGER.findall(reply)):
        if len(set(found)) == 1:
            number = int(found[0])
            return number - 1 if 1 <= number <= n else None
    return None


_FIELD = re.compile(r'"choice" ?: ?"?([0-9]{1,9})\b', re.ASCII)
_INTEGER = re.compile(r"(?<![\w.])0{0,9}([0-9]{1,9})(?![\w%]|\.[0-9])", re.ASCII)
_CHOICE = re.compile(
    r"\b(?:answer|choice|index|consistent|best)[\"*]{0,3}(?: (?:response|answer|candidate|one))?"
    r"(?: is|:| =)? ?(?:response|answer|candidate|number)?[ \"#*\[(]{0,5}([0-9]{1,9})\b",
    re.IGNORECASE | re.ASCII,
)

VOTES: Mapping[str, Vote] = {
    "majority": majority,
    "bleu": partial(consensus, metric="bleu"),
    "rouge": partial(consensus, metric="rouge"),
    "levenshtein": partial(consensus, metric="levenshtein"),
    "tfidf": partial(consensus, metric="tfidf"),
}


def _noted(ballot: Ballot, notes: Sequence[str]) -> Ballot:
    if notes:
        ballot["notes"] = list(notes)
    return ballot


def _equal(answer: str, first: Sequence[str], kind: Extractor | None, effort: Effort) -> int:
    """Return the group whose first answer is the same by the slower test, else a new one."""
    if kind is not None and kind.same is not None:
        for label, other in enumerate(first):
            if not effort.allows():
                break
            if kind.same(other, answer):
                return label
    return len(first)


def _consensus_scores(texts: Sequence[str], metric: Metric) -> list[float]:
    if isinstance(metric, str):
        from manyminds.votes import similarity  # numpy: not before it is needed

        return [float(score) for score in similarity.consensus_scores(texts, metric)]
    rows = metric(texts)
    if len(rows) != len(texts) or any(len(row) != len(texts) for row in rows):
        raise InputError(f"A metric must give {len(texts)} rows of {len(texts)} similarities")
    others = ([*row[:at], *row[at + 1 :]] for at, row in enumerate(rows))
    return [round(math.fsum(float(x) for x in row), 9) for row in others]


def _agreement(answer: Mapping[str, object], composed: Mapping[str, object]) -> float:
    names = composed.keys() | answer.keys()
    agreed = [
        name in answer and name in composed and _json(answer[name]) == _json(composed[name])
        for name in names
    ]
    return float(sum(agreed))


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
