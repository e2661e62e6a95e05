"""A matplotlib figure that displays itself in a notebook, with a text alternative."""

import base64
from html import escape
from io import BytesIO

from matplotlib.figure import Figure


class Picture(Figure):
    """A matplotlib figure whose label describes it.

    pyplot does not know the figure, so there is no need to close it.
    """

    def __repr__(self) -> str:
        return f"<{self.get_label()}>"

    def png(self) -> bytes:
        """Return the figure as a PNG file."""
        file = BytesIO()
        self.savefig(file, format="png")
        return file.getvalue()

    def _repr_png_(self) -> bytes:
        return self.png()

    def _repr_html_(self) -> str:
        data = base64.b64encode(self._repr_png_()).decode()
        alt = escape(str(self.get_label()))
        return f'<img alt="{alt}" style="max-width: 100%" src="data:image/png;base64,{data}">'
