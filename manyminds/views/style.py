"""Shared style of figures: colours for every kind of sight, sizes for notebooks."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from manyminds.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from manyminds.views.picture import Picture

# Okabe and Ito, "Color Universal Design" (2008); in the order in which they differ most.
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
SKY, VERMILION, YELLOW, BLACK = "#56B4E9", "#D55E00", "#F0E442", "#000000"
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION, YELLOW)
QUIET = "#8c8c8c"

WIDTH = 8.0  # inches: 800 pixels at a notebook's usual 100 dots an inch
ROW = 0.26  # inches for a row of text


def empty(height: float, alt: str) -> "Picture":
    """Return an empty figure of notebook width.

    Args:
        height: inches.
        alt: text alternative of the picture, in a sentence.

    Raises:
        InputError: matplotlib is not installed.
    """
    try:
        from manyminds.views.picture import Picture
    except ModuleNotFoundError as error:
        raise InputError(
            'figures need matplotlib, which is not installed: pip install "manyminds[views]"'
        ) from error
    return Picture(figsize=(WIDTH, height), dpi=100, layout="constrained", label=alt)


def blank(height: float, alt: str) -> "tuple[Picture, Axes]":
    """Return an empty figure, as `empty`, and its axes."""
    figure = empty(height, alt)
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def short(text: str, limit: int = 28) -> str:
    """Return `text` on one line, visibly cut in its middle, where names differ least."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    head = (limit - 1) * 2 // 3
    return f"{line[:head]}…{line[-(limit - 1 - head) :]}"


def plain(text: str, limit: int = 28) -> str:
    """Return `text` shortened, with nothing in it that matplotlib would take for mathematics."""
    return short(text, limit).replace("$", r"\$")


def colours(names: Sequence[str]) -> dict[str, str]:
    """Return a colour for each name, used again from the first where there are many."""
    return {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(dict.fromkeys(names))}


def counted(count: int, noun: str) -> str:
    """Write a number with its noun: `1 call`, `2 calls`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def when(at: float) -> str:
    """Write a time, in seconds since 1970, as local date and minute."""
    return datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M")
