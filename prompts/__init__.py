"""Versioned prompts, and the fence that keeps members' answers data.

Importing this package needs no langchain: a prompt loads it when it is first rendered.
"""

from manyminds.fence import escaped, numbered, parse_numbered
from manyminds.prompts.loader import catalog, load, prompt_folders
from manyminds.prompts.prompt import FilledPrompt, Prompt

__all__ = [
    "FilledPrompt",
    "Prompt",
    "catalog",
    "escaped",
    "load",
    "numbered",
    "parse_numbered",
    "prompt_folders",
]
