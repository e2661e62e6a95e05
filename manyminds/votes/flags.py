"""Red flags: signs in a reply that its author was confused, which make it not worth a vote."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from manyminds.errors import InputError


@dataclass(frozen=True)
class RedFlags:
    r"""Which replies are thrown away and asked for again (MAKER, arXiv 2511.09030).

    A flagged reply is never mended: replies that ramble or break the format are wrong more often
    in content as well, so taking what can be read of them lowers accuracy.

    Args:
        longest: characters of a reply at most; MAKER flags above some 700 tokens (2,800).
        form: a regular expression that a reply must match somewhere, such as r"^Answer: \d+$";
            `^` and `$` match at lines.
        check: a function from a reply to True where it is fine.
        unread: flag a reply in which no answer can be read.

    Raises:
        InputError: the expression is malformed, or nothing is checked.
    """

    longest: int | None = None
    form: str | None = None
    check: Callable[[str], bool] | None = None
    unread: bool = False

    def __post_init__(self) -> None:
        """Refuse flags that cannot work."""
        if self.longest is not None and self.longest < 1:
            raise InputError(f"longest={self.longest}: give at least 1 character")
        try:
            re.compile(self.form or "")
        except re.error as error:
            raise InputError(f"form={self.form!r} is no regular expression: {error}") from None
        if (self.longest, self.form, self.check, self.unread) == (None, None, None, False):
            raise InputError("RedFlags: give longest=, form=, check= or unread=True")

    @cached_property
    def _form(self) -> re.Pattern[str] | None:
        return None if self.form is None else re.compile(self.form, re.MULTILINE)

    def reason(self, reply: str, answer: str | None) -> str | None:
        """Say why a reply is flagged, or None.

        Args:
            reply: the whole text.
            answer: answer that was read in it, if any.
        """
        if self.longest is not None and len(reply) > self.longest:
            return f"longer than {self.longest} characters"
        if self._form is not None and self._form.search(reply) is None:
            return "not in the form asked for"
        if self.unread and answer is None:
            return "no answer can be read"
        if self.check is not None and not self.check(reply):
            return "the check failed"
        return None
