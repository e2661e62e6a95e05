"""Where a question is in a row of a file, and the id of one that has none."""

import hashlib

QUESTION_KEYS = ("question", "instruction", "input", "prompt")
"""Keys under which a row may have its question; the first that it has counts."""


def question_hash(question: str) -> str:
    """Return an id made of the text: equal questions get equal seeds and recorded answers."""
    text = question.strip().encode(errors="surrogatepass")
    return "q-" + hashlib.sha256(text).hexdigest()[:16]
