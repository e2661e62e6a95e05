"""Words: those that add nothing to an answer, and stems without plural and tense."""

import re

_FORMS = """
write wrote written, win won, fall fell fallen, go went gone, see saw seen, take took taken,
give gave given, make made, come came, become became, begin began begun, build built, buy bought,
sell sold, find found, lose lost, know knew known, grow grew grown, fly flew flown,
rise rose risen, speak spoke spoken, break broke broken, hold held, lead led, meet met, pay paid,
run ran, say said, send sent, sing sang sung, sink sank sunk, swim swam swum, think thought,
leave left, die died, eat ate eaten, drive drove driven, draw drew drawn, teach taught, catch caught
"""
SMALL = frozenset(  # words that add nothing to an answer
    re.findall(
        r"\w+",
        "the a an of in on at by to for and or it is was are were be this that its i think would "
        "say so der die das ist la le les el los las de du des est es un una than then very more "
        "most much also only just do does did has have had can will there their his her he she "
        "they we you my your our as but no with from "
        "den dem des ein eine einer und sie il elle lo aux dans par pour sur "
        "fue fut era por con que qui qu\u00e9 \u00e0 uma gli nel "
        "dal dalla dallo dai dagli dalle pelo pela "
        "\u00e8 \u00e9 \u043d\u0430 \u044d\u0442\u043e \u0432",
    )
)
WORD = re.compile(r"\w+", re.UNICODE)
_IRREGULAR = {past: forms.split()[0] for forms in _FORMS.split(",") for past in forms.split()[1:]}


def stem(word: str) -> str:
    """Return a word in lower case without the endings of plural and tense."""
    word = _IRREGULAR.get(word, word)
    for ending in ("ies", "ied", "es", "ed", "s"):
        if len(word) > len(ending) + 2 and word.endswith(ending) and word.isalpha():
            return word[: -len(ending)] + ("y" if ending.startswith("ie") else "")
    return word.removesuffix("e") if len(word) > 3 else word
