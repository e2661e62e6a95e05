"""Replies that state a name as an opinion, or a work as somebody's: "I'd say Mercury, as ..."."""

import re

from manyminds.reading import locate
from manyminds.reading.cues import CORRECTION
from manyminds.reading.discourse import is_aside, so

_OPINION = re.compile(
    r"\W*(?:(?:well|hmm|honestly|personally),?\s+)?(?:"
    r"i(?:['\u2019]d|\s+would)?\s+(?:(?:have\s+to|still|personally|strongly)\s+)?(?:say|think|believe|guess|reckon|suspect|suppose|assume|bet(?:\s+on)?|go\s+(?:with|for))(?:\s+that)?"
    r"|i(?:['\u2019]m|\s+am)\s+(?:(?:fairly|pretty|quite|almost|rather)\s+)?(?:sure|certain|confident)(?:\s+that)?"
    r"|my\s+(?:best\s+)?(?:guess|bet|vote|pick)\s+(?:is|would\s+be|goes\s+to)"
    r"|(?:in\s+my\s+opinion|as\s+far\s+as\s+i\s+(?:know|remember|can\s+tell)|if\s+i\s+(?:remember|recall)\s+(?:correctly|right(?:ly)?)|to\s+my\s+knowledge|to\s+the\s+best\s+of\s+my\s+knowledge)"
    r"|ich\s+(?:denke|glaube|meine|vermute|sch\u00e4tze|tippe\s+auf|nehme\s+an|w\u00fcrde\s+sagen|bin\s+(?:mir\s+)?(?:\w+\s+)?sicher)(?:,\s+dass)?|(?:meiner\s+meinung\s+nach|soweit\s+ich\s+wei\u00df|meines\s+wissens)"
    r"|je\s+(?:pense|crois|dirais|suppose|parie)(?:\s+que|\s+qu['\u2019])?|(?:\u00e0\s+mon\s+avis|selon\s+moi|d['\u2019]apr\u00e8s\s+moi)"
    r"|(?:yo\s+)?(?:creo|pienso|dir\u00eda|supongo|opino|me\s+parece)(?:\s+que)?|en\s+mi\s+opini\u00f3n"
    r"|(?:io\s+)?(?:credo|penso|direi|suppongo|immagino|mi\s+sembra)(?:\s+che)?|(?:secondo\s+me|a\s+mio\s+(?:avviso|parere))"
    r"|(?:eu\s+)?(?:acho|creio|acredito|diria|suponho)(?:\s+que)?|na\s+minha\s+opini\u00e3o"
    r"|ik\s+(?:denk|geloof|gok|vermoed|zou\s+zeggen)(?:\s+dat)?|volgens\s+mij"
    r"|(?:\u044f\s+)?(?:\u0434\u0443\u043c\u0430\u044e|\u0441\u0447\u0438\u0442\u0430\u044e|\u043f\u043e\u043b\u0430\u0433\u0430\u044e|\u043a\u0430\u0436\u0435\u0442\u0441\u044f|\u043f\u043e-\u043c\u043e\u0435\u043c\u0443)(?:,\s+\u0447\u0442\u043e)?"
    r"|(?:my\u015bl\u0119|s\u0105dz\u0119|uwa\u017cam)(?:,?\s+\u017ce)?|moim\s+zdaniem)(?!\w),?\s*:?\s+",
    re.IGNORECASE,
)
_IT_IS = re.compile(
    r"(?:(?:it|this|that|he|she|they)(?:\s+one)?(?:['\u2019]s|\s+(?:is|was|were|must\s+be|has\s+to\s+be|would\s+be|should\s+be|could\s+be|might\s+be|must\s+have\s+been))"
    r"|(?:the\s+)?(?:right\s+|correct\s+)?(?:answer|one)\s+(?:is|was)"
    r"|(?:es|das|dies|er|sie)(?:\s+(?:ist|war|waren|sind))?|(?:ist|war)\s+(?:es|das|er|sie)|c['\u2019](?:est|\u00e9tait)|il\s+s['\u2019]agit\s+d(?:e\s|['\u2019])"
    r"|(?:se\s+trata\s+de|es|fue|era)|(?:sia|\u00e8|fosse|sia\s+stat[oa]|\u00e8\s+stat[oa]|si\s+tratt[ai]\s+di)|(?:seja|\u00e9|foi)|(?:is|was)\s+(?:het|dat)|(?:het|dat)(?:\s+(?:is|was))?"
    r"|\u044d\u0442\u043e(?:\s+\u0431\u044b\u043b[\u0430\u043e\u0438]?)?|(?:jest|by\u0142[ao]?)\s+to|to(?:\s+(?:jest|by\u0142[ao]?))?)(?:\s+|(?<=['\u2019]))(?:(?:[^\W\d_]+\s+)?(?:by|von|door|par|por)\s+)?",
    re.IGNORECASE,
)
_VERB_LAST = re.compile(r"\s+(?:ist|war|sind|waren|is|was)$", re.IGNORECASE)
_WORK = re.compile(  # "This is a painting by Frans Hals."
    r"\W*(?:(?:it|this|that)(?:\s+one)?(?:['\u2019]s|\s+(?:is|was))\s+(?:(?:an?|the)\s+)?(?:(?:famous|well-known)\s+)?(?:(?:work|novel|book|play|poem|painting|picture|song|opera|symphony|film|piece|sculpture)\s+)?by"
    r"|(?:das|es|dies)\s+(?:ist|war)\s+(?:eine?\s+)?(?:werk|roman|buch|st\u00fcck|gedicht|gem\u00e4lde|bild|lied|oper|sinfonie|film)\s+von"
    r"|c['\u2019]est\s+une?\s+(?:\u0153uvre|roman|livre|pi\u00e8ce|po\u00e8me|tableau|chanson|op\u00e9ra|film)\s+de|es\s+una?\s+(?:obra|novela|libro|poema|pintura|cuadro|canci\u00f3n|\u00f3pera)\s+de"
    r"|\u00e8\s+un(?:a|['\u2019])?\s*(?:opera|romanzo|libro|poesia|dipinto|quadro|canzone)\s+di|\u00e9\s+uma?\s+(?:obra|romance|livro|poema|pintura|quadro|can\u00e7\u00e3o)\s+de"
    r"|\u044d\u0442\u043e\s+(?:\u043f\u0440\u043e\u0438\u0437\u0432\u0435\u0434\u0435\u043d\u0438\u0435|\u0440\u043e\u043c\u0430\u043d|\u043a\u043d\u0438\u0433\u0430|\u043a\u0430\u0440\u0442\u0438\u043d\u0430|\u043f\u044c\u0435\u0441\u0430|\u043e\u043f\u0435\u0440\u0430|\u0441\u0442\u0438\u0445\u043e\u0442\u0432\u043e\u0440\u0435\u043d\u0438\u0435))\s+"
    r"(?P<who>[A-Z\u00c0-\u00de\u0410-\u042f\u0141\u015a][\w.'\u2019-]*(?:\s(?:van|von|de|der|da|di|la|le|[A-Z\u00c0-\u00de\u0410-\u042f][\w.'\u2019-]*)){0,4}?)[.!*]*",
    re.IGNORECASE,
)
_EASTERN = re.compile(
    "(?:\u6211(?:\u8ba4\u4e3a|\u89c9\u5f97|\u60f3|\u731c|\u76f8\u4fe1)[,\uff0c]?(?:\u5e94\u8be5\u662f|\u7b54\u6848\u662f|\u8fd9\u662f|\u662f)?(?P<zh>[^,\uff0c\u3002\uff1b\u4e0d]{1,16})[\u3002.]?"
    "|(?:\u79c1\u306f|\u305f\u3076\u3093|\u304a\u305d\u3089\u304f)?[\u3001,]?(?P<ja>[^\u3002\u3001,\u306f\u304c]{1,16}?)(?:\u3060|\u3067\u3042\u308b)\u3068(?:\u601d\u3044\u307e\u3059|\u601d\u3046|\u8003\u3048\u307e\u3059)[\u3002.]?)"
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|be|has|have|had|does|do|did|can|could|would|will|may|might|ist|sind|war|hat|est|sont|es|son|fue|\u00e8|sono|\u00e9|s\u00e3o|not|no|nicht|pas|non|n\u00e3o|niet|\u043d\u0435|nie|or|oder|ou|either|maybe|it|this|that|they|you|we)\b|[?0-9]",
    re.IGNORECASE,
)
_COMMENT = re.compile(
    r"\s*(?:[,;:(\u2014\u2013]|\s-\s|\b(?:because|since|as|given|for|weil|parce|porque|perch\u00e9|omdat|\u043f\u043e\u0442\u043e\u043c\u0443)\b).*",
    re.IGNORECASE | re.DOTALL,
)
_BEGIN_WITH = re.compile(  # "Start with *Emma*: it is short."
    r"\W*(?:(?:i(?:['\u2019]d|\s+would)?\s+(?:recommend|suggest)|my\s+recommendation\s+(?:is|would\s+be)|(?:you\s+(?:should|could)\s+)?(?:start|begin|go)\s+with|try|pick|choose|read"
    r"|(?:ich\s+(?:empfehle|w\u00fcrde))|(?:fang|beginne?|starte)\s+(?:am\s+besten\s+)?mit|(?:je\s+(?:recommande|conseille)|commence[zr]?\s+par)|(?:recomiendo|empieza\s+(?:con|por))|(?:consiglio|inizia\s+con)|(?:recomendo|comece\s+(?:com|por)))\s+(?:(?:with|reading|the\s+\w+|den\s+\w+|das\s+\w+|le\s+\w+|el\s+\w+)\s+)?)"
    r"(?P<mark>\*{1,3}|_{1,3}|[\"\u201c\u201e\u00ab])\s?(?P<said>[^*_\"\u201c\u201d\u201e\u00ab\u00bb\n]{1,80}?)\s?(?:\*{1,3}|_{1,3}|[\"\u201d\u201c\u00bb])(?=\s*(?:[.,;:(!\u2014\u2013]|by\b|von\b|de\b|as\b|because\b|an?\b|$))"
    r"|\u6211?\u63a8\u8350\u300a(?P<zh>[^\u300b]{1,40})\u300b",
    re.IGNORECASE,
)
_FRAMED = re.compile(  # "Going by the area, it's Lyon."
    r"\W*(?:going\s+by|by|in\s+terms\s+of|measured\s+by|with|based\s+on|according\s+to|as\s+of|at|in|for|since|on|under|nach|gemessen\s+an|laut|seit|bei|selon|d['\u2019]apr\u00e8s|en|por|seg\u00fan|seg\u00fan|per|secondo|por|segundo|volgens|\u043f\u043e)\s"
    r"[^,.;:?!]{2,60}?,?\s+(?=(?:it|that)(?:['\u2019]s|\s+is|\s+was)\s|(?:ist|war)\s+(?:es|das)\s|c['\u2019]est\s|(?:es|\u00e8|\u00e9)\s+(?=[A-Z])|\u044d\u0442\u043e\s)",
    re.IGNORECASE,
)
_WOULD_BE = re.compile(
    r"\W*(?:(?:that|it|this)(?:['\u2019]d\s+be|\s+would\s+(?:have\s+been|be)|\s+must\s+be)|(?:das|es)\s+(?:w\u00e4re|d\u00fcrfte|m\u00fcsste)|ce\s+serait|ser\u00eda|sarebbe|seria)\s+",
    re.IGNORECASE,
)
_IT_IS_PLAINLY = re.compile(
    r"\W*(?:(?:it|that)(?:['\u2019]s|\s+(?:is|was))|c['\u2019](?:est|\u00e9tait)|\u044d\u0442\u043e)\s+(?=[^\s,;:]+(?:\s[^\s,;:]+){0,3}[,;:(.])",
    re.IGNORECASE,
)
_OF_IT = re.compile(
    r"\W*(?:he|she|it|they|his|her|its|their|the|er|sie|es|sein\w*|ihr\w*|der|die|das|il|elle|son|sa|le|la|\u00e9l|ella|su|el|lui|lei|suo|sua|ele|ela|o|a)\b",
    re.I,
)
_NAME = re.compile(
    r"(?!(?:The|A|An|It|Not|No|Yes|Great|Nice)\b)[A-Z\u00c0-\u00de\u0410-\u042f][\w.'\u2019-]*(?:\s+(?:of|de|da|di|del|van|von|der|la|le|the|and|[A-Z\u00c0-\u00de\u0410-\u042f][\w.'\u2019-]*)){0,4}"
)
_TERM = re.compile(  # '"Kiitos" (pronounced KEE-tos).'
    r"(?:\*{1,3}|_)?[\"\u201c\u201e\u00ab]\s?(?P<said>[^\"\u201c\u201d\u201e\u00ab\u00bb\n]{1,40}?)(?:[.!]\s?[\"\u201d\u201c\u00bb](?:\*{1,3}|_)?|\s?[\"\u201d\u201c\u00bb](?:\*{1,3}|_)?(?:\s*\([^()\n]{1,80}\))?[.!])(?=\s)"
)
_MOST_WORDS = 4  # of a name
_MOST_SENTENCES = 3
_LONGEST = 400  # characters of a reply that is an opinion


def held(whole: str) -> str | None:
    """Return the name that a short reply states as its opinion, or as that of a work's author."""
    if len(whole) > _LONGEST:
        return None
    eastern = _EASTERN.fullmatch(whole.strip(" *"))
    if eastern is not None:
        return (eastern["zh"] or eastern["ja"]).strip(" *")
    sentences = locate.sentences(whole)
    if not 0 < len(sentences) <= _MOST_SENTENCES or CORRECTION.search(whole):
        return None
    first = sentences[0]
    if (work := _WORK.fullmatch(first)) is not None and work["who"][0].isupper():
        return work["who"].rstrip(".")
    if (title := _BEGIN_WITH.match(first)) is not None:
        return (title["said"] or title["zh"]).strip(" .,;:")
    opinion = _OPINION.match(first)
    framed = _FRAMED.match(first) if opinion is None else None
    begun = opinion or framed
    if begun is None:
        return _named_at_once(whole, first, sentences[1:])
    said = first[begun.end() :]
    it_is = _IT_IS.match(said)
    if framed is not None and it_is is None:
        return None
    said = _COMMENT.sub("", said if it_is is None else said[it_is.end() :]).strip(" .!*_\"'`")
    said = _VERB_LAST.sub("", said)
    fine = 0 < len(said.split()) <= _MOST_WORDS and _VERB.search(said) is None
    return said if fine and said != "so" and not said.endswith("ly") else None


def _named_at_once(whole: str, first: str, further: list[str]) -> str | None:
    """Return the name in "That would be Ann Lee. She won a prize.", or a term alone in quotes."""
    if (term := _TERM.match(whole)) is not None and not any(map(so, further)):
        return term["said"].strip(" .,!")
    it_is = _WOULD_BE.match(first) or _IT_IS_PLAINLY.match(first)
    if it_is is None or not all(_OF_IT.match(one) or is_aside(one) for one in further):
        return None
    said = _COMMENT.sub("", first[it_is.end() :]).strip(" .!*_\"'`")
    return said if _NAME.fullmatch(said) else None
