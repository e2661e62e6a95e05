"""All exporters by name."""

from manyminds.errors import InputError
from manyminds.export import (
    adp,
    agent_flan,
    agenttuning,
    axolotl,
    debategpt,
    dpo,
    eto,
    fireact,
    internlm2,
    kto,
    llamafactory,
    lumos,
    nat,
    openai,
    ste,
    trl,
    verl,
    xlam,
)
from manyminds.export.exporter import Exporter

_MODULES = (
    *(trl, dpo, kto, openai, axolotl, llamafactory, verl, adp, xlam),
    *(agenttuning, fireact, nat, agent_flan, lumos, ste, eto, debategpt, internlm2),
)
EXPORTERS: dict[str, Exporter] = {module.EXPORTER.name: module.EXPORTER for module in _MODULES}


def exporter(name: str) -> Exporter:
    """Return an exporter.

    Raises:
        InputError: There is none of that name.
    """
    if name not in EXPORTERS:
        raise InputError(f"there is no format {name!r}: give one of {', '.join(EXPORTERS)}")
    return EXPORTERS[name]
