"""HTML of a run: a fragment for notebooks, and a page without external files.

Everything that a model, a file or a person wrote is escaped by the templates, or is text in the
page's data, which its script shows as text. A Content-Security-Policy names the one script by its
hash, so that no other script runs.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from manyminds.errors import DataError, InputError
from manyminds.records.run_record import RunRecord
from manyminds.views.comparison import measures
from manyminds.views.data import RunData, ShownCall, Title
from manyminds.views.reading import data_of
from manyminds.views.spending import dollars
from manyminds.views.style import counted, short, when

if TYPE_CHECKING:
    from jinja2 import Environment

    from manyminds.views.sections import Section


def fragment(run: RunData) -> str:
    """Return a run as HTML for a notebook: summary first, foldable parts below."""
    template = _environment().get_template("fragment.html.j2")
    from manyminds.views.parts import parts

    return template.render(run=run, shown=parts(run), style=_style())


def page(run: RunData, *, live: str = "") -> str:
    """Return a run as a page that needs no network.

    Args:
        run: run to show.
        live: address at which a server has the newest version; empty for a page in a file.

    Raises:
        InputError: jinja2 is not installed.
    """
    environment = _environment()
    from manyminds.views.parts import parts

    script = _text("figures.js") + _text("page.js")
    return environment.get_template("page.html.j2").render(
        run=run,
        shown=parts(run),
        style=_style() + _text("page.css"),
        script=script,
        policy=_policy(script, live=bool(live)),
        data=_as_data(run, live),
        roles=sorted({call.role for call in run.calls}),
        members=sorted({call.member for call in run.calls}),
        statuses=sorted({call.status for call in run.calls}),
    )


def page_of(run: RunRecord, *, live: str = "") -> str:
    """Return the page of a recorded run.

    Raises:
        DataError: The record has values that cannot be shown.
        InputError: jinja2 is not installed.
    """
    check_installed()
    try:
        return page(data_of(run), live=live)
    except Exception as error:
        what = f"{type(error).__name__}: {error}"[:200]
        raise DataError(f"{run.path}: this record cannot be shown ({what})") from None


def check_installed() -> None:
    """Check that pages can be made.

    Raises:
        InputError: jinja2 is not installed; the message names the extra.
    """
    _environment()


def table(runs: Sequence[RunData]) -> str:
    """Return runs side by side as an HTML table, for notebooks."""
    template = _environment().get_template("table.html.j2")
    rows = [(run, measures(run)) for run in runs]
    return template.render(rows=rows, style=_style())


def report(title: str, sections: "Sequence[Section]") -> str:
    """Return a report as a page of its own; plots are inside it."""
    template = _environment().get_template("report.html.j2")
    style = _text("style.css") + _text("page.css")
    policy = _policy("", live=False)
    return template.render(title=title, sections=sections, style=style, policy=policy)


class Offered(NamedTuple):
    """An ensemble on the server's page; `limits` are those of a run."""

    name: str
    method: str
    shape: str
    members: Sequence[str]
    limits: str


def server_page(
    ensembles: Sequence[Offered],
    runs: Sequence[Title] | None,
    *,
    folder: str = "",
    keys: bool = False,
) -> str:
    """Return the server's page: its ensembles, a box to ask one, and the runs.

    Args:
        ensembles: Names of the ensembles that can be asked.
        runs: Runs, newest first. None: the server shows no runs.
        folder: Name of the folder of runs.
        keys: Whether the server asks for an API key.

    Raises:
        InputError: jinja2 is not installed.
    """
    script = _text("figures.js") + _text("server.js")
    return (
        _environment()
        .get_template("server.html.j2")
        .render(
            ensembles=ensembles,
            runs=runs,
            total=None if runs is None else _total(runs),
            folder=folder,
            keys=keys,
            style=_style() + _text("page.css"),
            script=script,
            policy=_policy(script, live=True) + "; frame-src 'self'",
        )
    )


def _total(runs: Sequence[Title]) -> str:
    """Return the number of runs and what they cost together, as server.js says it, too."""
    known = [run.cost for run in runs if run.cost is not None]
    parts = [counted(len(runs), "run"), *([dollars(sum(known))] if known else [])]
    if unknown := len(runs) - len(known):
        parts.append(f"{counted(unknown, 'cost')} unknown")
    return ", ".join(parts)


@cache
def _environment() -> "Environment":
    try:
        from jinja2 import Environment, FunctionLoader, StrictUndefined
    except ModuleNotFoundError as error:
        raise InputError(
            'pages need jinja2, which is not installed: pip install "manyminds[views]"'
        ) from error
    environment = Environment(
        loader=FunctionLoader(_text),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = cast("dict[str, Callable[..., str]]", environment.filters)
    filters |= {
        "clipped": _clipped,
        "date": when,
        "dollars": dollars,
        "number": _number,
        "option": _option,
        "short": short,
    }
    return environment


def _style() -> str:
    return "".join(_text(f"{name}.css") for name in ("colours", "picture", "style"))


@cache
def _text(name: str) -> str:
    return (files("manyminds.views") / "templates" / name).read_text(encoding="utf-8")


def _clipped(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _option(value: object) -> str:
    """Return an option in words: lists with commas, mappings as `name: value`."""
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    if isinstance(value, dict):
        items = cast("dict[object, object]", value).items()
        return ", ".join(f"{name}: {_option(one)}" for name, one in items)
    if isinstance(value, list | tuple):
        return ", ".join(map(_option, cast("Sequence[object]", value))) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _policy(script: str, *, live: bool) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    connect = "; connect-src 'self'" if live else ""
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        f"img-src data:; base-uri 'none'; form-action 'none'{connect}"
    )


def _as_data(run: RunData, live: str) -> Any:
    """Return the calls as JSON for a script element; equal texts are stored once."""
    from markupsafe import Markup

    texts: dict[str, int] = {}

    def place(text: str) -> int:
        return texts.setdefault(text, len(texts))

    def row(call: ShownCall) -> list[object]:
        prompt = [[one["role"], place(content_text(one["content"]))] for one in call.messages]
        return [call.number, call.member, call.role, call.layer, call.status, place(call.text),
                short(call.text or call.failure, 140), call.answer, call.failure,
                round(call.begin, 4), round(call.seconds, 4), call.usage["input_tokens"],
                call.usage["output_tokens"], call.cost, call.attempts,
                (call.prompt_ref or "").partition("#")[0], call.inside, call.reused or "",
                place(json.dumps(prompt)), call.where or ""]  # fmt: skip

    calls = [row(call) for call in run.calls]
    whole = {
        "calls": calls,
        "texts": list(texts),
        "live": live,
        "finished": run.finished,
        "word": run.word,
    }
    text = json.dumps(whole, ensure_ascii=True)
    # A browser must not see the end of the script or a comment in this text.
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def content_text(content: str | list[Any]) -> str:
    """Return a message's content as text; other blocks by their kind."""
    if isinstance(content, str):
        return content
    blocks = [b if isinstance(b, dict) else {"type": "text", "text": str(b)} for b in content]
    return "\n".join(b["text"] if "text" in b else f"[{b.get('type', 'block')}]" for b in blocks)
