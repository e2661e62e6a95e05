"""Checks for Reflexion: an answer's program is run against tests, in a sandbox."""

from collections.abc import Awaitable, Callable, Sequence

from manyminds.errors import InputError
from manyminds.evals.executing import whole_program
from manyminds.evals.sandbox import Limits, passes
from manyminds.reading.answers import EXTRACTORS

_SHOWN = 3  # failed tests that the feedback names
_LONGEST = 500  # characters of a test in the feedback


def passes_tests(
    name: str, tests: str | Sequence[str], *, given: str = "", limits: Limits | None = None
) -> Callable[[str], Awaitable[tuple[bool, str]]]:
    """Return a check that runs the program in an answer against tests.

    Use it as `create_reflexion(member, check=passes_tests("double", ["assert double(2) == 4"]))`.
    The program and its tests run in processes of their own; see `manyminds.evals.sandbox`. What
    fails is the feedback, so give tests that the member may see.

    Args:
        name: Name of the function that the answer defines.
        tests: Statements, such as "assert double(2) == 4", each a test; as a text, one a line.
        given: Beginning of the program in the question, where answers only complete it.
        limits: Limits of a program. Default: those of `sandbox.passes`.

    Raises:
        InputError: There is no test, or the system has no sandbox.
    """
    lines = tests.splitlines() if isinstance(tests, str) else tests
    listed = [test.strip() for test in lines if test.strip()]
    if not name.isidentifier() or not listed:
        raise InputError(
            f"name={name!r} with {len(listed)} tests: give the function's name and at least one "
            "test, such as 'assert double(2) == 4'"
        )
    allowed = limits or Limits()
    allowed.check()

    async def passed(program: str, *some: str) -> bool:
        body = "\n".join(f"    {test}" for test in some)
        source = f"def check({name}):\n{body}\n"
        return await passes(program, name, source, given=given, limits=allowed) is True

    async def check(text: str) -> tuple[bool, str]:
        code = EXTRACTORS["code"].extract(text)
        if code is None:
            return False, "The answer holds no Python program."
        program = whole_program(given, code)
        if await passed(program, *listed):
            return True, ""
        failed = [test for test in listed if not await passed(program, test)]
        shown = "\n".join(test[:_LONGEST] for test in failed[:_SHOWN])
        more = f"\nand {len(failed) - _SHOWN} more" if len(failed) > _SHOWN else ""
        return False, f"These tests fail, of {len(listed)}:\n{shown}{more}" if failed else (
            "The tests pass one by one, but not together."
        )

    return check
