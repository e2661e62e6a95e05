"""Actions of simulated models: where a prompt offers a calculator, it does the last step.

The steps before are worked out as ever, with the errors of the model's skill.
"""

import re
from collections.abc import Sequence

_CALCULATOR = "\n- calculate["
_STEP = "Action: tool[argument]"
_NAMED = "R1 = tool(argument)"
_CHECKED = "A checker looks at each action"  # a simulated checker knows results, and no actions
_OBSERVED = re.compile(r"Observation: (-?\d{1,40}(?:\.\d{1,20})?)\s*\Z")


def act(prompt: str, lines: Sequence[str], mark: str) -> str | None:
    """Return the reply that acts as a prompt asks, or None where it offers no calculator.

    Args:
        prompt: Text of the prompt, without answers of the model itself.
        lines: Working of the model, such as `60 + 52 = 112`.
        mark: Mark of simulated replies.
    """
    if _CALCULATOR not in prompt or _CHECKED in prompt or not lines:
        return None
    formula = lines[-1].partition(" = ")[0]
    if _NAMED in prompt:
        return f"R1 = calculate({formula})"
    if _STEP not in prompt:
        return None
    seen = _OBSERVED.search(prompt[-200:])
    if seen is not None:
        return f"Thought: The calculator says {seen[1]}. {mark}\nAction: finish[{seen[1]}]"
    thought = "\n".join([*lines[:-1], "The calculator does the last step."])
    return f"Thought: {thought} {mark}\nAction: calculate[{formula}]"
