"""Display of runs in notebooks."""

from importlib.util import find_spec

from manyminds.views.html import fragment
from manyminds.views.reading import AnyRun, data_of


def as_html(run: AnyRun) -> str | None:
    """Return a run as HTML; None without jinja2: the notebook then shows its text."""
    return fragment(data_of(run)) if find_spec("jinja2") is not None else None
