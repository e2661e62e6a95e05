"""Conversion of a run's record to the data of its pictures."""

import inspect
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, TypeAlias, cast

from manyminds.records.about import library, plain
from manyminds.records.run_record import Call, RunRecord
from manyminds.registry import methods
from manyminds.state import Report
from manyminds.views.data import LayerData, RunData, ShownCall
from manyminds.votes.ballots import Ballot

AnyRun: TypeAlias = RunRecord | RunData
# Keys of a report that every run has, and those that have a picture.
_SHOWN = Report.__annotations__.keys() | {"ballot", "layer", "decision", "kept", "verdict"}
_OUTCOMES = ("kept", "verdict", "decision")


def data_of(run: AnyRun) -> RunData:
    """Return the data of a run's pictures; calls of nested runs are included."""
    if isinstance(run, RunData):
        return run
    given = sorted(_calls(run, ""), key=lambda one: (one[0].at or run.began, one[0].index))
    calls = {
        id(call): _shown(n, call, run.began, inside) for n, (call, inside) in enumerate(given, 1)
    }
    return RunData(
        id=run.id,
        method=run.method,
        question=run.question,
        calls=list(calls.values()),
        layers=_layers(run, calls),
        ballot=cast("Ballot | None", run.ballot),
        answer=run.answer,
        degraded=run.error or run.report.get("degraded"),
        finished=run.finished,
        state=run.state,
        simulated=any(call.candidate.get("simulated", False) for call, _ in given),
        seconds=run.seconds,
        cost=run.cost,
        visits=[(v.node, v.at - run.began, v.at - run.began + v.seconds) for v in run.visits],
        nodes=run.nodes,
        edges=[(a, b, conditional) for a, b, conditional in run.edges],
        began=run.began,
        answered_by=str(run.report.get("answered_by") or ""),
        file=run.path.name,
        options={name: value for name, value in run.options.items() if value is not None},
        defaults=_defaults(run),
        findings={name: one for name, one in run.report.items() if _is_finding(name, one)},
    )


def _is_finding(name: str, value: object) -> bool:
    """Return whether a key of the report is the method's own, and not shown elsewhere."""
    return name not in _SHOWN and value not in (None, "", [], {})


def _defaults(run: RunRecord) -> dict[str, object]:
    """Return the defaults of the options that were not given, where this version has made them."""
    known = next((one for one in methods().values() if one.builder == run.builder), None)
    if known is None or run.library != library():
        return {}
    parameters = inspect.signature(known.create()).parameters.values()
    given = {name for name, value in run.options.items() if value is not None}
    return {
        one.name: plain(one.default)
        for one in parameters
        if one.name not in given and one.default is not one.empty and one.default is not None
    }


def _calls(run: RunRecord, inside: str) -> Iterator[tuple[Call, str]]:
    for call in run.calls:
        yield call, inside
    for nested in run.nested:
        yield from _calls(nested, f"{inside} > {nested.method}" if inside else nested.method)


def _shown(number: int, call: Call, began: float, inside: str) -> ShownCall:
    known = {field.name: getattr(call, field.name) for field in fields(Call)}
    begin = 0.0 if call.at is None else max(0.0, call.at - began)
    return ShownCall(**known, number=number, begin=begin, inside=inside)


def _layers(run: RunRecord, calls: Mapping[int, ShownCall]) -> list[LayerData]:
    found: dict[int, dict[str, Any]] = {}
    for visit in run.visits:
        known = found.setdefault(visit.layer, {})
        known |= {key: visit.outcome[key] for key in _OUTCOMES if key in visit.outcome}
        for role, counts in visit.outcome.get("read", {}).items():
            known.setdefault("read", {}).setdefault(role, Counter()).update(counts)
    judges = {call.layer: call.member for call in run.calls if call.role == "judge"}
    return [
        _layer(number, [calls[id(call)] for call in given], found.get(number, {}), judges)
        for number, given in run.layers().items()
    ]


def _layer(
    number: int, candidates: list[ShownCall], known: Mapping[str, Any], judges: Mapping[int, str]
) -> LayerData:
    places = {call.index: place for place, call in enumerate(candidates)}
    verdict, decision = known.get("verdict") or {}, known.get("decision") or {}
    chosen = known.get("kept")
    return LayerData(
        number=number,
        candidates=candidates,
        kept=None if chosen is None else [places[index] for index in chosen if index in places],
        scores=verdict.get("scores", ()),
        reasons=verdict.get("reasons", ()),
        judged_by=judges.get(number, ""),
        stopped=decision.get("stop"),
        reason=decision.get("reason") or "",
        read=known.get("read", {}),
    )
