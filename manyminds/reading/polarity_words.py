"""Words that say yes or no, and the words around them, in several languages."""

import re

_END = r"(?=\s*(?:[.,;:!\u3002\u3001\u060c\u300d\u201d]|\s[\u2013\u2014-]|\u3067\u3059|$))"
_STATEMENT = (
    r"(?:(?:the|this|la|l['\u2019]|die|das|diese|a|o|il|le|esta|questa|cette)\s*)?(?:statement|claim|sentence|answer|conclusion|assertion"
    r"|afirmaci\u00f3n|frase|declaraci\u00f3n|aussage|behauptung|affirmation|\u00e9nonc\u00e9|phrase|proposition|affermazione|afirma\u00e7\u00e3o"
    r"|\u0443\u0442\u0432\u0435\u0440\u0436\u0434\u0435\u043d\u0438\u0435)\s+(?:is|ist|est|es|\u00e8|\u00e9|\u2014|-)?\s*(?:therefore\s+|thus\s+|indeed\s+|also\s+|donc\s+)?"
)
_IT_IS = (
    r"(?:it|that|this)(?:\s+is|['\u2019]s)\s+(?:therefore\s+|thus\s+|indeed\s+|clearly\s+)?"
    r"|(?:das|es|dies)\s+(?:ist|stimmt)\s+|c['\u2019]est\s+|es\s+(?=verdad|fals|cierto|correct)|\u00e8\s+(?=ver|fals|corrett)|\u00e9\s+(?=verdad|fals|corret)|\u044d\u0442\u043e\s+"
)
_LEADS = (
    rf"(?:{_STATEMENT}|{_IT_IS}"
    r"|(?:verdict|label|judge?ment|result|conclusion|urteil|ergebnis)\s*:\s*|i\s+(?:would|['\u2019]d)?\s*say\s+|true\s+or\s+false\s*[:?]\s*)"
)
_TRUE = (
    r"correct[eao]?|richtig|korrekt|stimmt|wahr|verdader[oa]|cierto|vraie?|exacte?|ver[oa]|corrett[oa]|verdadeir[oa]|corret[oa]"
    r"|\u0432\u0435\u0440\u043d\u043e|\u043f\u0440\u0430\u0432\u0434\u0430|\u6b63\u786e|\u6b63\u3057\u3044"
)
_FALSE = (
    r"incorrect[eao]?|wrong|untrue|falsch|unwahr|faux|fausse|fals[oa]|errone[oa]|scorrett[oa]|incorret[oa]"
    r"|\u043d\u0435\u0432\u0435\u0440\u043d\u043e|\u043b\u043e\u0436\u044c|\u9519\u8bef|\u9593\u9055\u3044"
)
WORD = re.compile(
    rf"^{_LEADS}?"
    r"(?:(?:(?P<turned>not\s+)?(?:(?P<yes>yes|true)|(?P<no>no|false))\b"
    r"(?!-|\s*/|\.\s*[0-9]+(?![0-9]|\s*(?:[=<>+*/\u00d7\u00f7\u2260]|(?:is|ist|est|es)\s+(?:not|divisible|an?|even|odd|composite|also|equal|less|greater|nicht|keine?|pas|durch)\b|can\b|has\b|equals\b))|\s+(?:one|idea|clue|doubt|problem|or|and)\b))"
    r"|(?:just\s+|only\s+)?an?\s+(?:\w+\s+){0,2}(?:myth|misconception|falsehood)\b"
    rf"|(?P<turned2>not\s+)?(?:(?P<right>{_TRUE})|(?P<wrong>{_FALSE})){_END}"
    rf"|(?:(?P<yes2>yep|yeah|yup|sure)|(?P<no2>nope|nah|(?:absolutely|definitely|certainly|of\s+course)\s+not|not\s+really)){_END}"
    r"|(?:(?P<ja>ja|oui|s[\u00edi\u00ec]|sim|tak|\u0434\u0430|\u662f\u7684?|\u5bf9|\u306f\u3044|\u0646\u0639\u0645|\ub124|\uc608|\u0939\u093e\u0901)"
    r"|(?P<nein>nein|non|nee|nie|n\u00e3o|\u043d\u0435\u0442|\u5426|\u4e0d\u662f|\u4e0d\u5bf9|\u4e0d|\u3044\u3044\u3048|\u0644\u0627|\uc544\ub2c8[\uc694\uc624]|\u0928\u0939\u0940\u0902))"
    rf"{_END})",
    re.IGNORECASE,
)
"""A verdict at the start of a text."""
_PLAIN = (
    rf"yes|no|true|false|{_TRUE}|{_FALSE}|ja|oui|s[\u00ed\u00ec]|sim|\u0434\u0430"
    r"|nein|non|n\u00e3o|\u043d\u0435\u0442|\u662f\u7684?|\u4e0d\u662f|\u5bf9|\u4e0d\u5bf9|\u306f\u3044|\u3044\u3044\u3048"
)
SAID = re.compile(rf"{_LEADS}(?:not\s+)?(?:{_PLAIN})\b|(?:{_PLAIN}){_END}", re.IGNORECASE)
"""A last sentence that is a verdict, or says it of the statement."""
ELLIPSIS = re.compile(  # "No lo es.", "Das ist nicht so."
    r"(?P<no>(?:das|dies|es)\s+(?:ist|stimmt|trifft|geht)\s+(?:so\s+|leider\s+)?nicht(?:\s+(?:so|der\s+fall|wahr|richtig|zu))?"
    r"|(?:sie|er|es|das|man)\s+(?:ist|sind|kann|k\u00f6nnen|tut|tun|hat|haben|darf)\s+(?:(?:es|das)\s+)?nicht|(?:tut|tun|ist|sind|kann|k\u00f6nnen|hat|haben)\s+(?:sie|er|es|man)\s+nicht"
    r"|(?:il|elle|ils|elles|on|cela|\u00e7a)\s+n(?:e\s+|['\u2019])(?:l['\u2019]|le\s+|la\s+)?(?:est|sont|peut|peuvent|fait|font|a|ont)\s+pas|ce\s+n['\u2019]est\s+pas\s+(?:le\s+cas|vrai|exact|possible)"
    r"|no\s+(?:lo\s+)?(?:es|son|est\u00e1n?|puede|pueden|hace|hacen)(?:\s+as\u00ed)?|non\s+(?:lo\s+)?(?:\u00e8|sono|pu\u00f2|possono|fa|fanno)(?:\s+(?:vero|cos\u00ec))?"
    r"|n\u00e3o\s+(?:o\s+)?(?:\u00e9|s\u00e3o|pode|podem|faz|fazem)(?:\s+verdade)?|dat\s+(?:is|klopt|kan)\s+niet(?:\s+(?:zo|waar|het\s+geval))?"
    r"|(?:\u044d\u0442\u043e\s+)?\u043d\u0435\s+(?:\u0442\u0430\u043a|\u044f\u0432\u043b\u044f\u0435\u0442\u0441\u044f|\u043c\u043e\u0436\u0435\u0442)|\u043d\u0435\u043b\u044c\u0437\u044f|to\s+nieprawda"
    r"|(?:(?:no|oh|oh\s+no|nein|non),?\s+)?(?:please,?\s+)?(?:don['\u2019]t|do\s+not)(?:\s+(?:do|risk|try|even\s+try)(?:\s+(?:it|that|this))?)?(?:,?\s+please)?|(?:better|best|rather|preferably)\s+not|i\s+(?:wouldn['\u2019]t|would\s+not)|(?:no\s+way|under\s+no\s+circumstances|on\s+no\s+account)"
    r"|(?:bitte|lieber|besser|blo\u00df|auf\s+(?:gar\s+)?keinen\s+fall)(?:\s+nicht)?(?<!bitte)|auf\s+(?:gar\s+)?keinen\s+fall|(?:surtout|plut\u00f4t|absolument|certainement)\s+pas|en\s+aucun\s+cas|mejor\s+no|de\s+ning\u00fan\s+modo|en\s+absoluto|meglio\s+di\s+no|assolutamente\s+no|melhor\s+n\u00e3o|de\s+jeito\s+nenhum|liever\s+niet|beter\s+niet"
    r"|\u043b\u0443\u0447\u0448\u0435\s+\u043d\u0435(?:\s+\u043d\u0430\u0434\u043e)?|\u043d\u0435\s+(?:\u0441\u0442\u043e\u0438\u0442|\u043d\u0430\u0434\u043e)|\u043d\u0438\s+\u0432\s+\u043a\u043e\u0435\u043c\s+\u0441\u043b\u0443\u0447\u0430\u0435|lepiej\s+nie"
    "|(?:\u6700\u597d|\u5343\u4e07|\u8bf7)?(?:\u4e0d\u8981|\u522b)(?:\u8fd9\u6837)?|\u7edd\u5bf9?\u4e0d(?:\u884c|\u53ef\u4ee5|\u80fd)|(?:\u3084\u3081\u3066|\u63a7\u3048\u3066)\u304f\u3060\u3055\u3044|\u3060\u3081\u3067\u3059"
    "|\u4e0d(?:\u80fd|\u4f1a|\u884c|\u53ef\u4ee5|\u53ef\u80fd|\u5c5e\u4e8e)|\u6ca1\u6709|(?:\u305d\u3046\u3067\u306f|\u3067\u304d|\u3042\u308a)(?:\u3042\u308a)?\u307e\u305b\u3093|\u9055\u3044\u307e\u3059)"
    r"|(?:das|dies)\s+(?:ist\s+(?:so|der\s+fall)|stimmt)|c['\u2019]est\s+(?:bien\s+)?(?:le\s+cas|vrai|exact)|as\u00ed\s+es|lo\s+(?:es|son|\u00e8|sono)|\u00e8\s+(?:cos\u00ec|vero)"
    r"|\u00e9\s+verdade|dat\s+(?:is\s+zo|klopt)|\u044d\u0442\u043e\s+(?:\u0442\u0430\u043a|\u043f\u0440\u0430\u0432\u0434\u0430)|to\s+prawda"
    "|\u80fd|\u4f1a|\u53ef\u4ee5|\u305d\u3046\u3067\u3059|\u305d\u306e\u901a\u308a(?:\u3067\u3059)?|\u3067\u304d\u307e\u3059",
    re.IGNORECASE,
)
"""A whole clause that says yes or no without a word of its own for it."""
OPENING_END = re.compile(
    r"\s*(?:[.;!:\u3002\uff01]|,(?=\s+(?:as|because|since|for|seit|depuis|desde|dal|weil|porque|car|denn|da|puisque|pues|perch\u00e9|want|bo|it|they|he|she|the|only)\b)|,(?=[\u4e00-\u9fff])|\uff0c|\s[\u2013\u2014-]\s|\s(?:because|since)\b)\s*"
)
"""The end of "It cannot" or "They do not" at the start of a reply."""
WAS = re.compile(r"\s(?:was|were)\W*$", re.IGNORECASE)
"""The end of a clause about the past."""
TURNS = re.compile(
    r"(?:but|however|though|although|unless|if|except|not|aber|mais|pero|ma|mas|maar)\b|.*\b(?:depends|unless)\b",
    re.IGNORECASE | re.DOTALL,
)
"""What takes back or limits the verdict before it."""
EITHER = re.compile(
    r"\b(?:true\s+or\s+false|yes\s+or\s+no|wahr\s+oder\s+falsch|richtig\s+oder\s+falsch|ja\s+oder\s+nein|vrai\s+ou\s+faux|oui\s+ou\s+non"
    r"|verdadero\s+o\s+falso|s\u00ed\s+o\s+no|vero\s+o\s+falso|s\u00ec\s+o\s+no|verdadeiro\s+ou\s+falso|sim\s+ou\s+n\u00e3o)\b"
    r"|\b\u0434\u0430\s+\u0438\u043b\u0438\s+\u043d\u0435\u0442|\u5bf9\u8fd8\u662f\u9519|\u662f\u8fd8\u662f\u5426|\u306f\u3044[\u3001,]?(?:\u307e\u305f\u306f|\u304b)[\u3001,]?\u3044\u3044\u3048",
    re.IGNORECASE,
)
"""A question's words that yes and no, or true and false, answer."""
JUDGES = re.compile(  # "The statement in question, however, is true."
    r"(?:^|[.!?\n]\s*|[,;:]\s+|\b(?:and|so|hence|thus|therefore|means|shows|und|et|y|e|en)\s+(?:that\s+)?)[^\w\n]{0,4}"
    r"(?:(?:(?:so|thus|hence|therefore|that|which\s+means(?:\s+that)?|also|somit|damit|donc|por\s+lo\s+tanto|quindi|portanto|dus)\s+)*)"
    r"(?:(?:the|this)\s+(?:original\s+|given\s+)?(?:statement|claim|assertion)\b(?:\s+(?:in\s+question|above|itself|given))?(?:,?\s+(?:however|therefore|thus|hence|then),?)?"
    r"\s+is\s+(?:therefore\s+|thus\s+|hence\s+|indeed\s+)?[*_`]*(?:(?P<true>true|correct)|not\s+(?:true|correct)|false|incorrect|wrong)"
    r"|(?:die|diese)\s+(?:aussage|behauptung)\s+(?:ist\s+)?(?:also\s+|somit\s+|damit\s+|daher\s+|tats\u00e4chlich\s+)?[*_`]*(?:(?P<wahr>wahr|richtig|korrekt|stimmt)|nicht\s+(?:wahr|richtig)|falsch|unwahr)"
    r"|(?:l['\u2019]|cette\s+)(?:affirmation|\u00e9nonc\u00e9)\s+est\s+(?:donc\s+|bien\s+)*[*_`]*(?:(?P<vrai>vraie?|exacte?|correcte?)|fausse|faux|incorrecte?)"
    r"|(?:la|esta)\s+(?:afirmaci\u00f3n|declaraci\u00f3n)\s+es\s+(?:por\s+(?:lo\s+)?tanto\s+|entonces\s+)?[*_`]*(?:(?P<cierto>verdadera|correcta|cierta)|falsa|incorrecta)"
    r"|(?:l['\u2019]|questa\s+)affermazione\s+\u00e8\s+(?:quindi\s+|dunque\s+)?[*_`]*(?:(?P<vero>vera|corretta|esatta)|falsa|errata|sbagliata)"
    r"|(?:a|esta)\s+afirma\u00e7\u00e3o\s+\u00e9\s+(?:portanto\s+)?[*_`]*(?:(?P<certo>verdadeira|correta)|falsa|incorreta)"
    r"|(?:de|deze)\s+(?:stelling|uitspraak|bewering)\s+is\s+(?:dus\s+)?[*_`]*(?:(?P<waar>waar|juist|correct)|onwaar|onjuist)"
    r"|(?:\u044d\u0442\u043e\s+)?\u0443\u0442\u0432\u0435\u0440\u0436\u0434\u0435\u043d\u0438\u0435\s+(?:[\u2014-]\s+|\u044f\u0432\u043b\u044f\u0435\u0442\u0441\u044f\s+)?[*_`]*(?:(?P<da>\u0432\u0435\u0440\u043d\u043e|\u0438\u0441\u0442\u0438\u043d\w+|\u0432\u0435\u0440\u043d\u044b\u043c|\u043f\u0440\u0430\u0432\u0434\u0438\u0432\u043e)|\u043d\u0435\u0432\u0435\u0440\u043d\w+|\u043b\u043e\u0436\u043d\w+))\W*$"
    "|(?:\u8fd9\u4e2a|\u8be5|\u8fd9\u4e00|\u6b64)?(?:\u8bf4\u6cd5|\u9648\u8ff0|\u547d\u9898)\u662f?[*_`]*(?:(?P<zheng>\u6b63\u786e|\u5bf9)|\u9519\u8bef|\u4e0d\u6b63\u786e|\u9519)\u7684?\\W*$"
    "|(?:\u3053\u306e|\u305d\u306e)?(?:\u8a18\u8ff0|\u6587|\u4e3b\u5f35|\u8aac\u660e)\u306f[*_`]*(?:(?P<sei>\u6b63\u3057\u3044|\u771f|\u6b63)|\u8aa4\u308a|\u9593\u9055\u3044|\u507d|\u6b63\u3057\u304f)[^\n\u3002]{0,6}\\W*$",
    re.IGNORECASE,
)
"""Says that the statement in question is true or false; a group holds where it is true."""
ASPECT = re.compile(  # "Botanically speaking, yes"
    r"^(?:\w+ly(?:\s+speaking)?|by\s+definition|as\s+a\s+rule|(?:in|from)\s+(?:(?:an?|the|its)\s+)?\w+(?:\s+\w+)?\s+(?:sense|terms|usage|view|perspective|standpoint|of\s+view)"
    r"|in\s+(?:principle|general|theory|botany|biology|science|mathematics|practice)|streng\s+genommen|genau\s+genommen|\w+\s+gesehen|strictement\s+parlant|d['\u2019]un\s+point\s+de\s+vue\s+\w+|en\s+(?:rigor|principio|principe)|\w+mente(?:\s+hablando)?|\w+ment\s+parlant)\s*,\s*",
    re.IGNORECASE,
)
"""A restriction before a verdict."""
