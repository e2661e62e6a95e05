"""The errors of manyminds; each message says what to do.

ManymindsError
├── InputError            an argument or input cannot be used (also a ValueError)
│   ├── MemberError       a member, model string, key or package is wrong or missing
│   ├── PromptError       a prompt is missing, malformed, or lacks a variable
│   └── DataError         a data file is unreadable or malformed (names file and line)
└── RunError              a run could not give an answer
├── AnswerError       one member gave no usable answer (becomes a failed candidate)
├── QuorumError       too few members answered; `failures` names each
└── BudgetError       the budget ran out without an answer, or with exhausted="raise"
"""

from collections.abc import Mapping, Sequence
from typing import Any


class ManymindsError(Exception):
    """Base of every error raised on purpose by manyminds."""


class InputError(ManymindsError, ValueError):
    """An argument or input cannot be used; the message says what to give instead."""


class MemberError(InputError):
    """A member cannot be asked: unknown string, missing key or package, unclear input."""


class PromptError(InputError):
    """A prompt is missing or malformed, or its variables are not those of its role."""


class DataError(InputError):
    """A data file cannot be read; the message names the file and the line."""


class RunError(ManymindsError):
    """A run ended without an answer.

    Attributes:
        spent: usage that was paid for: the ledger up to the node that gave up, as in a
            report's `spent`; None where it is not known.
    """

    spent: Mapping[str, Any] | None = None


class QuorumError(RunError):
    """Fewer members answered than the quorum asks for.

    Attributes:
        failures: one line for each member that gave no answer, with the reason.
    """

    def __init__(self, message: str, failures: Sequence[str] = ()) -> None:
        super().__init__("; ".join([message, *failures]))
        self.failures = tuple(failures)


class BudgetError(RunError):
    """The budget ran out before there was an answer, or `exhausted="raise"` is set."""


class AnswerError(RunError):
    """A member was asked and gave no usable answer; raised by models, never out of a run.

    Attributes:
        kind: one of `manyminds.state.FailureKind`.
        retriable: the same request may succeed later.
        usage: tokens of a response that came anyway; None where none was reported.
    """

    usage: Mapping[str, Any] | None = None

    def __init__(self, message: str, *, kind: str, retriable: bool = False) -> None:
        super().__init__(message)
        self.kind = kind
        self.retriable = retriable
