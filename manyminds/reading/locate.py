r"""Where in a reply the answer stands: a JSON field, a `\boxed{...}`, a cue like "the answer is".

Every function is one pass over the text: a reply of 100 KB costs milliseconds, whatever it holds.
"""

import json
import re

_FIELD = re.compile(
    r'"(?:final[_ ]?)?answer"\s*:\s*(?:"(?P<string>(?:[^"\\]|\\.)*)"|(?P<bare>[^}\n]*))',
    re.IGNORECASE | re.DOTALL,
)
# Two backslashes: the reply may be JSON, where LaTeX is escaped once more.
_BOX_OR_BRACE = re.compile(r"\\{1,2}(?:boxed|fbox)\s*\{|\\.|[{}]", re.DOTALL)
_BARE_BOX = re.compile(r"\\boxed\s+([^\s${}]+)")
_CUE = re.compile(
    r"####|\bfinal\s+answer\s*(?:is\b|:|=)?|\banswer\s*(?:is\b|:|=)"
    r"|\bcorrect\s+(?:option|choice)\s+is\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?](?=\s+[A-Z])|\n\s*\n")
_MARKUP = " \t\r\n*_`:="
_LOOKAHEAD = 400


def field(text: str) -> str | None:
    """Return the last value of an "answer" key in JSON, whole or broken; else None."""
    fields = list(_FIELD.finditer(text))
    if not fields:
        return None
    found = fields[-1]
    string = found["string"]
    if string is None:
        return found["bare"].strip() or None
    try:
        return str(json.loads(f'"{string}"', strict=False))
    except ValueError:  # LaTeX with single backslashes, as models write it: take it as it stands
        return string


def boxed(text: str) -> str | None:
    r"""Return what the last balanced `\boxed{...}` holds (nested, on several lines), else None."""
    last: tuple[int, int] | None = None
    opened: list[tuple[int, bool]] = []
    for token in _BOX_OR_BRACE.finditer(text):
        word = token[0]
        if word == "}":
            start, is_box = opened.pop() if opened else (0, False)
            if is_box and (last is None or start > last[0]):
                last = (start, token.start())
        elif word == "{" or len(word) > 2:
            opened.append((token.end(), word != "{"))
    if last is not None:
        return text[last[0] : last[1]].strip() or None
    bare = _BARE_BOX.findall(text)
    return bare[-1].rstrip(".,;") or None if bare else None


def final(text: str) -> str | None:
    """Return what the reply plainly calls its answer (a JSON field, a box, a cue), else None."""
    plain = field(text) or boxed(text)
    if plain is not None:
        return plain
    said = after_cue(text)
    return None if said is None else said.split("\n")[0].rstrip(" .*") or None


def after_cue(text: str) -> str | None:
    """Return the rest of the sentence after the last "answer is", "final answer:" or "####"."""
    end = None
    for cue in _CUE.finditer(text):
        end = cue.end()
    if end is None:
        return None
    rest = text[end : end + _LOOKAHEAD].lstrip(_MARKUP)
    stop = _SENTENCE_END.search(rest)
    return (rest[: stop.start()] if stop else rest).strip() or None


def fenced(text: str, languages: tuple[str, ...] = ()) -> str | None:
    """Return the last closed fenced block, in one of the languages if any are given; else None."""
    parts = text.split("```")
    for block in reversed(parts[1 : len(parts) - 1 : 2]):
        language, newline, body = block.partition("\n")
        if newline and (not languages or language.strip().lower() in languages):
            return body.rstrip()
    return None
