"""Words for the parts of a run: layer, round, wave, step, stage, window, query."""

from collections.abc import Iterable

_OF_ROLES = {
    "debater": "round",
    "sampler": "wave",
    "solver": "try",
    "level": "level",
    "stage": "stage",
    "population": "step",
}
_OF_METHODS = {
    "stepwise-voting": "step",
    "tournament": "step",
    "cmat": "step",
    "interaction": "step",
    "lumos": "step",
    "ste": "query",
    "self-instruct": "round",
    "self-moa-seq": "window",
}


def part(roles: Iterable[str], method: str = "") -> str:
    """Return the method's word for the part of a run in which these roles answered."""
    known = (_OF_ROLES[role] for role in roles if role in _OF_ROLES)
    return _OF_METHODS.get(method) or next(known, "layer")
