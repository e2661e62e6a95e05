"""How other languages say "the right answer is" and "option B is right"."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import starmap


@dataclass(frozen=True)
class Language:
    """Words of one language, as alternatives of a regular expression.

    Attributes:
        answer: An answer, a result.
        option: An option, its letter.
        right: Right, correct, final: before or behind the noun.
        verbs: What joins the noun to what is stated.
    """

    answer: str
    option: str
    right: str
    verbs: str


LANGUAGES = tuple(
    starmap(
        Language,
        (
            # German, Dutch
            (
                r"antwort|lösung|ergebnis|endergebnis|resultat",
                r"antwort|option|buchstabe|möglichkeit|aussage",
                r"endgültige[rs]?|richtige[rs]?|korrekte[rs]?|richtig|korrekt|finale[rs]?",
                r"ist\b|lautet\b|wäre\b|beträgt\b",
            ),
            (
                r"antwoord|uitkomst|resultaat",
                r"antwoord|optie|letter|keuze",
                r"juiste|correcte|goede|uiteindelijke|definitieve",
                r"is\b|luidt\b",
            ),
            # French, Spanish, Portuguese, Italian, Romanian
            (
                r"réponse|résultat",
                r"réponse|option|lettre|proposition|choix",
                r"finale?|correcte?|exacte?|bonne|juste|définitive",
                r"n['’]est\s+pas\b|est(?:\s+donc)?\b|serait\b|vaut\b",
            ),
            (
                r"respuesta|resultado|solución",
                r"respuesta|opción|letra|alternativa",
                r"final|correct[ao]|definitiva|acertada",
                r"(?:no\s+)?es\b|sería\b",
            ),
            (
                r"resposta|resultado|solução",
                r"resposta|opção|letra|alternativa",
                r"final|corret[ao]|certa|certo|definitiva",
                r"(?:não\s+)?é(?!\w)|seria\b",
            ),
            (
                r"risposta|risultato|soluzione",
                r"risposta|opzione|lettera|alternativa",
                r"finale|corrett[ao]|esatt[ao]|giust[ao]|definitiv[ao]",
                r"(?:non\s+)?è(?!\w)|sarebbe\b",
            ),
            (
                r"răspuns(?:ul)?|rezultat(?:ul)?",
                r"răspunsul|opțiunea|varianta|litera",
                r"corectă?|finală?",
                r"(?:nu\s+)?este\b|e\b",
            ),
            # Polish, Czech, Hungarian
            (
                r"odpowied[zź]|wynik|rozwiązanie",
                r"odpowied[zź]|opcja|litera|wariant",
                r"prawidłow[aye]|poprawn[aye]|ostateczn[aye]|końcow[aye]",
                r"to\b|brzmi\b|jest\b|wynosi\b",
            ),
            (
                r"odpověď|výsledek|řešení",
                r"odpověď|možnost|varianta|písmeno",
                r"správn[áýé]|konečn[áýé]",
                r"je\b|zní\b",
            ),
            (
                r"válasz|eredmény|megoldás",
                r"válasz|opció|lehetőség",
                r"helyes|végső",
                r"(?:tehát\s+)?(?:az?\s+)?(?=[(]?[A-J]\b|[0-9])",
            ),
            # Swedish, Danish, Norwegian, Finnish
            (
                r"svaret?|svar|resultatet?",
                r"svaret?|alternativ(?:et)?|valg(?:et)?|bokstav(?:en)?",
                r"rätt|rätta|rett|rette|rigtige?|riktige?|korrekta?|endelige|slutliga",
                r"(?:er|är)\b|blir\b|lyder\b",
            ),
            (r"vastaus|tulos", r"vastaus|vaihtoehto|kirjain", r"oikea|lopullinen", r"on\b"),
            # Turkish, Indonesian, Vietnamese
            (
                r"cevap|cevabı|yanıt|sonuç",
                r"cevap|yanıt|seçenek|şık",
                r"doğru|nihai|kesin",
                r"(?=[(]?[A-J]\b|[0-9])",
            ),
            (
                r"jawaban(?:nya)?|hasil(?:nya)?",
                r"jawaban(?:nya)?|pilihan|opsi|huruf",
                r"yang\s+benar|yang\s+tepat|benar|akhir(?:nya)?",
                r"adalah\b|ialah\b",
            ),
            (
                r"đáp\s+án|kết\s+quả|câu\s+trả\s+lời",
                r"đáp\s+án|phương\s+án",
                r"đúng|cuối\s+cùng|chính\s+xác",
                r"là\b|(?=[(]?[A-J]\b|[0-9])",
            ),
            # Greek, Russian, Ukrainian
            (
                r"απάντηση|αποτέλεσμα",
                r"απάντηση|επιλογή",
                r"σωστή|τελική|ορθή",
                r"είναι\b",
            ),
            (
                r"ответ|результат",
                r"ответ|вариант|буква",
                r"правильный|верный|окончательный",
                r"это\b|равен\b|будет\b|(?=не\s)|(?=[(]?[A-J]\b)",
            ),
            (
                r"відповідь|результат",
                r"відповідь|варіант",
                r"правильна|вірна|остаточна|правильний",
                r"це\b|(?=[(]?[A-J]\b)",
            ),
        ),
    )
)
"""Their nouns stand without a capital: the patterns made of them take no notice of case."""

OPTIONS = "|".join(sorted({noun for one in LANGUAGES for noun in one.option.split("|")}))
"""Words for an option or its letter."""

_NO = "no|não|non|nu|nie|ne|не"
IS_NOT = rf"\b(?:(?:{_NO})\s+|n['’])(?:es|é|è|este|e|jest|est|это)(?!\w)"
"""That something is not what follows."""

REFUSES = "|".join(
    (
        r"\b(?:ich\s+wei(?:ß|ss)|(?:das\s+)?wei(?:ß|ss)\s+ich)\s+(?:es\s+|das\s+)?(?:leider\s+)?nicht\b"
        r"|\b(?:ich\s+kann|(?:das|dazu|dabei|leider|hier)\s+kann\s+ich)\s+(?:[\w']+\s+){0,4}nicht\b|\bleider\s+kann\s+ich\b"
        r"|\btut\s+mir\s+leid\b|\bkeine\s+ahnung\b"
        r"|\b(?:ich\s+habe|habe\s+ich|mir\s+liegen)\s+(?:\w+\s+){0,2}keine?n?\s+(?:zugriff|zugang|information\w*|kenntnis|daten|möglichkeit)\b",
        r"\b(?:ik\s+weet|dat\s+weet\s+ik)\s+(?:het\s+)?(?:helaas\s+)?niet\b|\bik\s+kan\s+(?:\w+\s+){0,3}niet\b|\bik\s+heb\s+geen\s+(?:toegang|informatie|gegevens)\b",
        r"\bje\s+ne\s+(?:(?:le\s+)?sais|peux|connais)\s+pas\b|\bje\s+l['’]ignore\b|\bdésolé|\bje\s+n['’]ai\s+(?:pas|aucune?)\s+(?:d['’])?(?:accès|information|moyen)",
        r"\bno\s+(?:lo\s+)?sé\b|\bno\s+puedo\b|\blo\s+siento\b|\bno\s+tengo\s+(?:acceso|información|forma|manera|modo|datos)\b",
        r"\bnão\s+(?:posso|consigo|sei)\b|\bdesculpe\b|\bnão\s+tenho\s+(?:acesso|informaç|como|dados)",
        r"\bnon\s+(?:lo\s+)?(?:posso|so)\b|\bmi\s+dispiace\b|\bnon\s+ho\s+(?:accesso|informazioni|modo|dati)\b",
        r"\bnie\s+(?:wiem|mogę|potrafię)\b|\bprzykro\s+mi\b|\bnie\s+mam\s+(?:dostępu|informacji|danych)\b",
        r"\bне\s+(?:знаю|могу)\b|\bизвините\b|\bу\s+меня\s+нет\s+(?:доступа|информации|сведений|данных)\b",
        "无法|不知道|抱歉|对不起|不清楚|没有权限|没有办法(?:知道|得知|查看)|无权(?:访问|查看)",
        "申し訳|わかりません|分かりません|お答えできません|アクセスできません|権限がありません",
        "죄송|모르겠|알\\s?수\\s?없|접근할\\s?수\\s?없|권한이\\s?없",
    )
)
"""A refusal, in German, Dutch, French, Spanish, Portuguese, Italian, Polish, Russian, Chinese,
Japanese and Korean."""


def answer_is(mark: str) -> str:
    """Return the pattern of "the answer is", "right answer:" and their like in these languages.

    Args:
        mark: Pattern of a colon and its like.
    """
    return _begun(
        (noun, rf"(?:\s+(?:{one.right}))*[*_]{{0,3}}\s*(?:{one.verbs}|{mark})")
        for one in LANGUAGES
        for noun in one.answer.split("|")
    )


def option_is_right() -> str:
    """Return the pattern of "the correct option is" and "it is option", up to the letter."""
    called = _begun(
        (word, rf"\s+(?:{then})[*_]{{0,3}}\s*(?:{one.verbs}|:)")
        for one in LANGUAGES
        for first, then in ((one.right, one.option), (one.option, one.right))
        for word in first.split("|")
    )
    article = r"(?:\s*\b(?:a|o|la|el|il|die|der|den|de|het|az?)\s+(?=[*(]*[A-Z]\b))?"
    it_is = rf"\b(?:(?:{_NO})\s+)?(?:é|è|es|est|ist|jest|je|är|er|on|это|là)\s+"
    return rf"{called}{article}|{it_is}(?:(?:a|o|la|el|die|der|das|de|het)\s+)?(?:{OPTIONS})\s"


def _begun(forms: Iterable[tuple[str, str]]) -> str:
    """Return the pattern of words and what follows them.

    Words that begin alike stand together, so that most words of a text are passed over by their
    first letter.
    """
    by_letter: dict[str, list[str]] = {}
    for word, behind in forms:
        by_letter.setdefault(word[0], []).append(word[1:] + behind)
    groups = (f"{letter}(?:{'|'.join(ends)})" for letter, ends in by_letter.items())
    return rf"\b(?:{'|'.join(groups)})"
