"""DebateGPT's generator: a debate with summaries and stated confidence, cleaned of its traces.

Paper: "DebateGPT: Fine-tuning Large Language Models with Multi-agent Debate Supervision",
openreview.net/forum?id=ChNy95ovpF. Which debater's answer becomes the row was not published: here
it is the one that the vote, weighted by stated confidence, chooses.
"""

from collections.abc import Sequence

from manyminds.authoring import (
    Askable,
    MethodGraph,
    Options,
    RoleArgument,
    Several,
    Unpack,
    listed,
    method,
)
from manyminds.graphs.debate import create_debate

_COPIES = 3


@method(
    "debategpt",
    paper="DebateGPT, openreview.net/forum?id=ChNy95ovpF",
    calls="debaters * (2 * rounds - 1) + 1 at most",
    use="Instructions with debated answers, as data to train on: `batch --method debategpt`.",
)
def create_debategpt(
    debaters: Askable | Sequence[Askable],
    *,
    rounds: Several = 2,
    summarizer: RoleArgument = None,
    cleaner: RoleArgument = None,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build the debate of DebateGPT.

    Use it with `manyminds batch FILE --method debategpt --form alpaca --out DIR`, which writes one
    row (instruction, input, output) for each instruction of a file. In each round after the first a
    summarizer merges the others' answers into a short one, each debater states its confidence from
    1 to 100, and a cleaner takes the talk of the debate out of the answer.

    Args:
        debaters: Members that debate; a single one debates as three copies, as in the paper.
        rounds: Number of rounds; the paper has one iteration, which is 2 rounds.
        summarizer: Member that merges the others' answers, or a fallback chain. Default: the first
            debater.
        cleaner: Member that cleans the answer, or a fallback chain. Default: the first debater.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "ballot",
        "candidates", "transcript"}.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    given = listed(debaters)
    team = list(given) * _COPIES if len(given) == 1 else list(given)
    return create_debate(
        team,
        rounds=rounds,
        consensus=False,
        summarize=team[0] if summarizer is None else summarizer,
        confidence=True,
        clean=team[0] if cleaner is None else cleaner,
        **options,
    )
