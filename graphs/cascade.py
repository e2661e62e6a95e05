"""Cascade: ask the cheapest first, and the next only where the answer is not agreed on.

Papers: ModelSwitch, arXiv 2504.00762; HCP-MAD, arXiv 2604.09679.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from typing_extensions import TypedDict

from manyminds.answer_form import AUTO, form_prompt
from manyminds.authoring import (
    Ask,
    Askable,
    Candidate,
    CandidatesOutput,
    Count,
    InputError,
    Member,
    MethodGraph,
    Options,
    Prompt,
    PromptLike,
    SampledState,
    Share,
    State,
    Unpack,
    Update,
    decide,
    method,
    ok,
    require,
    why,
)
from manyminds.members import layers_of_members
from manyminds.nodes.sampler import ask_all, in_turn, room
from manyminds.nodes.tally import comparer, in_worker, late, read_answers, similar
from manyminds.presets import Preset, PresetReport, preset_report, priced
from manyminds.reading.answers import Extractor, extractor
from manyminds.state import whole_text
from manyminds.votes import stopping
from manyminds.votes.votes import labels, majority


class Stage(TypedDict):
    """How a stage went.

    `share` is the part of its good replies that state `answer`; `stands` says whether the cascade
    ended here, `why` on what ground it did or did not.
    """

    stage: int
    members: list[str]
    asked: int
    answer: str | None
    share: float
    stands: bool
    why: str


class CascadeState(SampledState, total=False):
    """Channels of a cascade; `candidates` are the replies of all stages."""

    stages: list[Stage]
    preset: PresetReport | None


class CascadeOutput(CandidatesOutput):
    """The answer, the report, all replies, and how each stage went."""

    stages: list[Stage]


@method(
    "cascade",
    paper="ModelSwitch, arXiv 2504.00762; HCP-MAD, arXiv 2604.09679",
    calls="samples * (stages - 1) + 1 at most",
    use="Most questions are easy: the cheap members answer, and the next only where they disagree.",
)
def create_cascade(
    stages: Sequence[Askable] | Sequence[Sequence[Askable]],
    *,
    samples: Count = 3,
    agree: Share = 1.0,
    stop: str | stopping.StoppingRule | None = None,
    confirm: bool = True,
    extract: str | Callable[[str], str | None] | Extractor = "final",
    preset: Preset | None = None,
    prompt: PromptLike | None = AUTO,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build a cascade: stages in order of price, of which the first that agrees answers.

    A stage's answer stands if its replies agree, or if it is the answer of the stage before. Else
    the next stage follows. The last stage is asked once, its answer stands, and it streams by
    tokens: a member, or the role of a method that writes; the answer of a vote comes whole. If no
    reply can be read, a stage does not agree: for open answers give a method as the last stage.

    Args:
        stages: Members in order of price, cheapest first. A stage may be a list of members, which
            are sampled in turn, or a method, which runs once: its own vote says how it agrees. A
            list as the last stage: all replies of the run are voted on.
        samples: Samples of each stage but the last; of a list at least one a member. With a
            preset: as it says.
        agree: Share of a stage's replies that must state its answer, for that answer to stand.
        stop: Stopping rule instead of `agree`, such as "certified:0.05": a stage is sampled until
            the rule stops, at most `samples` times, which must be enough for it.
        confirm: Whether an answer stands that the stage before gave, too.
        extract: Kind of the answer: a name ("number", "choice", ...), a function or an Extractor.
        preset: Stages, samples and agreement from the members' prices, which must be known. All
            stages are put in order of price. "budget": 3 samples, of which 2 agree, without the
            most expensive member of three or more; "balanced": 3 samples that all agree;
            "quality": 5 samples that all agree, whatever the stage before said.
        prompt: Prompt of the stages; None asks the bare question. Default ("auto"): where an
            answer fits into a line, a prompt that asks for a last line with the answer.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates",
        "stages"}.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    given = _rows(stages)
    if preset is not None:
        if (samples, agree, confirm) != (3, 1.0, True):
            raise InputError(f"preset={preset!r} sets samples, agree and confirm: leave them away")
        ordered = priced([one for row in given for one in row], preset)
        cut = preset == "budget" and len(ordered) > 2  # two stages stay in any case
        given = [[one] for one in (ordered[:-1] if cut else ordered)]
        samples, agree, confirm = _PRESETS[preset]
    rows = layers_of_members(given, what="stages")
    config = _Config(rows, samples, agree, stop, confirm, extractor(extract))
    everyone = {member.name: member for row in rows for member in row}
    graph = MethodGraph(
        "cascade", everyone.values(), state=CascadeState, output=CascadeOutput, **options
    )
    config.prompt = form_prompt(graph, prompt, None, kind=config.extract, vote="majority")
    names = [f"stage-{place + 1}" for place in range(len(rows))]
    for place, name in enumerate(names):
        turns = in_turn(rows[place], config.most(place))
        graph.step(name, _asked(config, place), role="stage", opens=True, asks=turns)
    for name, following in zip(names, names[1:], strict=False):
        graph.unless_done(name, following)
    said = preset and preset_report(preset, list(everyone.values()))
    graph.open(names[0], stages=[], preset=said)
    return graph.close(after=names[-1], keys=["stages", "decision", "preset"])


# Samples, agreement, and whether an answer stands that the stage before gave.
_PRESETS: Mapping[Preset, tuple[int, float, bool]] = {
    "budget": (3, 0.6, True),
    "balanced": (3, 1.0, True),
    "quality": (5, 1.0, False),
}


def _rows(stages: Any) -> list[list[Askable]]:
    """Return each stage as a list of members."""
    listed = [stages] if isinstance(stages, str) or not isinstance(stages, Sequence) else stages
    return [
        list(cast("Sequence[Askable]", stage)) if isinstance(stage, list | tuple) else [stage]
        for stage in cast("Sequence[Any]", listed)
    ]


class _Config:
    """The prompt, the votes and the thresholds that the stages of a cascade share."""

    def __init__(
        self,
        rows: Sequence[Sequence[Member]],
        samples: int,
        agree: float,
        stop: str | stopping.StoppingRule | None,
        confirm: bool,
        extract: Extractor,
    ) -> None:
        self.rows, self.samples, self.agree = rows, samples, agree
        self.confirm, self.extract = confirm, extract
        self.prompt: Prompt | None = None
        self.rules = [stopping.rule_within(stop, self.most(place)) for place in range(len(rows))]

    def most(self, place: int) -> int:
        """Return the calls of a stage, at most."""
        row = self.rows[place]
        last = place == len(self.rows) - 1
        alone = len(row) == 1 and (last or row[0].input_kind.kind == "method")
        return 1 if alone else max(self.samples, len(row))

    async def read(self, replies: Sequence[Candidate], ask: Ask) -> list[Candidate]:
        """Return the replies with the answer of each, equal answers in the same words."""
        answers = await read_answers(ask.run, replies, self.extract)
        return [{**r, "answer": a} for r, a in zip(replies, answers, strict=True)]

    def leader(self, replies: Sequence[Candidate]) -> tuple[Candidate | None, float]:
        """Return the reply that leads the vote, and its share of the good replies."""
        good = [reply for reply in replies if ok(reply)]
        ballot = majority([reply["answer"] for reply in good], extractor=comparer(self.extract))
        if ballot["winner"] is None:
            return None, 0.0
        won = good[ballot["winner"]]
        inner = won.get("ballot")
        if len(good) == 1 and inner is not None and inner["groups"]:
            weights = [group["weight"] for group in inner["groups"]]
            return won, max(weights) / (sum(weights) or 1)
        return won, ballot["groups"][0]["weight"] / len(good)

    def equal(self, one: Candidate, other: Candidate) -> bool:
        """Return whether two replies state the same answer."""
        votes = majority([one["answer"], other["answer"]], extractor=comparer(self.extract))
        return votes["voters"] == 2 and len(votes["groups"]) == 1

    def votes(self, replies: Sequence[Candidate]) -> list[int | None]:
        """Return the group of each reply, as stopping rules read it."""
        return labels([reply["answer"] for reply in replies], comparer(self.extract))


def _asked(config: _Config, place: int) -> Callable[[Any, Ask], Any]:
    """Return the step of a stage."""
    last = place == len(config.rows) - 1

    async def run(state: State, ask: Ask) -> Update:
        before = state["candidates"]
        if not room(ask, 1) and any(map(ok, before)):
            reason = f"{ask.run.exhausted()} before stage {place + 1}"
            work = partial(_voted, config, before, reason, reason)
            return await in_worker(ask.run, work) or late(before)
        alone = last and config.most(place) == 1
        if alone:
            member = config.rows[place][0]
            draw = sum(reply["member"] == member.name for reply in before)
            new = [await ask(member, config.prompt, index=len(before), draw=draw, stream=True)]
        else:
            new = await _sampled(config, place, state, ask)
        replies = await config.read([*before, *new], ask)
        work = partial(_after, config, place, state, replies, ask.run.settings.answer_tokens)
        return await in_worker(ask.run, work) or late(replies)

    return run


def _after(
    config: _Config, place: int, state: State, replies: Sequence[Candidate], limit: int | None
) -> Update:
    """Return what a stage updates: it ends the cascade, or the next one follows."""
    before, own = replies[: len(state["candidates"])], replies[len(state["candidates"]) :]
    last = place == len(config.rows) - 1
    stage = _judged(config, place, before, own, limit is not None)
    update: Update = {"candidates": [*replies], "stages": [*state["stages"], stage]}
    if stage["stands"]:
        final = own[0] if last and config.most(place) == 1 else config.leader(own)[0]
        stop = decide(True, f"stage {place + 1}: {stage['why']}", agreement=stage["share"])
        return {**update, "final": final, "decision": stop}
    if not last:
        return update
    require(replies, 1)
    notes = [] if any(map(ok, own)) else [f"the last stage gave no answer ({why(own[-1])})"]
    return {**update, **_voted(config, replies, "no stage agreed", *notes)}


async def _sampled(config: _Config, place: int, state: State, ask: Ask) -> list[Candidate]:
    """Sample a stage: at once, or in waves until the stopping rule is content."""
    before, most = state["candidates"], config.most(place)
    turns, new = in_turn(config.rows[place], most), list[Candidate]()
    rule = config.rules[place] or stopping.fixed(most)
    while True:
        read = (await config.read([*before, *new], ask))[len(before) :]
        votes = await in_worker(ask.run, partial(config.votes, read)) or []
        wanted = min(rule.need(votes), most - len(new))
        wanted = room(ask, wanted) if new else max(1, room(ask, wanted))
        if wanted < 1:
            return new
        calls = [(member, config.prompt) for member in turns[len(new) : len(new) + wanted]]
        new += await ask_all(ask, calls, before=[*before, *new], quorum=min(2, wanted))


def _judged(
    config: _Config,
    place: int,
    before: Sequence[Candidate],
    own: Sequence[Candidate],
    limited: bool,
) -> Stage:
    """Return how a stage went, and whether its answer stands; the caller may limit its tokens."""
    leader, share = config.leader(own)
    earlier = config.leader([reply for reply in before if reply["layer"] == place])[0]
    stands, reason = False, "the replies disagree"
    if not any(map(ok, own)):
        reason = f"no answer ({why(own[-1])})"
    elif place == len(config.rows) - 1 and config.most(place) == 1:
        # A reply that the member's own token limit cut stands only where no answer came before.
        stands = limited or whole_text(own[0]) is not None or config.leader(before)[0] is None
        reason = "the last stage" if stands else "the token limit cut the reply"
    elif leader is None:
        reason = "no answer could be read"
    elif settled := _agrees(config, place, own, share):
        stands, reason = True, settled
    elif config.confirm and earlier is not None and config.equal(leader, earlier):
        stands, reason = True, f"the answer of stage {place}, too"
    elif len(own) == 1 and "ballot" not in own[0]:
        reason = "one reply agrees with none"
    elif (rule := config.rules[place]) is not None:
        reason = f"{rule.name} did not stop within {len(own)} replies"
    return Stage(
        stage=place + 1,
        members=list(dict.fromkeys(reply["member"] for reply in own)),
        asked=len(own),
        answer=None if leader is None else leader["answer"],
        share=round(share, 3),
        stands=stands,
        why=reason,
    )


def _agrees(config: _Config, place: int, own: Sequence[Candidate], share: float) -> str | None:
    """Return why a stage agrees with itself, or None; one reply alone agrees with nothing."""
    good = sum(map(ok, own))
    voted, rule = good > 1 or any("ballot" in reply for reply in own), config.rules[place]
    if rule is not None:
        reason = rule.stop(config.votes(own)) if voted else None
        return None if reason is None or reason.startswith("cap:") else reason
    said = f"{good} replies agree" if good > 1 else "its own vote agrees"
    return f"{share:.0%} of {said}" if voted and share >= config.agree else None


def _voted(config: _Config, replies: Sequence[Candidate], reason: str, *notes: str) -> Update:
    """End with the answer of all stages' replies, later stages first in a tie."""
    latest = sorted(replies, key=lambda reply: -reply["layer"])
    won, share = config.leader(latest)
    said = list(notes)
    if won is None:
        won = latest[similar(latest, "bleu", whole=True)["winner"] or 0]
        said.append("no answer could be read: the most typical reply was chosen")
    elif 2 * share <= 1:
        said.append("undecided: no answer has more than half of the replies")
    return {"final": won, "notes": said, "decision": decide(True, reason, agreement=share)}
