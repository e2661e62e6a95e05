"""The page in a browser: it folds, finds, fits a phone, runs no script of a model's; see also
tests/apps/test_show.py, where it is served.
"""

import re
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

import pytest
from helpers.browser import PALE, chromium, opened
from helpers.registry import small
from helpers.runs import made, recorded, smoa

from manyminds import create_moa, create_smoa
from manyminds.records.schema import MessageLine
from manyminds.state import Candidate
from manyminds.testing import ScriptedChatModel
from manyminds.views.data import RunData
from manyminds.views.html import fragment, page, table
from manyminds.views.reading import data_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

EVIL = (
    "</script><script>document.title = 'ran'</script><img src=x onerror=\"document.title='ran'\">"
    "<a href=\"javascript:document.title='ran'\">x</a><!-- <script> ${7*7} {{ 7*7 }}"
)
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module")
def browser() -> "Generator[Browser]":
    with chromium() as started:
        yield started


def written(run: RunData, folder: Path) -> Path:
    file = folder / "run.html"
    file.write_text(page(run), encoding="utf-8")
    return file


def test_shows_folds_and_unfolds(browser: "Browser", tmp_path: Path) -> None:
    record = recorded(smoa(layers=4), tmp_path)
    with opened(browser, written(data_of(record), tmp_path)) as shown:
        assert record.question in shown.inner_text("h1")
        assert shown.inner_text(".mm-answer").split() == (record.answer or "").split()
        assert shown.locator(".mm-card").count() == sum(map(len, record.layers().values()))
        assert shown.locator(".mm-card.mm-kept").count() == 2 * len(record.layers())
        assert shown.locator(".mm-call").count() == len(record.calls)
        shown.click("button:text-is('Fold all')")
        assert shown.locator("details.mm-part[open]").count() == 0
        assert not shown.evaluate("document.querySelector('.mm-card').checkVisibility()")
        shown.click("text=Unfold all")
        assert shown.locator(".mm-heat").is_visible()
        assert shown.locator(".mm-call[open]").count() == len(record.calls)
        shown.click("button:text-is('Fold all')")
        assert shown.locator(".mm-call[open]").count() == 0
        shown.click("text=Unfold all")
        said = record.calls[-1].messages[-1]["content"]
        assert isinstance(said, str)
        prompt = shown.locator(".mm-call[open] pre").nth(-2)
        assert (prompt.text_content() or "").split() == said.split()


def test_says_how_verdicts_were_read(tmp_path: Path) -> None:
    proposers = [ScriptedChatModel(f"The answer is {n}.") for n in (4, 5, 4)]
    judge = ScriptedChatModel(["Well.", "Well.", "Ranking: 1, 2"])
    graph = create_smoa(proposers, aggregator=proposers[0], judge=judge, stop="never", layers=3)
    shown = page(data_of(recorded(graph, tmp_path)))
    assert "judge not readable; went on" in shown
    assert "judge read from its words; stopped here" in shown


def test_searches_and_filters(browser: "Browser", tmp_path: Path) -> None:
    run = made(4, 120)
    with opened(browser, written(run, tmp_path)) as shown:
        good = next(call for call in run.calls[7:] if call.status == "ok")
        shown.fill("[name=text]", f"sample {good.index} SAYS")
        assert shown.inner_text("#count") == "1 of 120" and shown.locator(".mm-call").count() == 1
        shown.fill("[name=text]", "")
        status = next(call.status for call in run.calls if call.status != "ok")
        shown.select_option("[name=status]", status)
        shown.select_option("[name=member]", run.calls[0].member)
        wanted = [c for c in run.calls if (c.status, c.member) == (status, run.calls[0].member)]
        assert shown.locator(".mm-call").count() == len(wanted)


def test_is_used_with_the_keyboard_alone(browser: "Browser", tmp_path: Path) -> None:
    with opened(browser, written(made(2, 3), tmp_path)) as shown:
        shown.keyboard.press("Tab")
        assert shown.evaluate("document.activeElement.textContent") == "To the calls"
        shown.keyboard.press("Enter")
        for _ in range(8):  # the summary of the part, four fields, the first call
            shown.keyboard.press("Tab")
            if shown.evaluate("!!document.activeElement.closest('.mm-call')"):
                break
        shown.keyboard.press("Enter")
        assert shown.locator(".mm-call[open]").count() == 1


@pytest.mark.parametrize("place", ["answer", "text", "question", "prompt", "member", "error"])
def test_what_a_model_says_is_never_run(browser: "Browser", tmp_path: Path, place: str) -> None:
    run = made(2, 6, text=EVIL if place == "text" else "")
    first = run.calls[0]
    failure = {"kind": "error", "message": EVIL, "retriable": False, "maybe_billed": False}
    said: dict[str, Any] = {"member": EVIL, "text": EVIL, "error": failure}
    told = {name: one for name, one in said.items() if name == place}
    candidate = cast("Candidate", {**first.candidate, "status": "failed", **told})
    line: MessageLine = {"type": "message", "hash": "", "role": "human", "content": EVIL}
    prompt = [line] if place == "prompt" else []
    call = replace(first, candidate=candidate, number=0, messages=prompt)
    bad = RunData(
        id=EVIL,
        method="moa",
        question=EVIL if place == "question" else "Why?",
        calls=[call, *run.calls],
        layers=run.layers,
        ballot=run.ballot,
        answer=EVIL if place == "answer" else None,
        nodes=run.nodes,
        edges=run.edges,
    )
    with opened(browser, written(bad, tmp_path)) as shown:
        shown.click("text=Unfold all")
        for summary in shown.locator(".mm-call summary").all():
            summary.click()
        shown.wait_for_timeout(100)
        assert "ran" not in shown.title().split()[0]
        assert shown.title() != "ran" and shown.locator("img, [href^=javascript]").count() == 0
        assert EVIL in shown.evaluate("document.documentElement.textContent")


def test_only_its_own_script_may_run(browser: "Browser", tmp_path: Path) -> None:
    file = written(made(2, 3), tmp_path)
    changed = file.read_text().replace("<main>", "<main><script>document.title = 'ran'</script>")
    file.write_text(changed)
    with pytest.raises(AssertionError, match="Content Security Policy"):  # noqa: SIM117
        with opened(browser, file) as shown:
            assert shown.title() != "ran"


@pytest.mark.parametrize("size", [(2, 6), (40, 80)])
def test_fits_a_phone(browser: "Browser", tmp_path: Path, size: tuple[int, int]) -> None:
    run = made(*size, text="averylongwordwithoutanyplacetobreakit" * 8)
    with opened(browser, written(run, tmp_path), **PHONE) as shown:
        shown.click("text=Unfold all")
        shown.locator(".mm-call summary").first.click()
        assert shown.evaluate("document.documentElement.scrollWidth") <= 360
        small = shown.evaluate(
            "[...document.querySelectorAll('summary, button, select, input')]"
            ".filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 24).length"
        )
        assert small == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser: "Browser", tmp_path: Path, scheme: str) -> None:
    record = data_of(recorded(smoa(), tmp_path))
    for run in (made(3, 30), record):
        with opened(browser, written(run, tmp_path), color_scheme=scheme) as shown:
            shown.click("text=Unfold all")
            shown.locator(".mm-call summary").first.click()
            ground = shown.evaluate("getComputedStyle(document.body).backgroundColor")
            assert (ground == "rgb(255, 255, 255)") is (scheme == "light")
            assert shown.evaluate(PALE) == []


def test_pictures_have_alternative_texts(browser: "Browser", tmp_path: Path) -> None:
    with opened(browser, written(made(3, 30), tmp_path)) as shown:
        texts = shown.evaluate(
            "[...document.querySelectorAll('[role=img]')].map((e) => e.getAttribute('aria-label'))"
        )
        assert len(texts) == 4 and all(len(text) > 40 for text in texts)
        bare = "svg:not([role=img], [aria-hidden], [role=img] *)"
        assert shown.locator(bare).count() == 0


def test_asks_for_nothing_from_elsewhere(tmp_path: Path) -> None:
    text = page(made(2, 5)).replace('href="data:,"', "").replace('href="#calls"', "")
    assert not re.search(r"https?://|@import|url\((?!#)|\bsrc=|\bhref=", text)


@pytest.mark.slow
def test_4096_samples_open_in_under_2_seconds(browser: "Browser", tmp_path: Path) -> None:
    run = made(3, 4096)
    file = written(run, tmp_path)
    seconds: list[float] = []
    for _ in range(3):
        before = monotonic()
        with opened(browser, file) as shown:
            shown.wait_for_selector(".mm-call")
            seconds.append(monotonic() - before)
            good = next(call for call in reversed(run.calls) if call.status == "ok")
            shown.fill("[name=text]", f"sample {good.index} says")
            assert shown.inner_text("#count") == "1 of 4,096"
    assert min(seconds) < 2


def test_a_notebook_shows_a_run(browser: "Browser", tmp_path: Path) -> None:
    record = recorded(smoa(), tmp_path)
    html = record._repr_html_()  # pyright: ignore[reportPrivateUsage]  # what a notebook calls
    assert html is not None and html == fragment(data_of(record)) and "<script" not in html
    assert "smoa" in repr(record) and str(len(record.calls)) in repr(record)
    file = tmp_path / "fragment.html"
    file.write_text(f"<!doctype html><meta charset=utf-8><body style='width: 800px'>{html}")
    with opened(browser, file, viewport={"width": 820, "height": 900}) as shown:
        assert shown.evaluate("document.documentElement.scrollWidth") <= 820
        assert shown.locator(".mm-card").first.is_visible()


def test_calls_of_a_nested_run_are_there_too(browser: "Browser", tmp_path: Path) -> None:
    inner = smoa(stop="never")
    members: list[Any] = [inner, "simulated:small"]
    record = recorded(create_moa(members, layers=2), tmp_path)
    run = data_of(record)
    nested = [call for call in run.calls if call.inside == "smoa"]
    assert len(nested) == len(list(record.everything())) - len(record.calls) > 5
    with opened(browser, written(run, tmp_path)) as shown:
        assert shown.inner_text("#count") == str(len(run.calls))
        shown.locator(".mm-call summary").nth(nested[0].number - 1).click()
        shown.wait_for_selector(".mm-call[open] .mm-message")
        assert "inside smoa" in shown.inner_text(".mm-call[open]")


def test_runs_stand_side_by_side_in_a_table() -> None:
    html = table([made(2, 5), made(3, 40, text=EVIL)])
    assert html.count("<tr>") == 3 and "<img" not in html


def test_options_are_in_words() -> None:
    options = {"models": ["a", "b"], "judge": None, "rank_only": True, "params": {"top_p": 0.5}}
    text = page(replace(made(2, 4), options=options))
    cells = re.findall(r'<td>(\w+)</td><td class="mm-left">([^<]*)</td>', text)
    assert dict(cells) == {
        "models": "a, b",
        "judge": "none",
        "rank_only": "yes",
        "params": "top_p: 0.5",
    }


def shown(name: str, folder: Path) -> str:
    return page(data_of(recorded(small(name), folder)))


@pytest.mark.parametrize(
    ("name", "part", "said"),
    [
        ("fusion", "Analysis", "<td>partial coverage</td><td>none</td>"),
        ("cascade", "Stages", '<th scope="col">members</th>'),
        ("hierarchical-voting", "Levels", '<th scope="col">ask</th>'),
        ("rsa", "Diversity", '<th scope="col">distinct</th>'),
        ("stepwise-voting", "Figures", "<td>drawn</td>"),
    ],
)
def test_what_a_method_reports_of_its_own_is_a_part(
    name: str, part: str, said: str, tmp_path: Path
) -> None:
    html = shown(name, tmp_path)
    assert re.search(rf"<summary>{part} ", html) and said in html


@pytest.mark.parametrize(
    ("name", "word"),
    [("fusion", "Layer"), ("cascade", "Stage"), ("rsa", "Step"), ("debate", "Round"),
     ("agent-forest", "Wave"), ("stepwise-voting", "Step"), ("self-refine", "Try"),
     ("tournament", "Step"), ("self-moa-seq", "Window")],
)  # fmt: skip
def test_candidates_stand_under_the_word_of_the_method(
    name: str, word: str, tmp_path: Path
) -> None:
    html = shown(name, tmp_path)
    assert f"<h3>{word} 1 " in html and f'"word": "{word.lower()}"' in html


OTHERWISE = (
    *("agent-forest", "best-of-n", "cascade", "chain-of-thought", "cmat", "debate", "debategpt"),
    *("hierarchical-voting", "interaction", "lumos", "reflexion", "rsa", "self-instruct", "spp"),
    *("self-moa-seq", "self-refine", "ste", "stepwise-voting", "tournament"),
)


@pytest.mark.parametrize("name", OTHERWISE)
def test_these_methods_do_not_speak_of_layers(name: str, tmp_path: Path) -> None:
    html = re.sub("<(script|style).*?</\\1>", "", shown(name, tmp_path), flags=re.DOTALL)
    assert re.findall(r"[^<>]*\blayers? ?[0-9]*[^<>]*", re.sub("mm-layers", "", html), re.I) == []


def test_a_card_says_where_its_answer_was_read(tmp_path: Path) -> None:
    assert re.search(r"answer: 112, read in: [a-z ]+</span>", shown("agent-forest", tmp_path))


def test_options_that_were_not_given_show_their_defaults(tmp_path: Path) -> None:
    run = recorded(small("smoa"), tmp_path)
    assert re.search(
        r"<td>keep</td><td class=\"mm-left mm-dim\">\d+ \(default\)", page(data_of(run))
    )
    run.library = "0.0.1"  # another version may have other defaults
    assert "(default)" not in page(data_of(run))


def test_a_picture_of_the_whole_page_has_every_call(browser: "Browser", tmp_path: Path) -> None:
    with opened(browser, written(made(2, 30), tmp_path)) as seen:
        seen.click("text=Unfold all")
        seen.wait_for_timeout(100)
        assert seen.locator(".mm-call[open]").count() == 30
        # What is not on the screen is laid out all the same: nothing is left empty.
        last = seen.locator(".mm-call pre").last
        assert last.evaluate("one => one.checkVisibility({contentVisibilityAuto: true})")


def test_a_shadow_says_that_there_is_more_to_scroll_to(browser: "Browser", tmp_path: Path) -> None:
    with opened(browser, written(made(9, 20), tmp_path), **PHONE) as seen:
        graph = seen.locator(".mm-scroll").first
        assert graph.evaluate("one => one.scrollWidth > one.clientWidth")
        assert "gradient" in graph.evaluate("one => getComputedStyle(one).backgroundImage")
