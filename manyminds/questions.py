"""The id of a question that its caller gave none."""

import hashlib


def question_hash(question: str) -> str:
    """Return an id made of the text: equal questions get equal seeds and recorded answers."""
    text = question.strip().encode(errors="surrogatepass")
    return "q-" + hashlib.sha256(text).hexdigest()[:16]
