"""The usage that the chunks of a stream report: parts of a sum, or each the count so far.

LangChain adds up what chunks report. Clients that hand on the running count of a server would so
be billed several times.
"""

from langchain_core.outputs import ChatGenerationChunk, GenerationChunk

from manyminds.models.token_counts import usage_of
from manyminds.state import TokenUsage

_FEW = 3  # reports, from which on a pattern is no chance


class StreamedUsage:
    """The reports of one stream."""

    def __init__(self) -> None:
        self._read, self._written = list[int](), list[int]()

    def add(self, chunk: GenerationChunk | ChatGenerationChunk | None) -> None:
        """Take in the usage of a chunk, if it reports one."""
        usage = usage_of(getattr(chunk, "message", None))
        if usage is not None and any(usage.values()):
            self._read.append(usage["input_tokens"])
            self._written.append(usage["output_tokens"])

    @property
    def summed(self) -> TokenUsage | None:
        """All reports added up, as LangChain does; None where there is none."""
        if not self._read:
            return None
        return TokenUsage(input_tokens=sum(self._read), output_tokens=sum(self._written))

    def is_unclear(self, whole: TokenUsage | None) -> bool:
        """Return whether the reports do not tell what was used.

        Args:
            whole: The usage of the whole message.
        """
        return whole is not None and self.of(whole) is None

    def of(self, whole: TokenUsage | None) -> TokenUsage | None:
        """Return the usage of the whole message, counted once; None where it is unclear.

        Args:
            whole: As the message carries it. It stands where it is not the sum of the reports.
        """
        if len(self._read) < 2 or whole != self.summed:
            return whole
        if sum(read > 0 for read in self._read) < 2:  # the prompt is counted once: parts
            return None if _rises(self._written) else whole
        if len(self._read) >= _FEW and len(set(self._written)) == 1:  # one token a chunk, or so far
            return None
        if _is_ordered(self._read) and _is_ordered(self._written):
            return TokenUsage(input_tokens=self._read[-1], output_tokens=self._written[-1])
        return None


def _is_ordered(counts: list[int]) -> bool:
    return counts == sorted(counts)


def _rises(counts: list[int]) -> bool:
    """Return whether counts rise from report to report, as parts hardly do."""
    known = [count for count in counts if count]
    return len(known) >= _FEW and known == sorted(set(known))
