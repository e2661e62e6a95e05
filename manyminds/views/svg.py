"""SVG pictures: one drawing serves pages, notebooks and files."""

import re
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path

from manyminds.views.style import short

WIDTH = 800  # pixels of a picture outside a page
LABEL = 150  # pixels of the column of names
LETTER = 7.7  # pixels of a letter, on average
_GAP = 10  # pixels between a name and its bar
_SHADES = 7  # classes mm-r0 to mm-r6 of picture.css
_FONT = 'font: 13px/1.5 system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif'
# Characters that XML does not allow, escaped or not.
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Svg:
    """A picture that a notebook shows without a network.

    Attributes:
        text: The picture as SVG, which needs no other file.
        alt: Description of the picture in one sentence.
    """

    text: str
    alt: str

    def __repr__(self) -> str:
        return f"<{self.alt}>"

    def _repr_svg_(self) -> str:
        return self.text

    def save(self, path: str | Path) -> None:
        """Write the picture into a file, such as timeline.svg."""
        Path(path).write_text(self.text, encoding="utf-8")


def standalone(drawn: str, alt: str) -> Svg:
    """Return a drawing of a page as a picture with its own style."""
    style = "".join(_template(f"{name}.css") for name in ("colours", "picture"))
    head, rest = drawn.split(">", 1)
    text = (
        f'{head} xmlns="http://www.w3.org/2000/svg">'
        f"<style>{style} .mm-picture {{ {_FONT}; background: var(--ground); }}</style>{rest}"
    )
    return Svg(text, alt)


def nothing(why: str) -> Svg:
    """Return a picture that says in one sentence why there is nothing to see."""
    body = f'<text x="0" y="20">{label(why, 110)}</text>'
    return standalone(picture("mm-chart", body, alt=why, width=WIDTH, height=30), why)


def picture(
    kind: str,
    body: str,
    *,
    alt: str,
    width: float | None,
    height: float,
    scaled: bool = False,
    style: str = "",
) -> str:
    """Return an SVG element.

    Args:
        kind: Class of style.
        body: Elements of the picture.
        alt: Description in one sentence.
        width: Pixels; None: the width of the page.
        height: Pixels.
        scaled: Whether a page may show the picture smaller than its width.
        style: CSS of the element.
    """
    styled = f' style="{style}"' if style else ""
    wide = "100%" if width is None else f"{width:.0f}"
    box = f' viewBox="0 0 {width:.0f} {height:.0f}"' if width and scaled else ""
    return (
        f'<svg class="mm-picture {kind}" role="img" aria-label="{label(alt)}" '
        f'width="{wide}" height="{height:.0f}"{box}{styled}>{body}</svg>'
    )


def chart(body: str, *, alt: str, width: int | None, height: float, right: int = 0) -> str:
    """Return a chart: names of rows at negative x, bars from x = 0 to 100 %.

    Args:
        body: Elements.
        alt: Description in one sentence.
        width: Pixels of names and bars; None: the width of the page.
        height: Pixels.
        right: Pixels that stay free at the right edge.
    """
    if width is None:
        style = f"overflow: visible; margin-left: {LABEL}px; width: calc(100% - {LABEL + right}px)"
        return picture("mm-chart", body, alt=alt, width=None, height=height, style=style)
    bars = (
        f'<svg x="{LABEL}" width="{width - LABEL - right}" height="{height:.0f}" '
        f'overflow="visible">{body}</svg>'
    )
    return picture("mm-chart", bars, alt=alt, width=width, height=height)


def name(text: str, middle: float) -> str:
    """Return the name of a row, left of its bar; hovering shows a name that had to be cut."""
    shown = label(text, int((LABEL - _GAP) / LETTER))
    return (
        f'<text x="-{_GAP}" y="{middle + 4.5:.1f}" text-anchor="end">{shown}'
        f"<title>{label(text, 300)}</title></text>"
    )


def label(text: str, limit: int = 2000) -> str:
    """Return text for an SVG element or attribute: one line, shortened, escaped."""
    return escape(_REFUSED.sub("", short(text, limit)))


def shades(names: list[str]) -> dict[str, str]:
    """Return a class of colour for each name."""
    return {one: f"mm-r{place % _SHADES}" for place, one in enumerate(dict.fromkeys(names))}


def _template(name: str) -> str:
    return (files("manyminds.views") / "templates" / name).read_text(encoding="utf-8")
