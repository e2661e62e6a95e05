"""ShareGPT's turns, which several forms share: `from` and `value`."""

from collections.abc import Iterator, Sequence
from typing import Literal

from typing_extensions import TypedDict

from manyminds.export.react import Turn

SharegptTurn = TypedDict("SharegptTurn", {"from": Literal["human", "gpt"], "value": str})
"""A turn of a conversation that alternates."""


def sharegpt(turns: Sequence[Turn]) -> Iterator[dict[str, str]]:
    """Yield turns as ShareGPT writes them."""
    for turn in turns:
        yield {"from": "human" if turn["side"] == "user" else "gpt", "value": turn["text"]}
