"""A run's picture in a whole notebook page, under Jupyter's own style sheets."""

import re
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from helpers.browser import chromium, opened
from helpers.runs import recorded, smoa

from manyminds.views.notebook import as_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Texts whose boxes lie on top of each other.
CROSSED = """() => {
  const texts = [];
  for (const element of document.querySelectorAll(".mm *:not(svg *)")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !element.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(element);
    const box = range.getBoundingClientRect();
    texts.push([element, box, element.textContent.trim().slice(0, 30)]);
  }
  const crossed = [];
  texts.forEach(([one, a, said], at) => {
    for (const [other, b, also] of texts.slice(at + 1)) {
      if (one.contains(other) || other.contains(one)) continue;
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 2 && high > 4) crossed.push(said + " / " + also);
    }
  });
  return crossed;
}"""
FACTS = """() => [...document.querySelectorAll(".mm-facts dt, .mm-facts dd")].map((element) => {
  const style = getComputedStyle(element);
  return [style.float, element.getBoundingClientRect().width > 5];
})"""


@pytest.fixture(scope="module")
def browser() -> "Generator[Browser]":
    with chromium() as started:
        yield started


def notebook_page(html: str, theme: str, folder: Path) -> Path:
    """Return a notebook as Jupyter exports it, whose one cell shows this HTML."""
    nbconvert: Any = pytest.importorskip("nbconvert", reason="nbconvert is not installed")
    v4: Any = nbformat.v4
    output = v4.new_output("execute_result", {"text/html": html, "text/plain": "run"})
    cell = v4.new_code_cell("run", outputs=[output], execution_count=1)
    exporter = nbconvert.HTMLExporter(theme=theme)
    body, _ = exporter.from_notebook_node(v4.new_notebook(cells=[cell]))
    path = folder / f"{theme}.html"
    # What the page would load from elsewhere has nothing to do with the picture.
    path.write_text(re.sub(r"<script.*?</script>", "", body, flags=re.DOTALL), encoding="utf-8")
    return path


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 500])
def test_no_text_lies_on_another(
    browser: "Browser", theme: str, width: int, tmp_path: Path
) -> None:
    html = as_html(recorded(smoa(layers=3), tmp_path))
    assert html is not None
    page = notebook_page(html, theme, tmp_path)
    with opened(browser, page, viewport={"width": width, "height": 900}) as shown:
        assert "jp-OutputArea-output" in shown.content()
        facts = shown.evaluate(FACTS)
        assert len(facts) >= 8 and all(fact == ["none", True] for fact in facts)
        assert shown.evaluate(CROSSED) == []
        picture = shown.locator(".mm").first.screenshot()
    assert len(picture) > 20_000  # bytes: it shows something
