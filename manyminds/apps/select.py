"""`manyminds select`: which members to ask, and what their votes are worth."""

import asyncio
import json
import random
import statistics
from collections.abc import Mapping
from math import nan
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import numpy as np
import typer
from rich.progress import Progress
from rich.table import Table

from manyminds.apps import eval_flags
from manyminds.apps.terminal import console, print_json, watched
from manyminds.errors import InputError
from manyminds.evals.data import Row, read_rows
from manyminds.evals.grading import grader, vote_kind
from manyminds.evals.preferences import PREFERRED, alike, choose_preferred
from manyminds.evals.preferences import judged as compared
from manyminds.evals.preferences import recorded as recorded_scores
from manyminds.evals.select import Judged, as_chain, as_file, ask_everyone, keys
from manyminds.evals.select import judge as on_the_rest
from manyminds.evals.unlabelled import WARNING, choose_unlabelled
from manyminds.members import Member
from manyminds.members import members as as_members
from manyminds.prompts import load
from manyminds.reading.answers import Extractor, extractor
from manyminds.state import Candidate
from manyminds.votes.selection import MOST, Selection

Asked: TypeAlias = dict[str, list[Candidate | None]]
Role = Literal["proposer", "aggregator"]


def select(
    data: Annotated[Path, typer.Option(help="questions with answers, JSON Lines or .gz")],
    members: Annotated[list[str] | None, typer.Option("--member", help="repeatable")] = None,
    members_from: eval_flags.MembersFrom = None,
    calibration: Annotated[int, typer.Option(min=1, help="questions to choose on")] = 100,
    repeats: Annotated[int, typer.Option(min=1, help="calibration sets to average over")] = 1,
    seed: Annotated[int, typer.Option(help="draws the calibration questions")] = 0,
    role: Annotated[Role, typer.Option("--for", help="the part they are to play")] = "proposer",
    most: Annotated[int | None, typer.Option(min=1, help="members at most")] = None,
    extract: Annotated[str | None, typer.Option(help="how to read answers")] = None,
    grades: Annotated[Path | None, typer.Option(help="flags of recorded samples")] = None,
    judge: Annotated[
        str | None, typer.Option(help="who compares answers that have no key, in pairs")
    ] = None,
    scores: Annotated[
        bool, typer.Option("--scores", help="prefer by the scores recorded with the answers")
    ] = False,
    unlabelled: Annotated[
        bool, typer.Option("--unlabelled", help="choose by agreement, without reference answers")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=2, help="first questions only")] = None,
    out: Annotated[Path | None, typer.Option(help="write the members file here")] = None,
    as_json: eval_flags.AsJson = False,
) -> None:
    """Choose members by performance and diversity, and weigh their votes.

    Everyone is asked every question. The choice is made on the calibration questions alone and
    judged on the others, next to the member that looked best. Where answers have no key, members
    are compared on the calibration questions by a judge or by recorded scores instead. With
    --unlabelled all questions are used and no reference answer is. The file of --out is for
    --members.
    """
    specs = [*(members or []), *eval_flags.each_of(members_from)]
    if len(specs) < 2:
        raise InputError("give at least two members: --member X, or --members-from FILE")
    rows = read_rows(data, limit)
    # Without labels the kind must not come from the reference answers, either.
    kind = extractor(extract or (None if unlabelled else vote_kind(rows)) or "final")
    if unlabelled:
        if judge is not None or scores or grades is not None:
            raise InputError("--unlabelled takes no --judge, --scores or --grades: leave them out")
        asked = _ask(specs, rows, kind)
        chosen, differ = choose_unlabelled(asked, rows, extract=kind, most=most or MOST)
        result: dict[str, object] = {"disagreement": differ, "n": len(rows), "warning": WARNING}
    elif judge is not None or scores:
        rows = random.Random(seed).sample(rows, min(calibration, len(rows)))
        asked = _ask(specs, rows, kind)
        chosen, result = asyncio.run(_preferred(asked, rows, judge, data, specs, seed, most))
    else:
        grade = grader(rows, data, extract=extract, grades=grades)
        answers = asyncio.run(keys(_ask(specs, rows, kind), rows, extract=kind, grade=grade))
        judged = [
            on_the_rest(answers, calibration, f"{seed}:{n}", most=most or MOST)
            for n in range(repeats)
        ]
        chosen, result = judged[0].selection, _figures(judged)
    chosen = chosen if role == "proposer" else as_chain(chosen)
    about = {"for": role, "data": data.name, "calibration": calibration, "seed": seed}
    about |= {"unlabelled": True} if unlabelled else {}
    file = as_file(chosen, _by_name(specs), about)
    if out is not None:
        out.write_text(json.dumps(file, indent=2) + "\n", encoding="utf-8")
    result |= {
        "members": [member.name for member in chosen.members],
        "weights": [member.weight for member in chosen.members],
        "best_single_member": chosen.best_single,
    }
    if as_json:
        print_json(result)
    else:
        _show(chosen, result, out)


def _ask(specs: list[str], rows: list[Row], kind: Extractor) -> Asked:
    with Progress(console=console(), transient=True, disable=not watched()) as bar:
        task = bar.add_task("asking", total=len(rows))
        return asyncio.run(
            ask_everyone(specs, rows, extract=kind, on_row=lambda: bar.advance(task))
        )


async def _preferred(
    asked: Asked,
    rows: list[Row],
    judge: str | None,
    data: Path,
    specs: list[str],
    seed: int,
    most: int | None,
) -> tuple[Selection, dict[str, object]]:
    """Choose by a judge's or by recorded preferences; nothing is left to judge the choice on."""
    texts = {name: [_text(candidate) for candidate in each] for name, each in asked.items()}
    if judge is None:
        models = {spec.partition("#model=")[2]: name for name, spec in _by_name(specs).items()}
        known = recorded_scores(data, models)
        table = [[known[name].get(row["id"], nan) for row in rows] for name in asked]
        scores = np.array(table, dtype=np.float64)
        if np.isnan(scores).all():
            raise InputError(f"{data}: no `score` is recorded for these members: give --judge X")
    else:
        prompt = load("ranker/pick@1")
        scores = await compared(texts, rows, Member(judge), prompt, seed)
    chosen = choose_preferred(list(asked), scores, alike(texts), most=most or PREFERRED)
    return chosen, {
        "win_rate": dict(chosen.accuracy),
        "similarity": chosen.error_correlation,
        "n": len(rows),
    }


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
    }


def _show(chosen: Selection, result: Mapping[str, object], out: Path | None) -> None:
    measure = "wins over others" if "win_rate" in result else "right alone"
    measure += ", estimated by agreement" if "warning" in result else ", calibration set"
    table = Table("member", measure, "weight", box=None)
    for member in chosen.members:
        table.add_row(member.name, f"{member.accuracy:.1%}", f"{member.weight:.2f}")
    screen = console()
    screen.print(table)
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
    if out is not None:
        screen.print(f"written to {out}: give it as --members {out}", markup=False)
