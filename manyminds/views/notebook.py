"""How a run shows itself in a notebook."""

from importlib.util import find_spec

from manyminds.views.html import fragment
from manyminds.views.reading import AnyRun, data_of


def as_html(run: AnyRun) -> str | None:
    """Return a run as HTML, or None where jinja2 is missing: then its text is shown."""
    return fragment(data_of(run)) if find_spec("jinja2") is not None else None
