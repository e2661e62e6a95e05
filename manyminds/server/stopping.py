"""Stop sequences: an answer ends before the first of them, whichever method wrote it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from manyminds.server.events import Delta, Done, Event


async def until(events: AsyncIterator[Event], stops: Sequence[str]) -> AsyncIterator[Event]:
    """Yield the events of a run with the answer cut at the first stop sequence.

    The run itself goes on to its end, so that the report and the usage are whole. The end of a
    text that may begin a stop sequence is held back until more is known.

    Args:
        events: Events of the run.
        stops: Stop sequences, at least one.
    """
    held, stopped = "", ""
    async for event in events:
        if isinstance(event, Delta):
            if stopped:
                continue
            shown, stopped = cut(held + event.text, stops)
            keep = 0 if stopped else _may_begin(shown, stops)
            held = shown[len(shown) - keep :]
            if shown := shown[: len(shown) - keep]:
                yield Delta(shown)
        elif isinstance(event, Done):
            if held:
                yield Delta(held)
            text, found = cut(event.text, stops)
            whole = event.truncated and not found
            yield replace(event, text=text, stopped=found, truncated=whole)
        else:
            yield event


def cut(text: str, stops: Sequence[str]) -> tuple[str, str]:
    """Return a text up to the stop sequence that ends first, and the sequence, if there is one."""
    found = [(at + len(stop), at) for stop in stops if (at := text.find(stop)) >= 0]
    if not found:
        return text, ""
    end, at = min(found)
    return text[:at], text[at:end]


def _may_begin(text: str, stops: Sequence[str]) -> int:
    """Return how many characters at the end of a text may be the beginning of a stop sequence."""
    longest = min(len(text), max(map(len, stops)) - 1)
    ends = (text[len(text) - size :] for size in range(longest, 0, -1))
    return next((len(end) for end in ends if any(stop.startswith(end) for stop in stops)), 0)
