"""A figure that shows itself in a notebook with a text for those who cannot see it."""

import base64
from html import escape
from io import BytesIO

from matplotlib.figure import Figure


class Picture(Figure):
    """A matplotlib figure whose label says what there is to see.

    It belongs to no window and to no list of pyplot's: nothing has to be closed.
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
