# ruff: noqa: E501 - patterns are easier to read in one line
"""The words around an answer, in English, Chinese, Japanese and the table of `languages`."""

import re
from functools import lru_cache

from manyminds.reading import languages

_IS = (
    r"\b(?:(?:is|are|was)(?:n['\u2019]t|\s+not)?|(?:stays|remains)(?=\s)|(?:turns?|works?|comes?)\s+out\s+(?:to(?:\s+be)?|as)|amounts?\s+to|(?:can|could)\s+only\s+be|(?:cannot|can't|can\s+not|(?:would|must|should|will)n't)\s+be"
    r"|equals|(?:would|must|should|will|has\s+to|needs\s+to|comes\s+out\s+to)(?:\s+(?:not\s+)?be)?)\b"
)
_MARK = r"(?:[:=]|[\u2014\u2013](?=\s)|(?<=\S)[ \t]-\s)"
_BOLD = r"[*_]{0,3}"
_ENGLISH = (
    rf"\b(?:(?:final|correct|right|best|short)\s+){{0,3}}"
    rf"(?:(?<!\ban )answer|(?<!\ba )(?<!of the )(?<!of this )solution(?![*_ ]{{0,4}}:?[*_ ]{{0,4}}\n)){_BOLD}"
    rf"(?:\s+\((?:rounded|in|to|approx)[^()\n]{{1,40}}\)|\s+here|\s+(?:to|for|you|we|that|here)\s+[^.:=?!\n]{{1,60}}?)?\s*(?:(?:therefore|thus|then|hence),?\s+)?"
    rf"(?:{_IS}|{_MARK}|['\u2019]s\b|\s?\n)"
    rf"|\b(?:short\s+version|tl;?dr|bottom\s+line|quick\s+answer){_BOLD}\s*{_MARK}"
    rf"|\bcorrect\s+(?:option|choice)\s*(?:{_IS}|{_MARK})|^[*_ ]*(?:ans|a|correct){_BOLD}\s*:"
    r"|^[#*_ ]*final\s+answer[*_ ]*(?=\n|\Z|[0-9$\\(-])|\bfinal\s+answer\b(?=\s+[$\\\d*-])"
)
_FURTHER = (
    "(?:\uc815\ub2f5|\ub2f5\ubcc0|\ub2f5)[*_]{0,3}\\s*(?:\uc740|\ub294|\uc774|:)|\u0627\u0644(?:\u0625\u062c\u0627\u0628\u0629|\u062c\u0648\u0627\u0628)"
    "(?:\\s+\u0627\u0644\u0635\u062d\u064a\u062d\u0629)?[*_]{0,3}\\s*(?:\u0647\u0648|\u0647\u064a|:)|\u0909\u0924\u094d\u0924\u0930[*_]{0,3}\\s*(?::|\u0939\u0948|(?=[0-9(]))"
)
_EASTERN = (
    "(?:\u7b54\u6848|\u7b54|\u7b54\u3048|\u89e3\u7b54|\u56de\u7b54|\u6b63\u89e3)[*_]{0,3}\\s*"
    "(?:\u5e94\u8be5|\u5e94\u5f53|\u5e94|\u5c31)?(?:\u4e0d?\u662f|\u4e3a|\u70ba|\u7b49\u4e8e|\u9009|\u306f|[:=])"
)
ANSWER_IS = re.compile(
    rf"####(?=\s*\S)|{_ENGLISH}|(?P<comma>{languages.answer_is(_MARK)})|{_EASTERN}|{_FURTHER}",
    re.IGNORECASE | re.MULTILINE,
)
IS_THE_ANSWER = re.compile(
    r"(?:^|\n|[.:;!]\s{1,3}|\b(?:so|thus|hence|therefore|that|think|believe)\s+)"
    r"(?:(?:so|thus|hence|therefore|then|ultimately|finally|overall|consequently|as\s+a\s+result|in\s+(?:conclusion|total|summary|short|the\s+end)),?\s+)?"
    r"(?!(?:this|that|it|which|what|here|there|not|none)\b)([^\n:;!?]{1,60}?)\s{1,3}"
    r"(?:is|are|was|must\s+be|would\s+be|should\s+be)\s+(?:the|my|our)\s+"
    r"(?:(?:correct|right|final|best|only)\s+)*(?:answer|option|choice|solution)\b"
    "|([^\\s\u3002\u3001,]{1,30})\u304c(?:\u7b54\u3048|\u6b63\u89e3)",
    re.IGNORECASE,
)
RESULT_IS = re.compile(
    r"\b(?<!whose )(?:totals?|results?|output|sum|return\s+value|summe|gesamt|total\s+cost|value)[*_]{0,3}"
    r"\s*(?:is\b|[:=])|(?:\u7ed3\u679c|\u603b\u5171|\u4e00\u5171|\u5408\u8ba1|\u8fd8\u5269\u4e0b?|\u5269\u4e0b|\u6b8b\u308a\u306f|\u5408\u8a08|\u5408\u308f\u305b\u3066|\u3042\u308f\u305b\u3066|\u5168\u90e8\u3067)"
    r"\s*(?:\u662f|\u4e3a|\u6709|\u306f|\u3067|:)?",
    re.IGNORECASE,
)
CORRECTION = re.compile(
    r"\b(?:is|was)(?:n['\u2019]t|\s+not)\s+[^.;,\n]{1,40}(?:,\s+(?:as|like|though|although)\s[^.;,\n]{1,60})?[.;,]\s*(?:but\s+|rather,?\s+|it(?:'s|\s+is)\s+)(?:rather\s+)?"
    r"|(?:\b(?:not|neither)|n['\u2019]t)\s+[^.;,\n]{1,40}?[,;]?\s+but\s+(?:rather\s+)?"
    r"|(?P<turn>\b(?:actually|wait|no|rather|instead|sorry|oops|correction|hmm),?\s+(?:but\s+)?(?:actually,?\s+)?"
    r"(?:it(?:'s|\s+is|\s+should\s+be|\s+must\s+be)|that(?:'s|\s+is|\s+should\s+be))\s+"
    r"|\b(?:wrong|incorrect|mistake\w*|not\s+right)\b[.,;!]?\s+(?:actually,?\s+)?it(?:'s|\s+is|\s+should\s+be)\s+"
    r"|\bcorrection:\s*(?:it\s+is\s+)?|\bi\s+mean\s+|\bit\s+should\s+be\s+|\u66f4\u6b63[:\u4e3a])"
    r"|\b(?:nicht|pas|no|n\u00e3o|non|niet|nie|inte|ikke|\u043d\u0435)\s+[^.;\n]{1,40}?,?\s+(?:sondern|mais|sino|mas|bens\u00ec|ma|maar|lecz|tylko|utan|men|\u0430)\s+(?:\u00e9\s+|\u00e8\s+|to\s+)?"
    "|\u3067\u306f\u306a\u304f|\u800c\u662f|\u5e94\u8be5\u662f",
    re.IGNORECASE,
)
REASON = re.compile(
    r",?\s+(?:because|since|ou\s+seja|es\s+decir|o\s+sea|c['\u2019]est-\u00e0-dire|das\s+hei\u00dft|that\s+is\s+to\s+say"
    r"|(?<!written )(?<!expressed )(?<!known )as\s+(?:we|it|the|this|they|he|she)\b"
    r"|rather\s+than|instead\s+of"
    r"|which|given\s+that|weil|parce\s+que|porque|ya\s+que|puesto\s+que|perch[\u00e9\u00e8](?=\s)|poich\u00e9(?=\s)|uma\s+vez\s+que|omdat|poniewa\u017c|\u043f\u043e\u0441\u043a\u043e\u043b\u044c\u043a\u0443)(?!\w).*|,\s+(?:denn|da|car|puisque|pues|pois|want|gdy\u017c|bo)\s.*"
    r"|,\s+(?:even\s+)?(?:though|although|obwohl|obgleich|auch\s+wenn|bien\s+qu|m\u00eame\s+si|aunque|si\s+bien|sebbene|anche\s+se|embora|mesmo\s+que|hoewel|ook\s+al|\u0445\u043e\u0442\u044f|cho(?:cia\u017c|\u0107))(?![,\w]).*"
    r"|,?\s*\(?\bnot\s.*|\s+\((?:rounded|approx|not|since|because|as)\b.*"
    r"|;\s+(?=[a-z]{2,}[\s:]|i\s).*|[,\u3001\u3002;]\s*(?:\u56e0\u4e3a|\u56e0|\u306a\u305c)|\s+\u043f\u043e\u0442\u043e\u043c\u0443\b"
    r"|,\s*\u0442\u0430\u043a\s|\s+\u2014\s.*",
    re.IGNORECASE | re.DOTALL,
)
POINTER = re.compile(
    r"^\s*(?:the\s+same\b|(?:follows|comes)\s+from\b|as\s+(?:follows|before)|(?:found\s+)?in\s+step\b|given\s+by|the\s+following"
    r"|below|simple|simply|therefore|thus|clear)[^:\n]{0,40}:\s*"
    r"|^\s*(?:therefore|thus|then|hence|simply|clearly|just|also|exactly|still|definitely|certainly|surely"
    r"|obviously|(?:most\s+)?(?:probably|likely)|indeed|undoubtedly|actually|of\s+course|in\s+fact|donc|also|daher|somit|folglich|demnach|deshalb"
    r"|entonces|por\s+(?:lo\s+)?tanto|quindi|dunque|pertanto|portanto|dus|daarom|zatem|wi\u0119c|\u043f\u043e\u044d\u0442\u043e\u043c\u0443|\u0441\u043b\u0435\u0434\u043e\u0432\u0430\u0442\u0435\u043b\u044c\u043d\u043e)\b,?\s+",
    re.IGNORECASE,
)
VACUOUS = re.compile(
    r"^(?:(?:therefore|thus|hence|so|then)\W*$|that\b|it\b|not\b|simple|simply|clear|obvious|as\s+(?:follows|below|above|shown)|below|above|the\s+following|straight"
    r"|easy|unknown\b|unclear|i\s|we\s|given|found|based|shown|in\s+the|quite|very|really"
    r"|\u4e0d\u77e5\u9053|\u65e0\u6cd5|null\W*$|none\s+of|n/?a\W*$|undetermined|depends)",
    re.IGNORECASE,
)
UNKNOWN = re.compile(
    r"^(?:unknown|unclear|undetermined|not\s+(?:known|clear|given|stated|available)|none\b|nothing|n/?a\W*$|null\W*$"
    r"|depends|impossible|\u4e0d\u77e5\u9053|\u65e0\u6cd5|\u672a\u77e5|unbekannt|inconn|desconocid)",
    re.IGNORECASE,
)
"""The start of a statement that there is no answer."""
DENIES = re.compile(
    r"\b(?:not|cannot|can't|nicht|niet|pas|\u043d\u0435|nu|nie|no\s+es|n\u00e3o|non)\b|n['\u2019]t\b|\u4e0d\u662f",
    re.IGNORECASE,
)
"""A cue that says what the answer is not."""
DENIED = re.compile(
    r"(?:(?:definitely|certainly|clearly|obviously|surely)\s+)?(?:not|nicht|pas|never|\u043d\u0435)\b"
    "|\u4e0d\u662f",
    re.IGNORECASE,
)
"""The start of a statement that says what the answer is not."""
TAKEN_BACK = re.compile(
    r"\b(?:that|this|it|which)\s+(?:was|is)\s+(?:wrong|incorrect|not\s+correct|not\s+right|a\s+mistake)\b"
    r"|\((?:this\s+is\s+)?(?:wrong|incorrect|false)\b",
    re.IGNORECASE,
)
"""Says that the answer before it is none."""
CONFIRMS = re.compile(
    r"(?:(?:indeed|also|therefore|thus|actually|now)\s+)?(?:correct|right|valid|verified|confirmed|reasonable)\b",
    re.IGNORECASE,
)
"""Says of an answer that it is right, not what it is."""
SUPPOSED = re.compile(
    r"(?:^|[.!?\n]\s*)\W*(?:for\s+(?:example|instance)|suppose|assume|imagine|e\.g\.)[^.!?\n]*$",
    re.IGNORECASE,
)
"""The words before a cue in an example, not in the answer."""
CONDITION = re.compile(
    r"(?:^|[.!?\n]\s*)(?:if|when|wenn|si|\u5982\u679c)\b[^.!?\n]*$", re.IGNORECASE
)
REFUSAL = re.compile(
    r"\bi(?:['\u2019]ve|\s+have)\s+no\s+(?:access|way|means|information|record|knowledge|data)\b|\bthere(?:['\u2019]s|\s+is)\s+no\s+way\s+(?:for\s+me\b|(?:to|of)\s+(?:know|tell|determin|find)\w*)"
    r"|\b(?:i\s+can\s+only\s+(?:help|answer|assist|discuss)\b|i\s+(?:do\s+not|don't)\s+have\s+(?:that|this|the|any|access|enough)\b|i(?:'m|\s+am)\s+(?:sorry|unable|not\s+(?:able|sure))|i\s+(?:can(?:no|')t|do\s*n[o']t\s+know|"
    r"do\s+not\s+know|won't|am\s+unable)|can(?:not|'t)\s+(?:be\s+)?(?:determined?|answer(?:ed)?|help|find|found|solved?|computed|calculated|evaluated)"
    r"|(?:not|\w*n't(?:\s+have)?|without)\s+(?:enough|sufficient)\s+information|insufficient\s+information|as\s+an\s+ai)\b"
    rf"|{languages.REFUSES}",
    re.IGNORECASE,
)
CONCLUDES = re.compile(
    r"^\W*(?:(?:so|thus|therefore|hence|in\s+total|altogether|in\s+all|total)\b|that(?:'s|\s+(?:is|makes|gives))|it(?:'s|\s+is)"
    r"|this\s+(?:is|gives|means|makes)|there\s+(?:are|is)|i\s+(?:think|get|believe)|we\s+get|finally|consequently"
    r"|also\b|donc|por\s+lo\s+tanto|as\u00ed|daher|insgesamt|(?:folglich|somit|demnach|ainsi|portanto|ent\u00e3o|entonces|luego|quindi|dunque|perci\u00f2|pertanto|dus|daarom|zatem|wi\u0119c)\b|"
    "\u56e0\u6b64|\u6240\u4ee5|\u6545|\u4e00\u5171|\u603b\u5171|\u3057\u305f\u304c\u3063\u3066|\u3088\u3063\u3066"
    r"|\u0438\u0442\u043e\u0433\u043e|\u0437\u043d\u0430\u0447\u0438\u0442|\u0442\u0430\u043a\u0438\u043c)",
    re.IGNORECASE,
)
COMMA_WORDS = re.compile(
    r"\b(?:ist|sind|das|der|die|wie|viele?|und|nicht|eine?|f\u00fcr|mit|betr(?:agen|\u00e4gt)|kostet|kosten|insgesamt|quelle?|combien"
    r"|environ|la|le|du|une?|donc|pour|co\u00fbte|est|sont|les|des|el|los|las|por|para|cuesta|tiene|ser\u00eda|lautet|\u00e8|sono"
    r"|es|il|della|en|hay|que|se|con|os|uma?|di|che|al|cela|soit|custa|s\u00e3o|het|een|zijn|kost|euros?)\b|[\u0400-\u04ff]",
    re.IGNORECASE,
)

_TITLE = re.compile(
    r"[ \t]*(?:[0-9]{1,2}[.)][ \t]+)?(?=[^\n]{0,80}[^\W\d_]{3})[^\W\d_]+(?=\s)[^\n:\uff1a=]{0,80}\n\s*\S"
)
_NOT_OWN = re.compile(  # before a cue: "the intuitive (but wrong) answer:", "## Checking the answer"
    r"(?:(?<!not )\b(?:wrong|incorrect|mistaken|na[i\u00ef]ve|intuitive|tempting|misleading|gut|knee-jerk|instinctive|falsche|verlockende|intuitive|naheliegende|voreilige|foute|verkeerde|\u043d\u0435\u0432\u0435\u0440\u043d\w+|\u043d\u0435\u043f\u0440\u0430\u0432\u0438\u043b\u044c\u043d\w+|b\u0142\u0119dn\w+)"
    r"(?:\W{1,3}(?:but|and|yet|aber|und|mais|et|pero|y|ma|e|maar)\s+(?:\w+\s+)?\w+)?\W{1,3}(?:first\s+)?"
    r"|^[#*_ \t]*(?:[0-9]{1,2}[.)]\s+)?(?:(?:double[- ]?)?check|verif|confirm|explain|interpret|understand|discuss|\u00fcberpr\u00fcf|pr\u00fcf|kontroll|v\u00e9rif|comprob|conferi|controll|\u043f\u0440\u043e\u0432\u0435\u0440|sprawdz|por\s*qu|pourquoi|why|warum)\w*\s+(?:\w{1,4}\s+){0,2}?"
    r"|^[-*\u2022\s]*(?:forgetting|thinking|believing|claiming|confusing|saying|writing|stating|vergessen|oublier|olvidar|dimenticare|esquecer)\s+(?:\w{1,5}\s+){0,2}?"
    "|(?:\u9519\u8bef|\u76f4\u89c9|\u76f4\u611f|\u9593\u9055\u3063\u305f)\\S{0,2}"
    "|(?:\u9a8c\u8bc1|\u68c0\u9a8c|\u68c0\u67e5|\u9a57\u8a3c|\u78ba\u8a8d)\\S{0,3})$",
    re.IGNORECASE | re.MULTILINE,
)
_IS_LIKE = re.compile(  # "is usually wrong", "is surprisingly simple"
    r"[\s*_]*(?:(?:usually|often|mostly|almost\s+always|typically|commonly|frequently|always)\s+(?:wrong|incorrect|false|mistaken)"
    r"|(?:surprising|counter-?intuitive|surprisingly\s+\w+|meist(?:ens)?\s+falsch|oft\s+falsch|(?:souvent|g\u00e9n\u00e9ralement)\s+fausse|(?:suele|spesso|geralmente)\s+\w+)\b(?!\s*,?\s*[0-9]))",
    re.IGNORECASE,
)
_LINE = 80  # characters before a cue


@lru_cache(maxsize=1_024)  # each kind of answer that is tried looks for them in the same replies
def answers_in(text: str) -> tuple[re.Match[str], ...]:
    """Return the cues of a text, such as "The answer is", from its first to its last."""
    return tuple(cue for cue in ANSWER_IS.finditer(text) if not _is_of_another(text, cue))


def _is_of_another(text: str, cue: re.Match[str]) -> bool:
    """Say whether a cue is part of a heading, or states what others wrongly answer."""
    if cue[0] == "####":  # a heading with text below it; "#### 42" is none
        return _TITLE.match(text, cue.end()) is not None
    if _IS_LIKE.match(text, cue.end()):
        return True
    begins = text.rfind("\n", max(0, cue.start() - _LINE), cue.start()) + 1
    return _NOT_OWN.search(text, max(begins, cue.start() - _LINE), cue.start()) is not None
