"""Sections of a report: written once, rendered as Markdown, HTML and CSV."""

import base64
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from manyminds.views.picture import Picture

_UNSAFE = "=+-@\t\r"  # a spreadsheet would run a text that begins so


@dataclass(frozen=True)
class Grid:
    """A table: names of columns, and rows of text."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def csv(self) -> str:
        """Return the table as CSV; a text that a spreadsheet would run is quoted."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(self.head)
        for row in self.rows:
            writer.writerow([_harmless(cell) for cell in row])
        return file.getvalue()


@dataclass(frozen=True)
class Plot:
    """A picture as PNG, its file's name without suffix, and a description of it."""

    name: str
    alt: str
    png: bytes

    @classmethod
    def of(cls, name: str, picture: "Picture") -> "Plot":
        """Render a figure."""
        return cls(name, str(picture.get_label()), picture.png())

    @property
    def base64(self) -> str:
        """The picture for a page."""
        return base64.b64encode(self.png).decode()


@dataclass(frozen=True)
class Section:
    """A part of a report, in the order texts, plots, tables, codes.

    Attributes:
        title: Heading.
        texts: Paragraphs.
        plots: Pictures.
        tables: Tables.
        codes: Commands.
        marked: Whether the texts are set apart, as the conclusion is.
    """

    title: str
    texts: Sequence[str] = ()
    plots: Sequence[Plot] = ()
    tables: Sequence[Grid] = ()
    codes: Sequence[str] = ()
    marked: bool = False


def markdown(title: str, sections: Sequence[Section], plots: str) -> str:
    """Return a report as Markdown.

    Args:
        title: Heading of the report.
        sections: Its parts.
        plots: Folder of the pictures, as seen from the report.
    """
    return "\n".join(_lines(title, sections, plots)) + "\n"


def _lines(title: str, sections: Sequence[Section], plots: str) -> Iterator[str]:
    yield f"# {_plain(title)}"
    for section in sections:
        yield f"\n## {_plain(section.title)}"
        for text in section.texts:
            yield f"\n{'> ' if section.marked else ''}{_plain(text)}"
        for plot in section.plots:
            yield f"\n![{_plain(plot.alt)}]({plots}/{plot.name}.png)"
        for table in section.tables:
            yield "\n| " + " | ".join(map(_cell, table.head)) + " |"
            yield "|" + " --- |" * len(table.head)
            for row in table.rows:
                yield "| " + " | ".join(map(_cell, row)) + " |"
        for code in section.codes:
            fence = "`" * max(3, _longest_fence(code) + 1)
            yield f"\n{fence}sh\n{code}\n{fence}"


def _plain(text: str) -> str:
    """Return text on one line with nothing in it that Markdown or HTML would take for markup."""
    line = " ".join(text.split())
    for mark in "\\`*<>":
        line = line.replace(mark, f"\\{mark}")
    return line


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")


def _longest_fence(text: str) -> int:
    longest = run = 0
    for char in text:
        run = run + 1 if char == "`" else 0
        longest = max(longest, run)
    return longest


def _harmless(cell: str) -> str:
    try:
        float(cell)
    except ValueError:
        return f"'{cell}" if cell[:1] in _UNSAFE and cell else cell
    return cell
