"""Texts with figures that are no single number: dates, times, ranges, tuples, expressions."""

import re

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_ONE_LETTER = r"[a-z](?:[\^e][0-9])?"
NO_NUMBER = re.compile(
    rf"[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}|\b[0-9]{{1,2}}([/.])[0-9]{{1,2}}\1[0-9]{{2,4}}\b"
    rf"|\b{_MONTH}\s+[0-9]|\b[0-9]{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH}(?![a-z])|[0-9]\s*:\s*[0-9]"
    rf"|(?<![0-9年])[0-9][0-9年]*年|[0-9]月|[0-9]\s*[ap]\.?m\b"
    rf"|[0-9%]\s*(?:[–—~-]|\bto\b|\bbis\b|\bà\b|至|到)\s*[$€£¥₹₩₽]?[0-9]"
    rf"|\bbetween\b|\bzwischen\b|\bentre\b|±|[+]/-"
    rf"|[0-9][^.]*\b(?:or|oder|ou|o|или)\b[^.]*[0-9]|[0-9]\s*(?:或|または)"
    rf"|[0-9]\s*[,;]\s+[-$]?[0-9]|[0-9],\s*-[0-9]|[\[({{]\s*-?[0-9.]+\s*[,;]"
    rf"|\b[0-9]{{1,2}}(?:st|nd|rd|th)\s+of\s+{_MONTH}|[0-9]\s+(?:in|out\s+of|of|and|und|et|y|и)\s+[$€£]?[0-9]"
    rf"|[0-9]\s*(?!(?:per|a|for|from|by|each|x)\b)[a-z]{{1,10}}\s+[0-9]+\s*[a-z]|[0-9]\s*(?:…|[.]{{3}})"
    rf"|[0-9]\s*[+*^]\s*[a-z(]|[0-9]\s+-\s+[a-z]\b|[0-9]s\b|[0-9]\s*BCE?\b|[0-9]\s*(?:Uhr|o'clock)\b"
    rf"|\b(?:log|ln|sqrt|sin|cos|tan|root|squared|cubed|factorial|twice|double|triple)\b"
    rf"|\bto\s+the\s+(?:power|[a-z]{{3,9}}(?:th|nd|rd)\b)"
    rf"|[0-9]\s*(?:[点點]|[时時](?![间間速])|小[时時]\s*[0-9半]|時間\s*[0-9半])"
    rf"|\b(?:up\s+to|over|under|above|below|beyond)\s+[$€£]?[0-9]|[0-9]\s*‰|[0-9]\s*(?:noon|midnight)\b"
    rf"|[0-9]\+(?![0-9\s])|[0-9]-[a-z]{{2}}"
    rf"|[0-9](?-i:[abfjoqrtuvw])(?![A-Za-z])|π|√|\\pi|\\sqrt|[0-9)](?:\s?(?-i:[xyzniXYZI])|(?-i:N))(?![^\W\d_])(?!\s*10)|\b[0-9]+\s*[+*×·÷]\s*[0-9(]"
    rf"|[0-9]\s*(?:[a-z]+\s+){{1,2}}(?:and|und|et|y)\s+[$]?[0-9]"
    rf"|[0-9]\s*(?:feet|foot|ft|hours?|hrs?|pounds|lbs?|years?|minutes?|min)\s+[0-9]"
    rf"|[0-9]\s?h\s?[0-9]|[0-9]\s*(?:r|rem(?:ainder)?|rest|reste|resto|余り?)\.?\s*(?:of\s+)?[0-9]"
    rf"|\bremainder\b.*[0-9].*\bquotient\b"
    rf"|[0-9][^.;]*\bif\b[^.;]*[0-9][^.;]*\bif\b"
    rf"|[0-9]\s?(?!e[+-]?[0-9])[a-z]\s?(?:[+*^]|-\s?[0-9a-z])|(?<![a-z0-9]){_ONE_LETTER}\s?[-+*]\s?[0-9]"
    rf"|[0-9][^.;]*\b(?:each|apiece)\b[^.;]*[$€£]?[0-9]"
    rf"|[<>≤≥≠∞]|\\neq?(?![a-z])|\\infty|\\setminus|\\ ?\\?\{{"
    rf"|\bexcept\b|\b(?:at\s+least|at\s+most|more\s+than|less\s+than|fewer\s+than)\b",
    re.IGNORECASE,
)
"""What must not be read as its first number."""
