"""Data of the templates: pictures as SVG and cards of candidates."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from markupsafe import Markup

from manyminds.reading.answers import text_key
from manyminds.views import ballot, drawing, likeness, timeline, words
from manyminds.views.data import LayerData, RunData, ShownCall, by_role
from manyminds.views.style import counted, short
from manyminds.votes.ballots import by_likeness

_READ = {
    "model": "read in the form asked for",
    "parser": "read from its words",
    "fallback": "not readable",
}
CARDS = 24  # candidates of a layer that are shown side by side; the list of calls has them all


@dataclass(frozen=True)
class Card:
    """A candidate on the page; `kind` is its CSS class."""

    member: str
    text: str
    kind: str
    badges: Sequence[str]
    answer: str | None
    where: str
    reason: str
    judge: str


@dataclass(frozen=True)
class Table:
    """Rows of values, with names of columns where there are any."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]

    @property
    def is_open(self) -> bool:
        """Whether the table starts unfolded: it has more than single figures."""
        return bool(self.columns) or any(isinstance(row[-1], list) for row in self.rows)


def parts(run: RunData) -> dict[str, Any]:
    """Return the data that the templates need in addition to the run."""
    found = likeness.likeness(run)
    vote = run.ballot
    about = "" if vote is None else f"{vote['voters']} voted, {vote['abstentions']} abstained"
    if vote is not None and by_likeness(vote):
        about += f"; likeness to the others by {vote['vote']}, of 100"
    has_bars = vote is not None and bool(vote["groups"])
    return {
        "graph": Markup(drawing.svg(run)),
        "layers": [_layer(layer, run.method) for layer in run.layers],
        "ballot": Markup(ballot.svg(run)) if has_bars else None,
        "ballot_about": about,
        "timeline": Markup(timeline.svg(run)) if run.calls else None,
        "likeness": found,
        "heat": None if found is None else Markup(likeness.svg(found)),
        "roles": by_role(run),
        "findings": dict(_findings(run)),
        "word": run.word,
    }


def _findings(run: RunData) -> Iterator[tuple[str, Table]]:
    """Yield the method's own report keys as tables; a list of mappings has columns."""
    single: list[list[object]] = []
    for key, one in run.findings.items():
        name = _plain(key)
        rows = cast("Sequence[object]", one) if isinstance(one, list) else []
        mappings = [cast("Mapping[str, object]", row) for row in rows if isinstance(row, Mapping)]
        if mappings:
            columns = list(dict.fromkeys(key for row in mappings for key in row))
            cells = [[row.get(column) for column in columns] for row in mappings]
            yield name.capitalize(), Table([_plain(column) for column in columns], cells)
        elif isinstance(one, Mapping):
            items = cast("Mapping[str, object]", one).items()
            yield name.capitalize(), Table([], [[_plain(key), value] for key, value in items])
        else:
            single.append([name, one])
    if single:
        yield "Figures", Table([], single)


def _plain(key: str) -> str:
    return str(key).replace("_", " ")


def _layer(layer: LayerData, method: str) -> dict[str, Any]:
    kept = layer.kept or ()
    others = [place for place in range(len(layer.candidates)) if place not in kept]
    shown, rest = [*kept, *others][:CARDS], len(layer.candidates) - CARDS
    about = counted(len(layer.candidates), "candidate")
    if layer.kept is not None:
        about += f", {len(layer.kept)} kept"
    for role, counts in layer.read.items():
        about += f"; {role} {' and '.join(_READ[source] for source in counts)}"
    if layer.stopped is not None:
        about += f"; {'stopped here' if layer.stopped else 'went on'}"
        about += f": {short(layer.reason, 160)}" if layer.reason else ""
    return {
        "number": layer.number,
        "word": words.part((call.role for call in layer.candidates), method).capitalize(),
        "about": about,
        "cards": [_card(layer, place) for place in shown],
        "more": f"{rest:,} more are among the calls below." if rest > 0 else "",
    }


def _card(layer: LayerData, place: int) -> Card:
    call = layer.candidates[place]
    kind, badges = "", list[str]()
    if call.status != "ok":
        kind, badges = "mm-bad", [call.status]
    elif layer.kept is not None and place in layer.kept:
        kind, badges = "mm-kept", [f"kept, no. {layer.kept.index(place) + 1}"]
    elif layer.kept is not None:
        kind, badges = "mm-dropped", [_why_dropped(layer, call)]
    score = layer.scores[place] if place < len(layer.scores) else None
    if score is not None:
        badges.append(f"{score:g} of 10")
    if call.reused:
        badges.append(f"from a {call.reused}")
    return Card(
        member=call.member,
        text=call.text or call.failure,
        kind=kind,
        badges=badges,
        answer=call.answer,
        where=call.where or "",
        reason=layer.reasons[place] if place < len(layer.reasons) else "",
        judge=layer.judged_by or "judge",
    )


def _why_dropped(layer: LayerData, call: ShownCall) -> str:
    for rank, place in enumerate(layer.kept or (), 1):
        if text_key(layer.candidates[place].text) == text_key(call.text):
            return f"dropped, repeats no. {rank}"
    return "dropped"
