"""`manyminds select`: which members to ask, and the weights of their votes."""

import asyncio
import json
import random
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, cast

import numpy as np
from rich.table import Table
from typer import Option

from manyminds.apps.eval_progress import counting
from manyminds.apps.flags import AsJson, Members, Questions
from manyminds.apps.terminal import console, counted, print_json, write_text
from manyminds.errors import InputError
from manyminds.evals.data import Row
from manyminds.evals.grading import grader, vote_kind
from manyminds.evals.preferences import PREFERRED, alike, choose_preferred
from manyminds.evals.preferences import judged as compared
from manyminds.evals.preferences import recorded as recorded_scores
from manyminds.evals.select import Judged, as_chain, as_file, ask_everyone, keys
from manyminds.evals.select import judge as on_the_rest
from manyminds.evals.statistics.judges import Judgement, Preference, preferences
from manyminds.evals.unlabelled import WARNING, choose_unlabelled
from manyminds.members import Member
from manyminds.members import members as as_members
from manyminds.prompts import load
from manyminds.reading.answers import Extractor, extractor
from manyminds.state import Candidate
from manyminds.votes.selection import MOST, Selection

Asked: TypeAlias = dict[str, list[Candidate | None]]
Role = Literal["proposer", "aggregator"]


@dataclass(frozen=True)
class Choosing:
    """How members are chosen.

    Attributes:
        calibration: Questions to choose on.
        repeats: Sets of calibration questions to average over.
        seed: Seed of the draw of calibration questions.
        role: The part that they are to play.
        most: Members at most.
        judge: Model that compares answers without a reference answer, in pairs.
        scores: Prefer by the scores that are recorded with the answers.
        unlabelled: Choose by agreement, without reference answers.
    """

    calibration: Annotated[int, Option(metavar="N", min=1)] = 100
    repeats: Annotated[int, Option(metavar="N", min=1)] = 1
    seed: Annotated[int, Option(metavar="N")] = 0
    role: Annotated[Role, Option("--for")] = "proposer"
    most: Annotated[int | None, Option(metavar="N", min=1)] = None
    judge: Annotated[str | None, Option(metavar="MODEL")] = None
    scores: Annotated[bool, Option()] = False
    unlabelled: Annotated[bool, Option()] = False


def select(
    *,
    questions: Questions,
    members: Members,
    choosing: Choosing,
    out: Annotated[
        Path | None, Option(metavar="FILE", help="Write the members file here, for --members.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Choose members by performance and diversity, and weigh their votes.

    Everyone is asked every question. The choice is made on the calibration questions alone and
    judged on the others, next to the member that looked best. Where answers have no key, members
    are compared on the calibration questions by a judge or by recorded scores instead. With
    --unlabelled all questions are used and no reference answer is.
    """
    specs = members.required(2)
    rows = questions.rows()
    chosen, result = _chosen(specs, rows, questions, choosing)
    chosen = chosen if choosing.role == "proposer" else as_chain(chosen)
    about = {
        "for": choosing.role, "data": questions.file.name, "seed": choosing.seed,
        "calibration": len(rows) if choosing.unlabelled else choosing.calibration,
    }  # fmt: skip
    about |= {"unlabelled": True} if choosing.unlabelled else {}
    file = as_file(chosen, _by_name(specs), about)
    if out is not None:
        write_text(out, json.dumps(file, indent=2) + "\n")
    result |= {
        "members": [member.name for member in chosen.members],
        "weights": [member.weight for member in chosen.members],
        "best_single_member": chosen.best_single,
    }
    if as_json:
        print_json(result)
    else:
        _show(chosen, result, out)


def _chosen(
    specs: list[str], rows: list[Row], questions: Questions, choosing: Choosing
) -> tuple[Selection, dict[str, object]]:
    """Ask everyone, and return the choice and its figures."""
    extract, grades, judge = questions.extract, questions.grades, choosing.judge
    # Without labels the kind must not come from the reference answers, either.
    guessed = None if choosing.unlabelled else vote_kind(rows)
    kind = extractor(extract or guessed or "final")
    most = choosing.most or MOST
    if choosing.unlabelled:
        if judge is not None or choosing.scores or grades is not None:
            raise InputError("--unlabelled takes no --judge, --scores or --grades: leave them out")
        chosen, differ = choose_unlabelled(_ask(specs, rows, kind), rows, extract=kind, most=most)
        return chosen, {"disagreement": differ, "n": len(rows), "warning": WARNING}
    if judge is not None or choosing.scores:
        sample = random.Random(choosing.seed).sample(rows, min(choosing.calibration, len(rows)))
        asked = _ask(specs, sample, kind)
        return asyncio.run(_preferred(asked, sample, specs, questions.file, choosing))
    grade = grader(rows, questions.file, extract=extract, grades=grades)
    answers = asyncio.run(keys(_ask(specs, rows, kind), rows, extract=kind, grade=grade))
    judged = [
        on_the_rest(answers, choosing.calibration, f"{choosing.seed}:{n}", most=most)
        for n in range(choosing.repeats)
    ]
    return judged[0].selection, _figures(judged)


def _ask(specs: list[str], rows: list[Row], kind: Extractor) -> Asked:
    with counting("question", len(rows)) as count:
        return asyncio.run(ask_everyone(specs, rows, extract=kind, on_row=count))


async def _preferred(
    asked: Asked, rows: list[Row], specs: list[str], data: Path, choosing: Choosing
) -> tuple[Selection, dict[str, object]]:
    """Choose by a judge's or by recorded preferences; nothing is left to judge the choice on."""
    judgements = list[Judgement]()
    texts = {name: [_text(candidate) for candidate in each] for name, each in asked.items()}
    if choosing.judge is None:
        models = {spec.partition("#model=")[2]: name for name, spec in _by_name(specs).items()}
        known = recorded_scores(data, models)
        table = [[known[name].get(row["id"], nan) for row in rows] for name in asked]
        scores = np.array(table, dtype=np.float64)
        if np.isnan(scores).all():
            raise InputError(f"{data}: no `score` is recorded for these members: give --judge X")
    else:
        prompt = load("ranker/pick@1")
        scores = await compared(
            texts, rows, Member(choosing.judge), prompt, choosing.seed, judgements.append
        )
    chosen = choose_preferred(list(asked), scores, alike(texts), most=choosing.most or PREFERRED)
    return chosen, {
        "win_rate": dict(chosen.accuracy),
        "similarity": chosen.error_correlation,
        "n": len(rows),
        "judge": [str(one) for one in _preferences(judgements)],
    }


def _preferences(judgements: Sequence[Judgement]) -> list[Preference]:
    """Return the judge's preferences; none where no choice was made or scipy is missing."""
    try:
        return preferences(judgements)
    except InputError:
        return []


def _text(candidate: Candidate | None) -> str | None:
    return None if candidate is None or candidate["status"] != "ok" else candidate["text"]


def _by_name(specs: list[str]) -> dict[str, str]:
    named = as_members(list(specs))
    return {member.name: spec for member, spec in zip(named, specs, strict=True)}


def _figures(judged: list[Judged]) -> dict[str, object]:
    return {
        "accuracy": statistics.mean(one.accuracy for one in judged),
        "best_single": statistics.mean(one.best_single for one in judged),
        "error_correlation": statistics.mean(one.selection.error_correlation for one in judged),
        "size": statistics.mean(len(one.selection.members) for one in judged),
        "n": judged[0].asked,
        "repeats": len(judged),
        "calibration_accuracy": statistics.mean(one.calibration for one in judged),
        "rivals": {
            name: {
                "calibration": statistics.mean(one.rivals[name].calibration for one in judged),
                "accuracy": statistics.mean(one.rivals[name].accuracy for one in judged),
                "loss": statistics.mean(one.rivals[name].loss for one in judged),
                "interval": judged[0].rivals[name].interval,  # of the first calibration set
                "members": judged[0].rivals[name].members,
            }
            for name in judged[0].rivals
        },
    }


def _show(chosen: Selection, result: Mapping[str, object], out: Path | None) -> None:
    measure = "wins over others" if "win_rate" in result else "right alone"
    measure += ", estimated by agreement" if "warning" in result else ", calibration set"
    table = Table("member", measure, "weight", box=None)
    for member in chosen.members:
        table.add_row(member.name, f"{member.accuracy:.1%}", f"{member.weight:.2f}")
    screen = console()
    screen.print(table)
    for line in cast("list[str]", result.get("judge", [])):
        screen.print(line)
    if "warning" in result:
        screen.print(
            f"two of them disagree on {result['disagreement']:.1%} of {result['n']} questions"
        )
        screen.print(str(result["warning"]))
    if "accuracy" in result:
        screen.print(
            f"their weighted vote is right on {result['accuracy']:.1%} of {result['n']} other "
            f"questions; who looked best alone, on {result['best_single']:.1%}"
        )
        for line in _rivals(result):
            screen.print(line)
    if out is not None:
        screen.print(f"written to {out}: give it as --members {out}", markup=False)


def _rivals(result: Mapping[str, Any]) -> Iterator[str]:
    """Return the loss of the choice against other weights of all members, in words."""
    for name, rival in result["rivals"].items():
        low, high = rival["interval"]
        loss = 100 * rival["loss"]
        stands = (
            f"loses {loss:.1f} points against" if loss > 0 else f"gains {abs(loss):.1f} points over"
        )
        yield (
            f"{name}: {counted(rival['members'], 'member')}, {rival['accuracy']:.1%} "
            f"({rival['calibration']:.1%} on the calibration set, the choice "
            f"{result['calibration_accuracy']:.1%}); the choice {stands} it, 95 % interval of the "
            f"loss {100 * low:+.1f} to {100 * high:+.1f}"
        )
