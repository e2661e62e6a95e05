"""Reflexion: try, check, write down what went wrong, try again.

Paper: "Reflexion: Language Agents with Verbal Reinforcement Learning", arXiv 2303.11366.
"""

from collections.abc import Sequence

from langchain_core.runnables import Runnable
from langgraph.graph import StateGraph
from typing_extensions import TypeIs, Unpack

from manyminds.authoring import method
from manyminds.errors import InputError
from manyminds.members import Askable, Member
from manyminds.members import members as as_members
from manyminds.method_graph import MethodGraph, Options
from manyminds.models.openai import EndpointModel
from manyminds.nodes.channels import MethodOutput, SampledState
from manyminds.nodes.checker import Check, MemberCheck, checker
from manyminds.nodes.critic import Taken, critic
from manyminds.nodes.finish import unless_done
from manyminds.nodes.lessons import recall, remember
from manyminds.nodes.node import State, Update
from manyminds.nodes.roles import with_roles
from manyminds.nodes.solver import latest, solver
from manyminds.prompts import escaped, load, numbered
from manyminds.runs.context import RunContext
from manyminds.state import Candidate

METHOD = "reflexion"
ATTEMPT, CHECK, LESSON = "reflexion/attempt@1", "reflexion/check@1", "reflexion/lesson@1"


class ReflexionState(SampledState, total=False):
    """Channels of Reflexion; `candidates` are all tries."""

    lessons: list[str]
    feedback: str
    passed: bool | None


class ReflexionOutput(MethodOutput):
    """The answer, the report, all tries, the lessons, and whether the answer passed."""

    candidates: list[Candidate]
    lessons: list[str]
    passed: bool | None


@method(
    "reflexion",
    paper="Reflexion: Language Agents with Verbal Reinforcement Learning, arXiv 2303.11366",
    calls="3 * tries - 2",
    use="Answers that can be checked, such as code by tests: give the check as a function.",
)
def create_reflexion(
    member: Askable,
    *,
    check: Check | Askable | Sequence[Askable] | None = None,
    tries: int = 3,
    memory: int = 3,
    task: str | None = None,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build Reflexion: an answer that does not pass is tried again with a lesson written from it.

    Use it where an answer can be checked: code by its tests, a plan by rules. Give such a check;
    a member that checks itself misses most of its own mistakes. The check never sees the reference
    answer of an evaluation unless you give it one.

    Args:
        member: who tries, and writes the lessons.
        check: a function, sync or async, from the text of an answer to whether it passes, or to
            (passes, what is wrong); or a member that judges, or a fallback chain of members.
            Default: the member itself.
        tries: answers at most: up to 2 * tries - 1 calls with a function. A member that judges adds
            one a try but the last, after which nothing could follow.
        memory: how many of the latest lessons are shown, and kept in the store where the graph
            is compiled with one.
        task: lessons in the store are about this, for all questions; default: each question has its
            own. The samples of an Agent Forest keep theirs apart.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates",
        "lessons", "passed"}. `passed` is None where the answer was not checked.

    Raises:
        InputError: an argument cannot be used; the message says what to give.
    """
    if tries < 1 or memory < 1:
        raise InputError(f"tries={tries}, memory={memory}: give at least 1 of each")
    one, judges, how = _who(member, check, tries)
    graph = MethodGraph(
        METHOD,
        [one, *judges],
        state=ReflexionState,
        output=ReflexionOutput,
        **options,
    )
    graph.draws = 2 * tries * (1 + len(judges))
    attempt, learnt = load(ATTEMPT, variables={"answer", "lessons"}), load(LESSON)
    graph.open("memory", lessons=[], feedback="", passed=None)
    for node in (
        recall(task, memory=memory, method=METHOD, context=graph.settings),
        solver(
            one,
            method=METHOD,
            prompt=attempt,
            shown=_again,
            tries=tries,
            settles=isinstance(how, MemberCheck),
            context=graph.settings,
        ),
        checker(how, method=METHOD, tries=tries, context=graph.settings),
        critic(
            one,
            name="reflector",
            method=METHOD,
            prompt=learnt,
            shown=_failed,
            taken=_learning(task, memory),
            tries=tries,
            context=graph.settings,
        ),
    ):
        graph.add_node(str(node.name), node)
    for name in ("solver", "reflector"):
        graph.label(name, [one.name])
    graph.add_edge("memory", "solver")
    graph.add_conditional_edges("solver", unless_done("checker"), ["checker", "finish"])
    graph.add_conditional_edges("checker", unless_done("reflector"), ["reflector", "finish"])
    graph.add_conditional_edges("reflector", unless_done("solver"), ["solver", "finish"])
    prompts = [attempt, *([how.prompt] if isinstance(how, MemberCheck) else []), learnt]
    roles: dict[str, Sequence[Member]] = {"checker": judges} if judges else {}
    graph.close(prompts=prompts, roles=roles, keys=["lessons", "passed"])
    return graph


def _who(
    member: Askable, check: Check | Askable | Sequence[Askable] | None, tries: int
) -> tuple[Member, tuple[Member, ...], Check | MemberCheck]:
    """Return who tries, who judges, and the check."""
    if _is_function(check):
        return as_members([member], what="member")[0], (), check
    (one,), judges = with_roles([[member]], check)
    prompt = load(CHECK, variables={"answer"})
    return one, judges, MemberCheck(judges, prompt, first=2 * tries)


def _is_function(check: Check | Askable | Sequence[Askable] | None) -> TypeIs[Check]:
    return callable(check) and not isinstance(check, Runnable | Member | EndpointModel | StateGraph)


def _learning(task: str | None, memory: int) -> Taken:
    async def learn(state: State, run: RunContext, text: str) -> Update:
        lessons = [*state["lessons"], text.strip()][-memory:]
        await remember(task, lessons, run)
        return {"lessons": lessons}

    return learn


def _again(state: State) -> dict[str, str]:
    """Show the lessons, and from the second try on the answer that did not pass."""
    lessons = "\n".join(f"- {escaped(lesson)}" for lesson in state["lessons"])
    last = numbered([latest(state)["text"]]) if state["candidates"] else ""
    return {"lessons": lessons, "answer": last}


def _failed(state: State) -> dict[str, str]:
    feedback = escaped(state["feedback"]) or "It did not pass; nothing more is known."
    return {"answer": numbered([latest(state)["text"]]), "feedback": feedback}
