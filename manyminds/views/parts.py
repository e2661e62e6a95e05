"""What templates show of a run: pictures as SVG that fits any width, and cards of candidates."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from markupsafe import Markup, escape

from manyminds.reading.answers import text_key
from manyminds.views import ballot, drawing, likeness, timeline, words
from manyminds.views.data import LayerData, RunData, ShownCall, by_role
from manyminds.views.style import short

CARDS = 24  # candidates of a layer that are shown side by side; the list of calls has them all
_SHADES = 7
_TITLED = 800  # calls up to which every bar of the timeline says what it is
_CELL, _LETTER = 30, 7  # pixels


@dataclass(frozen=True)
class Card:
    """A candidate as it is shown: `kind` is its class of style."""

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
    """Rows of values, and the names of their columns where they have any."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]

    @property
    def is_open(self) -> bool:
        """Whether it is shown at once: it has more than figures."""
        return bool(self.columns) or any(isinstance(row[-1], list) for row in self.rows)


def parts(run: RunData) -> dict[str, Any]:
    """Return everything that the templates show of a run, apart from the run itself."""
    found = likeness.likeness(run)
    vote = run.ballot
    about = "" if vote is None else f"{vote['voters']} voted, {vote['abstentions']} abstained"
    return {
        "graph": drawing.svg(run),
        "layers": [_layer(layer, run.method) for layer in run.layers],
        "bars": ballot.bars(run),
        "ballot_about": about,
        "ballot_alt": ballot.described(run),
        "time": _time(run),
        "likeness": found,
        "heat": None if found is None else _heat(found),
        "roles": by_role(run),
        "findings": dict(_findings(run)),
        "word": run.word,
    }


def _findings(run: RunData) -> Iterator[tuple[str, Table]]:
    """Yield what a method reports of its own as tables: a list of mappings has columns."""
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
    about = f"{len(layer.candidates):,} candidates"
    if layer.kept is not None:
        about += f", {len(layer.kept)} kept"
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


def _time(run: RunData) -> dict[str, Any]:
    whole = timeline.span(run)
    roles = list(dict.fromkeys(call.role for call in run.calls))
    shades = {role: f"mm-r{place % _SHADES}" for place, role in enumerate(roles)}
    titled = len(run.calls) <= _TITLED
    return {
        "roles": shades,
        "alt": timeline.described(run),
        "ticks": [f"{whole * part / 4:.3g} s" for part in range(5)],
        "rows": [
            {
                "member": row.member,
                "pixels": round(18 * row.height),
                "bars": Markup("".join(_bars(run, row, whole, shades, titled=titled))),
            }
            for row in timeline.rows(run)
        ],
    }


def _bars(
    run: RunData, row: timeline.UsageRow, whole: float, shades: dict[str, str], *, titled: bool
) -> list[str]:
    thick = 100 / row.depth
    gap = 0.1 if row.depth < 10 else 0.0
    bars: list[str] = []
    for call, lane in zip(row.calls, row.lanes, strict=True):
        good = call.status == "ok"
        look = f'class="{shades[call.role]}"'
        if not good:
            look = f'class="mm-failed" fill="url(#hatch-{escape(run.id)})"'
        title = ""
        if titled:
            about = f"{call.member} as {call.role}, {run.word} {call.layer}: {call.status}, "
            title = f"<title>{escape(about)}{call.seconds:.3g} s</title>"
        bars.append(
            f'<rect {look} x="{100 * call.begin / whole:.3f}%" y="{(lane + gap) * thick:.2f}%" '
            f'width="{max(100 * call.seconds / whole, 0.15):.3f}%" '
            f'height="{thick * (1 - 2 * gap):.2f}%">{title}</rect>'
        )
    return bars


def _heat(found: likeness.Likeness) -> Markup:
    """Draw the heat map: strength of colour is likeness, numbers where there is room for them."""
    size, cell = len(found.names), _CELL if len(found.names) <= 24 else 18
    names = [escape(short(name, 18)) for name in found.names]
    edge = max(len(short(name, 18)) for name in found.names) * _LETTER + 12
    body: list[str] = []
    for i, row in enumerate(found.values):
        middle = edge + i * cell + cell / 2
        body.append(f'<text x="{edge - 6}" y="{middle + 4}" text-anchor="end">{names[i]}</text>')
        body.append(
            f'<text transform="translate({middle + 4} {edge - 6}) rotate(-90)">{names[i]}</text>'
        )
        body += [
            f'<rect x="{edge + j * cell}" y="{edge + i * cell}" width="{cell - 1}" '
            f'height="{cell - 1}" fill-opacity="{0.04 + value / 104:.2f}">'
            f"<title>{names[i]}, {names[j]}: {value:.0f}</title></rect>"
            for j, value in enumerate(row)
        ]
    side = edge + size * cell + 4
    return Markup(
        f'<svg class="mm-heat" role="img" aria-label="{escape(found.described)}" width="{side}" '
        f'height="{side}">{"".join(body)}</svg>'
    )
