"""Weighted vote on one question after another, whose weights are learned without labels."""

from collections.abc import Sequence

from manyminds.reading.answers import Extractor
from manyminds.votes.ballots import Ballot
from manyminds.votes.effort import Effort
from manyminds.votes.unlabelled import ENOUGH, AgreementWeights
from manyminds.votes.votes import weighted


def by_agreement(
    answers: Sequence[str | None],
    members: Sequence[str],
    learned: AgreementWeights,
    *,
    extractor: Extractor | None = None,
    effort: Effort | None = None,
) -> Ballot:
    """Hold a weighted vote with weights from earlier questions, and learn from this one.

    On the first question all weigh the same, so it is a majority vote. For questions that are all
    there at once, use `votes.weighted_together`. Members that make the same mistakes look right to
    each other.

    Args:
        answers: answer read in each candidate; None abstains.
        members: name of each candidate's member.
        learned: weights so far; changed by this vote.
        extractor: reader that says which answers are equal, as for `majority`.
        effort: as for `majority`.
    """
    known = learned.questions
    voting = [name for name, one in zip(members, answers, strict=True) if one is not None]
    weights = learned.weights(list(dict.fromkeys(voting)))
    each = [weights.get(name, 0.0) for name in members]
    ballot = weighted(answers, each, extractor=extractor, vote="agreement", effort=effort)
    label = {at: nth for nth, group in enumerate(ballot["groups"]) for at in group["indices"]}
    draws: dict[str, list[int]] = {}
    for at, name in enumerate(members):
        if at in label:
            draws.setdefault(name, []).append(label[at])
    most = max(map(len, draws.values()), default=0)
    learned.learn(
        [{name: own[k] for name, own in draws.items() if k < len(own)} for k in range(most)]
    )
    if known < ENOUGH:
        note = f"weights from agreement: only {known} earlier questions to learn from"
        ballot["notes"] = [note, *ballot.get("notes", [])]
    return ballot
