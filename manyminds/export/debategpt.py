"""DebateGPT: the instruction and the answer that the debate ended with, in Alpaca form.

The paper's rows are not transcripts: only the final, cleaned answer is trained. Its file format was
never published; Alpaca's is what its instructions come in.
"""

from collections.abc import Iterator

from manyminds.export.exporter import UNTRAINED, Exporter, Row
from manyminds.export.fireact import AlpacaRow
from manyminds.export.messages import NotHeldError
from manyminds.export.react import turns_of
from manyminds.trajectory import Trajectory


def rows(trajectory: Trajectory) -> Iterator[Row]:
    """Yield the one row of an answer."""
    turns = turns_of(trajectory)
    if len(turns) > 2:
        raise NotHeldError("more than one question and answer")
    question, answer = turns
    if not answer["train"]:
        raise NotHeldError(UNTRAINED)
    yield {"instruction": question["text"], "input": "", "output": answer["text"]}


EXPORTER = Exporter(
    "debategpt", "DebateGPT: instruction and final answer in Alpaca form", AlpacaRow, rows,
    layout="array", paper="OpenReview ChNy95ovpF",
)  # fmt: skip
