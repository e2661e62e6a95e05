"""The registry of methods: what there is, who found it, what it costs, when to use it.

The command line, evaluation, Studio and the README table read it. A package of yours adds a method
by the entry point group `manyminds.methods`, whose value is a `Method`.
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, cast

from manyminds.errors import InputError

GROUP = "manyminds.methods"


@dataclass(frozen=True)
class Method:
    """One method, as the registry knows it.

    Args:
        name: on the command line and in reports.
        builder: `module:function`; called with the members and keyword options. Its first argument
            is called `member` where it takes a single one; its annotations and the `Args:` of its
            docstring tell the command line which options it has.
        paper: title and arXiv number.
        calls: calls per question, as a formula of its options.
        use: when to use it, in a sentence.
    """

    name: str
    builder: str
    paper: str
    calls: str
    use: str

    def create(self) -> Callable[..., Any]:
        """Import and return the builder."""
        module, _, function = self.builder.partition(":")
        return cast("Callable[..., Any]", getattr(import_module(module), function))


_OURS = (
    Method(
        name="agent-forest",
        builder="manyminds.graphs.agent_forest:create_agent_forest",
        paper="More Agents Is All You Need, arXiv 2402.05120",
        calls="samples",
        use="Answers that can be compared (numbers, choices, code): cheap, robust, the baseline.",
    ),
    Method(
        name="stepwise-voting",
        builder="manyminds.graphs.stepwise_voting:create_stepwise_voting",
        paper="More Agents Is All You Need, arXiv 2402.05120; MAKER, arXiv 2511.09030",
        calls="steps * votes a step",
        use="Long chains of dependent steps, where one wrong step spoils all after it.",
    ),
    Method(
        name="hierarchical-voting",
        builder="manyminds.graphs.hierarchical_voting:create_hierarchical_voting",
        paper="More Agents Is All You Need, arXiv 2402.05120",
        calls="1 + levels * samples",
        use="The right answer is one of very many: vote on a range first, on the value then.",
    ),
    Method(
        name="moa",
        builder="manyminds.graphs.moa:create_moa",
        paper="Mixture-of-Agents Enhances Large Language Model Capabilities, arXiv 2406.04692",
        calls="proposers * (layers - 1) + 1",
        use="Open answers, several good models: the aggregator writes one answer out of all.",
    ),
    Method(
        name="moa-lite",
        builder="manyminds.graphs.moa:create_moa_lite",
        paper="Mixture-of-Agents Enhances Large Language Model Capabilities, arXiv 2406.04692",
        calls="proposers + 1",
        use="Open answers, and moa takes too long or costs too much: one layer of proposers fewer.",
    ),
    Method(
        name="smoa",
        builder="manyminds.graphs.smoa:create_smoa",
        paper="SMoA: Improving Multi-agent Large Language Models with Sparse Mixture-of-Agents, "
        "arXiv 2411.03284",
        calls="(proposers + 2) * (layers - 1)",
        use="Open answers, and moa costs too much where questions are easy: it stops early then.",
    ),
    Method(
        name="self-moa",
        builder="manyminds.graphs.moa:create_self_moa",
        paper="Rethinking Mixture-of-Agents, arXiv 2502.00674",
        calls="samples * (layers - 1) + 1",
        use="Open answers where one model is clearly better than the others you have.",
    ),
    Method(
        name="self-moa-seq",
        builder="manyminds.graphs.self_moa_seq:create_self_moa_seq",
        paper="Rethinking Mixture-of-Agents, arXiv 2502.00674",
        calls="samples + 1 + ceil((samples - window) / (window - reserved))",
        use="One model is clearly the best, and there are more samples than one prompt can hold.",
    ),
    Method(
        name="ranker",
        builder="manyminds.graphs.ranker:create_ranker",
        paper="Mixture-of-Agents Enhances Large Language Model Capabilities, arXiv 2406.04692",
        calls="members + 1",
        use="One member's own answer is wanted, word for word: the baseline that moa has to beat.",
    ),
    Method(
        name="reflexion",
        builder="manyminds.graphs.reflexion:create_reflexion",
        paper="Reflexion: Language Agents with Verbal Reinforcement Learning, arXiv 2303.11366",
        calls="3 * tries - 2",
        use="Answers that can be checked, such as code by tests: give the check as a function.",
    ),
    Method(
        name="self-refine",
        builder="manyminds.graphs.self_refine:create_self_refine",
        paper="Self-Refine: Iterative Refinement with Self-Feedback, arXiv 2303.17651",
        calls="1 + 2 * refinements",
        use="Texts and code that a model judges better than it writes them at the first try.",
    ),
    Method(
        name="spp",
        builder="manyminds.graphs.spp:create_spp",
        paper="Unleashing the Emergent Cognitive Synergy in Large Language Models, "
        "arXiv 2307.05300",
        calls="1",
        use="One call to a strong model, on questions that need knowledge of several fields.",
    ),
    Method(
        name="chain-of-thought",
        builder="manyminds.graphs.chain_of_thought:create_chain_of_thought",
        paper="Chain-of-Thought Prompting Elicits Reasoning in Large Language Models, "
        "arXiv 2201.11903; Large Language Models are Zero-Shot Reasoners, arXiv 2205.11916",
        calls="1",
        use="The baseline of one call; sampled and voted on, it is self-consistency.",
    ),
    Method(
        name="debate",
        builder="manyminds.graphs.debate:create_debate",
        paper="Improving Factuality and Reasoning through Multiagent Debate, arXiv 2305.14325",
        calls="debaters * rounds",
        use="Answers that reasons can change, members of different families; measure it first.",
    ),
    Method(
        name="council",
        builder="manyminds.graphs.council:create_council",
        paper="Peer Rank and Discussion, arXiv 2307.02762; LLM Council (A. Karpathy, 2025)",
        calls="2 * members + 1",
        use="Open answers, three or more good models, and no judge whose taste should decide.",
    ),
)


def methods() -> dict[str, Method]:
    """Return all methods by name: ours, then those of installed packages."""
    found = {method.name: method for method in _OURS}
    for point in entry_points(group=GROUP):
        method = point.load()
        if not isinstance(method, Method):
            raise InputError(f"entry point {point.name} of {GROUP}: its value must be a Method")
        found.setdefault(method.name, method)
    return found


def method(name: str) -> Method:
    """Return the method of that name.

    Raises:
        InputError: there is none; the message has the nearest name.
    """
    known = methods()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f"did you mean `{near[0]}`?" if near else f"there are: {', '.join(known)}"
    raise InputError(f"there is no method `{name}`: {hint}")
