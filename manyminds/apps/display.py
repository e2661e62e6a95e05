"""The live display of a run: a few calm lines on standard error, gone when the answer is there."""

import contextlib
import sys
from collections.abc import Generator

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from manyminds.apps.terminal import clean, console, counted, dollars, one_line, watched
from manyminds.views.progress import Line, Progress
from manyminds.views.words import part

_A_SECOND = 8  # how often the display is drawn
_TEXT_LINES = 6  # of an answer that is being written
_LONGEST_TAIL = 4000  # characters of it that are laid out each time
_STANDING = 22  # columns for how a member stands; the name has the rest
_PLAIN_ROLES = ("sampler", "proposer", "debater")


@contextlib.contextmanager
def live(progress: Progress) -> Generator[bool]:
    """Show `progress` while the block runs, if standard error is a terminal; tell whether it is.

    Nothing at all is written into a pipe or a file.
    """
    if not watched():
        yield False
        return
    screen = console(sys.stderr)
    with Live(
        get_renderable=lambda: picture(progress, screen),
        console=screen,
        refresh_per_second=_A_SECOND,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ):
        yield True


def picture(progress: Progress, screen: Console) -> RenderableType:
    """Draw a run: a line a member, the votes, the cost, and the answer as it is written."""
    tail = _tail(progress, screen)
    room = max(1, screen.height - len(tail) - 6)
    lines = list(progress.lines.values())
    parts: list[RenderableType] = [
        _headline(progress),
        _members(lines[:room], widest=max(8, screen.width - _STANDING)),
    ]
    if len(lines) > room:
        parts.append(Text(f"  and {len(lines) - room} more", "dim"))
    if progress.votes:
        shown = " : ".join(map(str, progress.votes[:8])) + (" …" if progress.votes[8:] else "")
        parts.append(Text.assemble(("  votes  ", "dim"), shown, no_wrap=True, overflow="ellipsis"))
    if tail:
        parts += [Text(), *tail]
    return Group(*parts)


def _headline(progress: Progress) -> Text:
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(progress.method or "starting", "bold")
    if progress.layer > 1:
        line.append(f"  {_part(progress)} {progress.layer}")
        if progress.kept:
            line.append(f", {progress.kept} kept", "dim")
    if progress.asked:
        total = max(progress.asked, progress.planned)
        line.append(f"  {progress.answered} of {counted(total, 'answer')}")
        if progress.failed:
            line.append(f", {progress.failed} failed", "red")
    line.append(f"  {progress.seconds:.0f} s", "dim")
    if progress.seconds_left is not None and progress.seconds_left >= 1:
        line.append(f", {progress.seconds_left:.0f} s left", "dim")
    if progress.priced:
        line.append(f"  {dollars(progress.cost)}", "dim")
    return line


def _part(progress: Progress) -> str:
    return part([line.role for line in list(progress.lines.values())], progress.method)


def _members(lines: list[Line], widest: int) -> Table:
    table = Table.grid(padding=(0, 2), expand=False)
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=widest)
    table.add_column(no_wrap=True, overflow="ellipsis")
    for line in lines:
        role = "" if line.role in _PLAIN_ROLES else f" ({line.role})"
        table.add_row(Text(f"  {one_line(line.member)}{role}"), _standing(line))
    return table


def _standing(line: Line) -> Text:
    asked = line.answered + line.failed + line.waiting
    if asked == 1:
        text = Text("asked" if line.waiting else f"answered, {line.seconds:.1f} s", "dim")
        return Text(line.kind, "red") if line.failed else text
    text = Text(f"{line.answered} of {asked}", "dim" if line.waiting else "")
    return text.append(f"  {line.failed} failed", "red") if line.failed else text


def _tail(progress: Progress, screen: Console) -> list[Text]:
    text = clean(progress.text[-_LONGEST_TAIL:]).expandtabs(4).rstrip()
    if not text:
        return []
    wrapped = Text(text, overflow="fold").wrap(screen, max(1, screen.width - 1))
    return list(wrapped[-min(_TEXT_LINES, max(1, screen.height // 3)) :])
