"""Which sentence of a longer reply concludes it, and which later ones are no part of the answer.

"3 * 9 = 27. So she needs 27 tiles. With larger ones, she would need 12." concludes in its second
sentence: it begins with "so", and the third one tells what would be.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from manyminds.reading import locate
from manyminds.reading.asked import HEAD, Asked, asked_in, content, shared
from manyminds.reading.cues import DENIES
from manyminds.reading.discourse import (
    SINCE,
    contrary,
    is_aside,
    is_marked,
    parts,
    so,
    supposes,
    unmarked,
)
from manyminds.reading.revised import turns
from manyminds.reading.steps import leads

HEADING = re.compile(
    r"[\s#*_>]*(?:[0-9]{1,2}[.)]\s+)?(?:final\s+|the\s+)?(?:conclusions?|answer|result|summary|verdict"
    r"|fazit|ergebnis|antwort|schluss(?:folgerung)?|zusammenfassung|conclusie|antwoord|réponse|résultat|respuesta|conclusión|resultado"
    r"|risposta|conclusione|risultato|resposta|conclusão|ответ|вывод|итог|wniosek|odpowiedź|结论|答案|总结|結論|答え|결론|정답)"
    r"[*_\s]*(?:[:：][*_\s]*(?P<rest>.*)|)",
    re.IGNORECASE,
)
_GOES_ON = re.compile(  # a step after what looked like a conclusion
    r"[\W_]*(?:now|next|then|after\s+that|dann|danach|nun|ensuite|puis|luego|después|poi|depois|daarna|затем|потом|następnie|接下来|然后|次に)(?!\w)",
    re.IGNORECASE,
)
_ENDED = re.compile(r"[.!?。！？][*_)\"'$]*\s*$")
_DISPLAYED = re.compile(r"\$\$[^$]{1,2000}\$\$|\\\[[^\[\]]{1,2000}\\\]")
_DISPLAY = re.compile(r"\s*(?:\$\$|\\\[)")
_BULLET = re.compile(r"\s*(?:[-*+•]|[0-9]{1,2}[.)])\s")
_RESULT = re.compile(r"[=≈]\s*-?[$€£]?\s*[0-9]")
_WH = re.compile(
    r"\b(?:what|which|who(?:m|se)?|where|wer|wo|welche[rsnm]?|wie\s+(?:hei\u00dft|lautet)|qui|quel(?:le)?s?|o\u00f9|qui\u00e9n|cu\u00e1l|d\u00f3nde|qu\u00e9"
    r"|chi|qual[ei]?|dove|quem|onde|welke?|wie|\u043a\u0442\u043e|\u043a\u0430\u043a\w+|kto|jak\w+)\b",
    re.IGNORECASE,
)
_IS = re.compile(
    r"(?:\s|['\u2019](?=s))(?:is|s|are|was|were|ist|sind|war|waren|hei\u00dft|lautet|est|sont|\u00e9tait|es|son|fue|era|\u00e8|sono|fu|\u00e9|s\u00e3o|foi|zijn|jest|to|\u044d\u0442\u043e|[\u2014\u2013])\s"
)
_THIS = re.compile(
    r"(?:it|that|this|the|his|her|its|their|der|die|das|dies\w*|es|le|la|l['\u2019]|c['\u2019]|ce(?:tte)?|il|el|esta?|questo|questa|o|a|de|het|dat|\u044d\u0442\u043e|to)\b",
    re.IGNORECASE,
)
_HOWEVER = re.compile(
    r"\b(?:however|jedoch|cependant|toutefois|sin\s+embargo|tuttavia|no\s+entanto|echter|\u043e\u0434\u043d\u0430\u043a\u043e|jednak)\b|^\W*(?:but|yet|aber|mais|pero|ma|mas|maar|\u043d\u043e|ale)\b",
    re.IGNORECASE,
)
_OF_IT = re.compile(
    r"\W*(?:its|their|his|her|sein\w*|ihr\w*|son|sa|su|il\s+suo|la\s+sua|o\s+seu|a\s+sua)\s",
    re.IGNORECASE,
)
_CALCULATES = re.compile(
    r"\b(?:we|you|i)\s+(?:then\s+|now\s+|also\s+|simply\s+)?(?:multipl(?:y|ied)|add(?:ed)?|subtract(?:ed)?|divided?|calculated?|computed?|solved?|substituted?)\b"
    r"|^\W*(?:adding|subtracting|multiplying|dividing|solving|combining|summing)\b"
    r"|\b(?:addieren|subtrahieren|multiplizieren|dividieren|rechnen)\s+wir\b|\bwir\s+(?:addieren|subtrahieren|multiplizieren|dividieren|rechnen)\b",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_FOR_VALUE = re.compile(r"(?i:\b(?:at|for|when|if|with|where))\s+\$?[a-zA-Z]\s*=\s*-?[0-9.]+\$?")
_ABOUT_IT = re.compile(  # a remark on the result: "This is $6 less than the price"
    r"\W*(?:this|that|these|those|das|dies|c['\u2019]est|cela|esto|eso|questo|isso|dit|dat|\u044d\u0442\u043e|to)\b",
    re.IGNORECASE,
)
_INSTANCE = re.compile(
    r"\b(?:for\s+(?:example|instance)|e\.g\.|zum\s+beispiel|par\s+exemple|por\s+ejemplo|per\s+esempio|por\s+exemplo)",
    re.IGNORECASE,
)
_CONTRASTS = re.compile(
    r"[^\w]*\b(?:however|but|yet|aber|jedoch|mais|pero|ma|mas|maar|\u043d\u043e|ale)\b", re.I
)
_ASKS_WOULD = re.compile(r"\bwould\b[^?]*\?\s*$", re.IGNORECASE)
_WOULD_DO = re.compile(r"\bwould\b(?!\s+have\b)")
_MOST_WORDS = 4  # of the subject of a sentence that says what something is
_FEWEST = 2  # sentences of a reply that has a conclusion
_BACK = 2  # paragraphs at the end that may hold it
_TAIL = 6_000  # characters at the end of a reply
_SHARE = 0.5  # of the words of a question that a sentence has which repeats it
_MOST = 0.6  # of them, which leave no doubt about what a conclusion answers
_LONGEST_QUESTION = 1_000


class _Sentence(NamedTuple):
    said: str
    paragraph: int


class Conclusion(NamedTuple):
    """The sentence in which a reply states what it found.

    Attributes:
        said: The sentence, without the words that mark it.
        marked: Whether such words or a heading mark it; else it repeats the question.
    """

    said: str
    marked: bool


@lru_cache(maxsize=4_096)
def of(text: str, question: str = "") -> Conclusion | None:
    """Return the conclusion of a reply of several sentences; None where none can be told.

    The last sentence that begins with "so" and the like, that "therefore" marks or that stands
    under a heading such as "Conclusion"; else the one of the last of several paragraphs that
    repeats the question. Sentences behind it that go on with the calculation leave none.

    Args:
        text: The reply, as `readable` returns it.
        question: The question, if it is known.
    """
    sentences = _sentences(text[-_TAIL:])
    if _ASKS_WOULD.search(question):  # what is asked for is no aside
        sentences = [one._replace(said=_indicative(one.said)) for one in sentences]
    while sentences and (is_aside(sentences[-1].said) or sentences[-1].said.endswith(("?", "？"))):
        sentences.pop()
    if len(sentences) < _FEWEST:
        return None
    headed = _under_heading(sentences)
    if headed is not None:
        return Conclusion(unmarked(headed), True)
    asked = asked_in(question)
    wh = _WH.search(question) is not None or not question.rstrip().endswith(("?", "？"))
    last = sentences[-1].paragraph
    several = sentences[0].paragraph != last
    for paragraph in sorted({one.paragraph for one in sentences}, reverse=True)[:_BACK]:
        inside = [one.said for one in sentences if one.paragraph == paragraph]
        found = _best(inside, asked if several else None)
        if found is None and paragraph == last and several:
            found = _naming(inside[0], asked.words) if wh else None
            found = found or _alone(inside, frozenset([asked.head]))
        if found is not None:
            further = [one.said for one in sentences if one.paragraph > paragraph]
            later = [*inside[inside.index(found.said) + 1 :], *further]
            left = _is_left(found.said, later, further, asked)
            return None if left else found._replace(said=unmarked(found.said))
        if any(_RESULT.search(said) for said in inside):
            if paragraph == last:
                return None
            break
    ending = [one.said for one in sentences if one.paragraph == last]
    return _alone(ending, content(question[-_LONGEST_QUESTION:])) if several else None


def _indicative(said: str) -> str:
    """Return "it will take" for "it would take", unless the sentence begins with a condition."""
    return said if contrary(said) else _WOULD_DO.sub("will", said)


def _sentences(text: str) -> list[_Sentence]:
    """Return the sentences of a reply; a displayed formula belongs to what introduces it."""
    text = _DISPLAYED.sub(lambda m: m[0].replace("\n", " "), text)
    found: list[_Sentence] = []
    paragraph, blank = 0, False
    for line in text.split("\n"):
        if not line.strip():
            blank = True
            continue
        before = found[-1].said if found else ""
        introduced = before and not _ENDED.search(before) and not HEADING.fullmatch(before)
        colon = before.endswith((":", "：")) and not _BULLET.match(line)
        if introduced and (_DISPLAY.match(line) or colon or so(before) and not unmarked(before)):
            found[-1] = found[-1]._replace(said=f"{before} {line.strip()}")
            blank = False
            continue
        paragraph += blank or _solved(before) and "=" not in line and not _BULLET.match(line)
        blank = False
        found += [_Sentence(said, paragraph) for said in locate.sentences(line)]
    return found


def _solved(line: str) -> bool:
    """Say whether a line is an equation alone, behind which words state the answer."""
    return "=" in line and len(_LETTERS.findall(line)) <= 1


def _under_heading(sentences: list[_Sentence]) -> str | None:
    """Return the sentence under the last heading such as "Conclusion"."""
    for at in range(len(sentences) - 1, -1, -1):
        heading = HEADING.fullmatch(sentences[at].said)
        if heading is None:
            continue
        rest = (heading["rest"] or "").strip(" *_")
        if rest:
            return rest
        below = [one.said for one in sentences[at + 1 :]]
        marked = [said for said in below if so(said) or is_marked(said)]
        chosen = marked[-1:] or below[:1]
        return chosen[0] if chosen else None
    return None


def _best(inside: list[str], asked: Asked | None) -> Conclusion | None:
    """Return the conclusion of a paragraph.

    The last sentence that begins as one; else one that "therefore" marks or that repeats the
    question, whichever has more of it.
    """
    stated = [said for said in inside if not said.endswith((":", "：")) and not is_aside(said)]
    for said in reversed(stated):
        if so(said) and not leads(unmarked(said), equation=False):
            behind = stated[stated.index(said) + 1 :]
            better = None if asked is None else _better(said, behind, asked)
            return better or _figure(said, behind) or Conclusion(said, True)
    repeating = _repeating(inside, asked) if asked is not None and asked.words else None
    for said in reversed(stated):
        if (is_marked(said) or SINCE.match(said)) and not supposes(next(parts(said))):
            if repeating is None or asked is None:
                return _figure(said, stated[stated.index(said) + 1 :]) or Conclusion(said, True)
            more, same = asked.repeated(repeating.said), asked.repeated(said)
            first = more == same and inside.index(repeating.said) < inside.index(said)
            return repeating if more > same or first else Conclusion(said, True)
    return repeating


def _figure(said: str, behind: list[str]) -> Conclusion | None:
    """Return the next sentence if it gives the figure: "So it is the third. The median is 7."."""
    if not behind or any(map(str.isdigit, said)) or not any(map(str.isdigit, behind[0])):
        return None
    subject = content(behind[0].partition(" is ")[0])
    fine = " is " in behind[0] and subject <= content(said) and not supposes(behind[0])
    return Conclusion(behind[0], True) if fine and subject else None


def _better(said: str, behind: list[str], asked: Asked) -> Conclusion | None:
    """Return the sentence behind a conclusion that says more of what is asked, if one does."""
    same = asked.repeated(said)
    further = [one for one in behind if not _leads_on(one) and not _ABOUT_IT.match(one)]
    more = [one for one in further if asked.repeated(one) > same]
    fine = len(more) == 1 and not supposes(more[0]) and _RESULT.search(more[0]) is None
    return Conclusion(more[0], False) if fine else None


def _is_left(said: str, later: list[str], further: list[str], asked: Asked) -> bool:
    """Say whether the sentences behind a conclusion go on from it, or speak of what is asked."""
    if any(map(turns, later)) or any(map(_contrasts, further)):
        return True
    same = asked.repeated(said)
    own = [
        one
        for one in later
        if not (supposes(one) or is_aside(one) or _ABOUT_IT.match(one) or _INSTANCE.search(one))
    ]
    if any(asked.repeated(one) > same for one in own):
        return True
    words = asked.words
    repeats = shared(content(said), words) >= max(2, _MOST * len(words))
    return any(_goes_on(one) and not (repeats and _OF_IT.match(one)) for one in later)


def _repeating(inside: list[str], asked: Asked) -> Conclusion | None:
    """Return the sentence of a paragraph that repeats most of the question, if it does.

    Of two alike it is the first one, unless the paragraph calculates.
    """
    calculates = any(_RESULT.search(said) for said in inside)
    best, most = None, 0
    for said in inside:
        words, both = shared(content(said), asked.words), asked.repeated(said)
        enough = words >= max(1, _SHARE * len(asked.words)) or both > HEAD
        better = both > most or calculates and both == most
        if enough and better and not supposes(next(parts(said))) and not _leads_on(said):
            best, most = said, both
    return None if best is None else Conclusion(best, False)


def _alone(inside: list[str], words: frozenset[str]) -> Conclusion | None:
    """Return the only sentence of the last paragraph, if it has one of some words."""
    said = inside[0]
    speaks = shared(content(said), words) > 0
    fine = len(inside) == 1 and speaks and not supposes(next(parts(said))) and not _leads_on(said)
    return Conclusion(said, False) if fine else None


def _leads_on(said: str) -> bool:
    """Say whether a sentence is a step, an example or turns to something else."""
    step = _GOES_ON.match(said) or _INSTANCE.search(said) or _CONTRASTS.match(said)
    return step is not None or leads(said, equation=False)


def _naming(said: str, words: frozenset[str]) -> Conclusion | None:
    """Return a sentence that says what something is: "Her name is Ada", "That city is Ulm"."""
    verb = _IS.search(said)
    subject = "" if verb is None else said[: verb.start()].strip(" *_")
    if not subject or len(subject.split()) > _MOST_WORDS or supposes(said) or DENIES.search(said):
        return None
    known = content(subject) <= words or _THIS.match(subject) is not None
    return Conclusion(said, False) if known else None


def calculates(said: str) -> bool:
    """Say whether a clause is a step of a calculation: "we subtract 5"."""
    return _CALCULATES.search(said) is not None


def _contrasts(said: str) -> bool:
    """Say whether a later paragraph turns to something else: "The statement, however, is true"."""
    return _HOWEVER.search(said) is not None


def _goes_on(later: str) -> bool:
    """Say whether a sentence behind a conclusion goes on to calculate."""
    if is_aside(later) or supposes(later) and "=" not in later:
        return False
    steps = _GOES_ON.match(later) is not None and any(map(str.isdigit, later))
    later = _FOR_VALUE.sub(" ", later)
    calculates = _RESULT.search(later) or _CALCULATES.search(later)
    return steps or calculates is not None or leads(later, equation=False)
