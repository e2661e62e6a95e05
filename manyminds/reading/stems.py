"""Stems of English words: plural, tense and irregular verbs left out."""

_FORMS = """
write wrote written, win won, fall fell fallen, go went gone, see saw seen, take took taken,
give gave given, make made, come came, become became, begin began begun, build built, buy bought,
sell sold, find found, lose lost, know knew known, grow grew grown, fly flew flown,
rise rose risen, speak spoke spoken, break broke broken, hold held, lead led, meet met, pay paid,
run ran, say said, send sent, sing sang sung, sink sank sunk, swim swam swum, think thought,
leave left, eat ate eaten, drive drove driven, draw drew drawn, teach taught, catch caught
"""
_IRREGULAR = {past: forms.split()[0] for forms in _FORMS.split(",") for past in forms.split()[1:]}


def stem(word: str) -> str:
    """Return a word in lower case without the endings of plural and tense."""
    word = _IRREGULAR.get(word, word)
    for ending in ("ies", "ied", "es", "ed", "s"):
        if len(word) > len(ending) + 2 and word.endswith(ending) and word.isalpha():
            return word[: -len(ending)] + ("y" if ending.startswith("ie") else "")
    return word.removesuffix("e") if len(word) > 3 else word
