# ruff: noqa: E501 - patterns are easier to read in one line
"""What a reply itself asserts: without offers of help, opinions of others, and checks of a result.

"You might think that it is 10, but it is 5. Check: 2 * 5 = 10. Let me know if you need more." says
that it is 5.
"""

import re
from itertools import islice

from manyminds.reading.cues import ANSWER_IS, CONCLUDES

_OFFER = re.compile(
    r"\W*(?:(?:please\s+)?let\s+me\s+know\b|is\s+there\s+(?:anything|something)\b|would\s+you\s+like\b"
    r"|(?:please\s+)?feel\s+free\b|(?:i\s+)?hope\s+(?:this|that|it)\b|do\s+you\s+(?:want|need|have|understand)\b"
    r"|(?:please\s+)?(?:note|remember)\s+to\s+ask\b|(?:want|need|shall|should)\s+(?:me|i|help|more)\b[^.!?\n]*\?"
    r"|(?:please\s+)?if\s+you(?:'d|\s+would|\s+have|\s+need|\s+want|\s+still)\b[^.!?\n]*\b(?:ask|let|happy|help|know|free)\b"
    r"|i(?:'m|\s+am)\s+(?:happy|glad)\s+to\b|happy\s+to\s+help\b|good\s+luck\b|does\s+(?:this|that)\s+(?:help|make\s+sense)\b"
    r"|lass(?:en\s+sie)?\s+(?:es\s+)?mich\b|wenn\s+du\s+(?:noch\s+)?(?:weitere\s+)?fragen\b|ich\s+hoffe\b"
    r"|n['\u2019]h\u00e9site[zs]?\b|si\s+vous\s+avez\b|j['\u2019]esp\u00e8re\b|espero\s+que\b|si\s+(?:tienes|necesitas)\b"
    r"|(?!(?:or|oder|ou|o|right|correct|really)\b|is\s+(?:it|that|this)\b)(?=[^0-9?\uff1f\n]{5,120}[?\uff1f]\W*\Z)[^?\n]*(?<!\w)(?:anything|something|more|else|help|further|another|explain|details?|steps"
    r"|noch|sonst|weitere\w*|hilfe|helfen|erkl\u00e4r\w*|meer|helpen|autre|aider?|plus|d\u00e9tail\w*|expliqu\w*|algo|m\u00e1s|ayud\w*|mais|ajud\w*|altro|aiut\w*|spieg\w*|\u0435\u0449\u0451?|\u043f\u043e\u043c\u043e\w*|co\u015b|jeszcze|pom\u00f3c)(?!\w)"
    r"|\u8fd8\u6709(?:\u4ec0\u4e48|\u522b\u7684)|\u9700\u8981(?:\u6211|\u66f4\u591a)|\u4ed6\u306b"
    r"|\u5982\u679c[\u4f60\u60a8](?:\u8fd8)?\u6709|\u5e0c\u671b\u8fd9|\u5e0c\u671b\u5bf9|\u4f55\u304b(?:\u3054|\u4ed6)|\u304a\u5f79\u306b\u7acb\u3066)",
    re.IGNORECASE,
)
_LAST_SENTENCE = re.compile(r"(?:[.!?\u3002\uff01\uff1f][*_)\"']*\s+|\n+)(?=[^\n]*\Z)")
_MOST_OFFERS = 4
_LONGEST_OFFER = 300
_THINKS = re.compile(
    r"\b(?:(?:you|one|some(?:one|body|\s+people)?|people|many(?:\s+people)?|most(?:\s+people)?|students?|others?"
    r"|intuition)\s+(?:(?:might|may|would|could|often|usually|commonly|sometimes|will)\s+)*"
    r"(?:(?:be\s+)?tempted\s+to\s+)?(?:think|say|says|guess|assume|believe|answer|expect|suggests?)"
    r"|(?:(?:the|an?|one|another)\s+)?(?:intuitive|obvious|tempting|naive|common|typical|wrong|incorrect|first|initial|knee-jerk)\s+"
    r"(?:wrong\s+)?(?:answer|guess|response|instinct|thought|mistake|misconception|reaction|impression)\s+(?:is|was|would\s+be|might\s+be|may\s+be)"
    r"|at\s+first\s+(?:glance|sight)?,?\s*(?:it\s+(?:seems|looks|appears)|one|you|i|we)"
    r"|i\s+(?:(?:first|initially|originally|at\s+first)\s+(?:said|guessed|assumed|believed|got|had|picked|chose)|(?:\w+\s+)?thought)"
    r"|i(?:'m|\u2019m|\s+am)\s+not\s+(?:\w+\s+)?(?:sure|certain)|i\s+(?:do\s+not|don't)\s+know(?:\s+for\s+(?:sure|certain))?"
    r"|\A(?![^.\n]{0,40}\b(?:answer|solution|antwort|r\u00e9ponse|respuesta|risposta)\b)(?:[\w'\u2019]{1,12}\s+){0,3}(?:not|[a-z]{2,6}n['\u2019]t|nicht|pas|no|non)(?=\s[^.,;\n]{1,40},?\s(?:but|sondern|mais|sino|ma|bens\u00ec)\s)"
    r"|(?:viele|manche|einige|man)\s+(?:denken|glauben|meinen|k\u00f6nnte\s+(?:denken|meinen))"
    r"|on\s+pourrait\s+(?:penser|croire)|(?:muchos|algunos)\s+(?:piensan|creen))\b",
    re.IGNORECASE,
)
_HEDGE = re.compile(
    r",?\s(?:but|though|although)\s+i(?:['\u2019]m|\s+am)\s+not\s+(?:\w+\s+)?(?:sure|certain)\b(?=\W*\Z)",
    re.IGNORECASE,
)
_CONTRAST = re.compile(
    r",?\s*\b(?:but|however|yet|aber|sondern|jedoch|mais|pero|sino|bens\u00ec)\b,?\s*|[.;:!]\s+(?:but|however|actually|in\s+fact|in\s+reality|that(?:'s|\s+is)\s+(?:wrong|incorrect|not)"
    r"|this\s+is\s+(?:wrong|incorrect|not))\b,?\s*(?:[.;]\s*)?",
    re.IGNORECASE,
)
_REJECTED = re.compile(  # of an opinion, and nothing else
    r"(?:this|that|it)(?:'s|\s+is)\s+(?:wrong|incorrect|false|not\s+(?:right|correct|true))\b[.!]*",
    re.IGNORECASE,
)
_WOULD = re.compile(
    r"\s*(?:then\b|in\s+that\s+case\b|(?:that|this|it)(?:\s+would|[\u2019']s|\s+is)\b|dann\b|alors\b|entonces\b|allora\b)"
    r"[^.!?\n]*\b(?:would|could|only|just|merely|w\u00e4re\w*|w\u00fcrde\w*|serait|ser\u00eda|costar\u00eda|sarebbe|seria)\b",
    re.IGNORECASE,
)
_ENDED = re.compile(r"[.!?](?=\s|\Z)|\n")
_LONGEST_OPINION = 200
_MOST_OPINIONS = 5
_CHECK = re.compile(  # "Check:", "**Verification**", "Let's verify that"
    r"(?:^|\n|(?<=[.!?:)*\u3002])[ \t])[ \t*_#(>-]*(?:(?:quick(?:ly)?\s+|double[- ]|sanity\s+)*(?:check|verif(?:y|ication)|proof|probe"
    r"|v\u00e9rification|comprobaci\u00f3n|verificaci\u00f3n|\u9a8c\u7b97|\u9a8c\u8bc1|\u691c\u7b97|\u691c\u8a3c)"
    r"(?:\s+(?:the|our|my|your|this)\s+(?:answer|result|solution|work))?[*_ ]*(?:[:\uff1a]|\n)"
    r"|to\s+(?:double[- ]check|check|verify|confirm)[^.\n]{0,30}[:,]"
    r"|(?:let(?:'s|\u2019s|\s+us|\s+me)|we\s+can)\s+(?:just\s+|quickly\s+)?(?:double[- ]check|check|verify|confirm)"
    r"(?:\s+(?:that|this|it|our|the\s+(?:answer|result|solution))\b|\s*[:.]))",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"\b(?:wrong|incorrect|mistake\w*|error|wait|oops|not\s+(?:right|correct|equal|match\w*|work)|doesn't|does\s+not|isn't|too\s+(?:big|small|large|low|high))\b"
    r"|\u2260|\u4e0d\u5bf9|\u9519",
    re.IGNORECASE,
)
_LONGEST_CHECK = 60  # sentences
_NEXT = re.compile(r"(?<=[.!?:\u2713\u2714\u2705])\s+|\n+")


def without_offers(text: str) -> str:
    """Return a reply without the offers of help at its end; one that is nothing else stays."""
    for _ in range(_MOST_OFFERS):
        bare = text.rstrip()
        last = None
        for last in _LAST_SENTENCE.finditer(bare, max(0, len(bare) - _LONGEST_OFFER)):
            if _OFFER.match(bare, last.end()):
                break
        else:
            return text
        text = bare[: last.start()] + last[0].rstrip()
    return text


def own(text: str) -> str:
    """Return a reply without opinions that it contradicts: "You may think A, but it is B."."""
    text, at = _HEDGE.sub("", text), 0
    for _ in range(_MOST_OPINIONS):
        opinion = _THINKS.search(text, at)
        if opinion is None:
            break
        contrast = _CONTRAST.search(text, opinion.end(), opinion.end() + _LONGEST_OPINION)
        end = _ENDED.search(text, opinion.end(), opinion.end() + _LONGEST_OPINION)
        if contrast is None or end is not None and end.start() < contrast.start():
            at = opinion.end()
            continue
        rejected = _REJECTED.match(text, contrast.end())
        begins = contrast.end() if rejected is None else rejected.end()
        if _WOULD.match(text, begins):  # why the opinion is wrong
            ended = _ENDED.search(text, begins, begins + _LONGEST_OPINION)
            begins = begins if ended is None else ended.end()
        text = f"{text[: opinion.start()]}{text[begins:]}"
        at = opinion.start()
    return text


def without_checks(text: str) -> str:
    """Return a reply without the check of its result; a check that fails stays.

    A check begins with a word such as "Check:" after something else, and goes on to the next
    sentence that concludes.
    """
    check = _CHECK.search(text)
    if check is None or not text[: check.start()].strip():
        return text
    gaps = islice(_NEXT.finditer(text, check.end()), _LONGEST_CHECK)
    end = next((gap.end() for gap in gaps if _concludes(text, gap.end())), len(text))
    if _FAILED.search(text, check.end(), end):
        return text
    return f"{text[: check.start()].rstrip()}\n\n{text[end:]}".strip()


def _concludes(text: str, at: int) -> bool:
    line = text[at : at + _LONGEST_OFFER].split("\n")[0]
    return CONCLUDES.match(line) is not None or ANSWER_IS.search(line) is not None
