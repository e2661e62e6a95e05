# ruff: noqa: E501 - a concept is a line
"""Words of role replies in other languages, as the English words that the readers look for.

    in_english("Ich wähle die zweite Antwort.") -> "I choose the second answer."
    eastern("1位:回答2") -> "rank 1: answer 2"

Only words that no English reply has are replaced. The order of the words stays.
"""

import re
from functools import lru_cache

_LATIN: dict[str, str] = {  # those of several words first
    "finally": "(?:a\\s+)?na\\s+końcu|schließlich|zum\\s+schluss|enfin|finalmente|infine|(?:por|em|in)\\s+[uú]ltim[oa]|наконец",
    "followed by": "gefolgt\\s+von|suivie?\\s+d[eu]|seguid[oa]\\s+(?:de|por|da|dalla)|за\\s+ним\\s+идет",
    "better than": "besser\\s+als|meilleure?\\s+que|mejor\\s+que|migliore\\s+(?:della|del|di)|melhor\\s+(?:do\\s+)?que|лучше,?\\s+чем|beter\\s+dan",
    "worse than": "schlechter\\s+als|pire\\s+que|moins\\s+bonne?\\s+que|peor\\s+que|peggiore\\s+(?:della|del|di)|pior\\s+(?:do\\s+)?que|хуже,?\\s+чем|slechter\\s+dan",
    "the best": "лучше\\s+всех|besser\\s+als\\s+alle(?:\\s+anderen)?|meilleure?\\s+que\\s+(?:toutes\\s+)?les\\s+autres|mejor\\s+que\\s+(?:todas\\s+)?las\\s+(?:demás|otras)",
    "favourite": "favorit[oa]?|préférée?|ulubion[aey]",
    "my": "meine?|mon|ma|mi|mia|minha|meu|mijn|moj[ae]?|mój",
    "middle": "mittlere[rs]?|in\\s+between|in\\s+the\\s+middle|dazwischen|au\\s+milieu|en\\s+medio",
    "the most": "l[ae]\\s+plus|(?:la|el)\\s+más|(?:la|il)\\s+più|самый|самая|наиболее",
    "I am": "ich\\s+bin(?:\\s+mir)?|je\\s+suis|(?:yo\\s+)?estoy|(?:io\\s+)?sono|(?:eu\\s+)?(?:estou|tenho)|я(?=\\s+уверен)|ik\\s+ben",
    "I choose": "(?:ich\\s+(?:wähle|nehme|bevorzuge|empfehle|stimme\\s+für)|je\\s+(?:choisi(?:s|rais)|préf(?:ère|érerais)|retiens|vote\\s+pour|recommande)|j['’]opte\\s+pour|(?:yo\\s+)?(?:elijo|escojo|prefiero|elegir[ií]a|recomiendo|voto\\s+por)|me\\s+quedo\\s+con|(?:io\\s+)?(?:scelgo|preferisco|sceglierei|voto)|(?:eu\\s+)?(?:escolho|prefiro)|fico\\s+com|(?:я\\s+)?(?:выбираю|предпочитаю)|wybieram|ik\\s+kies)",
    "we should not": "nous\\s+ne\\s+(?:devrions|devons)\\s+pas|il\\s+ne\\s+faut\\s+pas|on\\s+ne\\s+(?:peut|doit)\\s+pas|no\\s+(?:debemos|deber[ií]amos|hay\\s+que)|não\\s+(?:devemos|deveríamos)|non\\s+(?:dobbiamo|dovremmo|bisogna)",
    "we should": "wir\\s+(?:sollten|müssen)|nous\\s+(?:devrions|devons)|il\\s+faut|deber[ií]amos|debe(?:mos)?|hay\\s+que|dovremmo|dobbiamo|bisogna|deveríamos|devemos|(?:нам\\s+)?(?:следует|нужно|надо)|we\\s+moeten",
    "we can": "wir\\s+können|nous\\s+pouvons|on\\s+peut|podemos|(?:se\\s+)?puede|possiamo|si\\s+può|(?:se\\s+)?pode|(?:мы\\s+)?можем|можно|we\\s+kunnen",
    "no need to": "nicht\\s+nötig|(?:pas|plus)\\s+(?:besoin\\s+de|nécessaire\\s+de)|no\\s+hace\\s+falta|no\\s+es\\s+necesario|non\\s+(?:serve|occorre|è\\s+necessario)|não\\s+é\\s+(?:preciso|necessário)|не\\s+нужно|нет\\s+(?:необходимости|смысла)",
    "not yet": "noch\\s+nicht|todavía\\s+no|aún\\s+no|pas\\s+encore|non\\s+ancora|ainda\\s+não|(?:ещё|еще|пока)\\s+(?:рано|не|нет)|nog\\s+niet",
    "too early": "zu\\s+früh|trop\\s+tôt|demasiado\\s+pronto|troppo\\s+presto|cedo\\s+demais|слишком\\s+рано",
    "one more round": "(?:noch\\s+)?eine\\s+(?:weitere\\s+)?runde|un\\s+autre\\s+tour|un\\s+tour\\s+de\\s+plus|otra\\s+ronda|una\\s+ronda\\s+más|un\\s+altro\\s+(?:giro|round)|mais\\s+uma\\s+rodada|outra\\s+rodada|ещ[её]\\s+один\\s+раунд|nog\\s+een\\s+ronde",
    "is needed": "ist\\s+nötig|ist\\s+erforderlich|est\\s+nécessaire|es\\s+necesari[ao]|è\\s+necessari[ao]|é\\s+necessári[ao]|нужен|необходим",
    "answer": "antwort|antworten|lösung|réponses?|respuestas?|rispost[ae]|respostas?|odpowied[źz]|antwoord|ответ(?:а|у|ом|ы)?|решени[ея]|opci[oó]n|soluci[oó]n|opzione|soluzione|opção|solução|kandidat|candidato|вариант(?:а|у|ом)?|кандидат",
    "second best": "zweitbeste[nrs]?",
    "comes": "liegt|steht|kommt|vient|arrive|queda|viene|ид[её]т",
    "number": "nummer|num[ée]ro|número|номер",
    "first": "pierwsz[aye]|ahead(?!\\s+of)|in\\s+the\\s+lead|erste[nrms]?|premi[eè]re?|primer[oa]?|prim[oa]|primeir[oa]|перв(?:ый|ая|ое|ом|ого|ую)|eerste",
    "second": "drug[aie]|zweite[nrms]?|deuxième|seconde|segund[oa]|second[oa]|втор(?:ой|ая|ое|ом|ого|ую)|tweede",
    "third": "trzeci(?:a|e)?|dritte[nrms]?|troisième|tercer[oa]?|terz[oa]|terceir[oa]|трет(?:ий|ья|ье|ьем|ьего|ью)|derde",
    "fourth": "vierte[nrms]?|quatrième|cuart[oa]|quart[oa]|четв[её]рт(?:ый|ая|ое|ом|ого|ую)",
    "fifth": "fünfte[nrms]?|cinquième|quint[oa]|пят(?:ый|ая|ое|ом|ого|ую)",
    "last": "(?:brings?|bringing)\\s+up\\s+the\\s+rear|letzte[nrms]?|zuletzt|derni[eè]re?|[uú]ltim[oa]|последн(?:ий|яя|ее|ем|юю)|laatste",
    "then": "potem|następnie|dann|danach|puis|ensuite|luego|después|poi|depois|затем|потом|daarna",
    "place": "platz|rang|stelle|lieu|lugar|puesto|posici[oó]n|posto|posizione|posição|мест[оае]|plaats",
    "ranking": "reihenfolge|rangfolge|rangliste|rangordnung|platzierung|classement|ordre|orden|clasificaci[oó]n|classifica|ordine|classificação|ordem|рейтинг|порядок|rangschikking|volgorde",
    "score": "bewertung|punktzahl|valoraci[oó]n|calificaci[oó]n|voto|puntuaci[oó]n|puntaje|valutazione|punteggio|nota|avaliação|pontuação|оценка|beoordeling|cijfer",
    "points": "punkten?|puntos|punti|pontos|балл(?:а|ов)?",
    "better": "besser|лучше|beter",
    "best": "najlepsz[aye]|am\\s+besten|beste[nrms]|meilleure?s?|mejor(?:es)?|migliore|melhor|(?:самый\\s+)?лучш(?:ий|ая|им|ую|его|ему|ей)|beste",
    "worst": "najgorsz[aye]|am\\s+schlechtesten|schlechteste[nrms]?|pire|peor|peggiore|pior|(?:самый\\s+)?худш(?:ий|ая|ее|им|его|ему|ей)|slechtste",
    "correct": "richtige?|korrekte?|juste|correcte|correct[ao]|corrett[ao]|corret[ao]|правильн(?:ый|ая|о)|верн(?:ый|ая|о)|верен",
    "wrong": "falsche?|fausse?|incorrecta|incorreta|equivocad[ao]|sbagliat[ao]|errad[ao]|неправильн(?:ый|ая|о)|неверн(?:ый|ая|о)|неверен",
    "choose": "wählen|choisir|elegir|escoger|scegliere|escolher|выбрать",
    "choice": "(?:aus)?wahl|choix|elecci[oó]n|scelta|escolha|выбор|keuze",
    "wins": "gewinnt|gagne|gana|vince|ganha|vence|побеждает|wint",
    "winner": "gewinner|sieger|gagnante?|ganador|vincitore|vencedor|победитель|winnaar",
    "because": "weil|denn|parce\\s+que|porque|perché|потому\\s+что|так\\s+как|omdat",
    "decision": "entscheidung|décision|decisi[oó]n|decisione|decisão|решаю|beslissing|urteil",
    "is": "jest|ist|est|es|è|é|является|sind",
    "and": "und|et|y|и",
    "not": "nicht|ne\\s+pas|non(?=\\s+\\w)|não|niet|pas|не|kein",
    "in": "auf|au|en|em|на",
    "to": "zur|bis|до",
    "confidence": "konfidenz|sicherheit|zuversicht|vertrauen|confiance|certitude|confianza|certeza|fiducia|confiança|уверенность|zekerheid",
    "sure": "sicher|sûre?|segur[oa]|sicur[oa]|cert[oa]|уверена?|überzeugt|zeker",
    "stop": "przerwać|zakończyć|stopp(?:en|t)?|ende\\s+der\\s+(?:diskussion|debatte)|anhalten|aufh[oö]ren|beenden|abbrechen|s?['’]?arrêt(?:er|ez|ons)|terminer|parar|detener(?:se|nos|te)?|terminar|finalizar|fermar(?:e|si|ci|ti)|terminare|interrompere|encerrar|стоп|останови\\w*|останавлива\\w*|прекрати(?:ть|те|м)|закончить|завершить",
    "continue": "kontynuować|weitermachen|fortsetzen|fortfahren|weiter(?:\\s?diskutieren)?|continu(?:er|ez|ons)|poursuiv(?:re|ons)|continuar|continuare|seguir|sigamos|proseguire|prosseguir|продолж\\w+|doorgaan",
    "debate": "debatte|diskussion|débat|discusi[oó]n|dibattito|discussione|discussão|дискусси[яюи]|обсуждени[ея]|дебаты|discussie",
    "here": "hier|ici|là|qui(?=\\W*$)|aquí|aqui|здесь|тут",
    "now": "jetzt|maintenant|ahora|adesso|agora|сейчас|теперь",
    "please": "bitte|por\\s+favor|пожалуйста|per\\s+favore",
    "percent": "prozent|pour\\s+cent|por\\s+ciento|por\\s+cento|per\\s+cento|процент(?:а|ов)?",
}  # fmt: skip
_EASTERN: dict[str, str] = {
    " answer ": "(?:个|個)?(?:回答|答案|回复|回覆|答复|选项|選項|解答|答え|候補|候选|답변|답안)",
    " best to worst ": "[从由從]?(?:最?好|高)的?到(?:最?[差坏壞]|低)的?|良い順|좋은\\s*순",
    " is best ": "(?:是|が|は|가|이)?\\s*(?:最好的?|最佳的?|最优的?|最優|最棒的?|最良|一番(?:良|よ|い)い?|最も(?:良[いく]|優れて(?:いる|います)|優れた|正確)|最高|가장\\s*(?:좋은|좋습니다|좋다)|최고)",
    " is the most right ": "最(?:准确|正确|完整|清楚|清晰|合理|全面|可靠)的?",
    " worst ": "(?:是|が|は)?\\s*(?:最差的?|最糟的?|最悪|最も悪い|가장\\s*나쁜)",
    " score ": "评分|得分|分数|打分|評価|点数|評分|スコア|점수|평점",
    " I give it ": "我?[会會]?给出?(?:它|这个?)?(?:回答|答案)?打?",
    " confidence ": "置信度|信心|把握|確信度?|自信度?|信頼度|확신도?|신뢰도",
    " ranking ": "排序|排名|順位|顺序|順序|順番|ランキング|순위",
    " is my choice ": "[をを](?:選び?(?:ます|ました|ぶ|んだ|択)?)|을?\\s*선택합니다",
    " is better ": "更好|更佳|更优",
    " I choose ": "(?:选择|選擇)(?!\\s*[:是为])|我[会會]?[选選][择擇]?|(?:^|(?<=[。\n]))\\s*[选選](?![项項择擇])",
    " choice ": "选择|選擇|選択|선택",
    " wins ": "(?:获胜|胜出|勝ち)",
    " is ": "[是はが]",
    " to ": "到",
    " then ": "其次|然后|然後|接着|再次|次に|次いで|그\\s*다음",
    " ": "の|です|でしょう|だと思[いう](?:ます)?|입니다",
    " finally ": "最后是?|最後に?は?|마지막",
}  # fmt: skip
_HAN = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "首": 1}
_PLACE = re.compile(
    r"第([一二三四五\d])[名位]|(\d)(?:位(?!数)|등|위)|第([一二三四五\d])(?!\s*[个個]?(?:回答|答案|回复|选项)|[个個番])"
)
_NUMBERED = re.compile(
    r"第\s*([一二三四五\d])\s*(?:[个個]|番目の?|つ目の?)\s*(?:回答|答案|回复|选项|選項)?"
    r"|(?<!\d)(\d)\s*(?:番目?|つ目|号|號|번)(?:の|째)?\s*(?:回答|答案|回复|选项|選項|答え|답변)?"
)
_FULL_MARKS = re.compile(  # "10点満点中8点", "9分(满分10分)", "満分10分で8分"
    r"(?P<most>\d{1,3})\s*[点分점]\s*(?:満点|满分|만점)\s*(?:中|で|的|에)?\s*(?P<number>\d{1,3}(?:\.\d)?)\s*[点分점]"
    r"|満分\s*(?P<most3>\d{1,3})\s*点?\s*[中でに、,]{1,2}\s*(?P<number3>\d{1,3}(?:\.\d)?)\s*点"
    r"|(?P<number2>\d{1,3}(?:\.\d)?)\s*[点分]\s*[(,，]?\s*(?:满分|満点|總分|总分)\s*(?:是|为)?\s*(?P<most2>\d{1,3})\s*[点分]\s*\)?"
)


_WORD = re.compile(rf"\b(?=[^\W\d_])(?:{'|'.join(_LATIN.values())})\b")
_THE = re.compile(
    r"\b(?:de\s+la|d[eao]l(?:la)?|al|die|der|das|den|la|le|el|il|(?<=choose\s)[ao]|[ao](?=\s+(?:best|worst|answer\s*\d)))\s+(?=(?:answer|best|worst|first|second|third|fourth|fifth|last|most|debate|\d(?!\s*%))\b)",
    re.IGNORECASE,
)
_CJK = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_CONCEPTS = [  # what follows a word is no part of it
    (english, re.compile(re.sub(r"\(\?=[^()]*\)", "", words))) for english, words in _LATIN.items()
]
_COMPILED = [(word, re.compile(pattern)) for word, pattern in _EASTERN.items()]


OF_CONFIDENCE = "|".join(
    [
        "confiden|certain|sure|positive",
        _LATIN["confidence"],
        _LATIN["sure"],
        _EASTERN[" confidence "],
    ]
)
"""Pattern of the words, in any language, that state a confidence. None of them has a space."""


def in_english(said: str) -> str:
    """Return a text with the words of Latin and Cyrillic script that readers know in English."""
    lower = said.lower()
    if len(lower) != len(said):  # a capital I with a dot is two characters in lower case
        said = lower
    parts: list[str] = []
    end = 0
    for match in _WORD.finditer(lower):
        parts += [said[end : match.start()], _english(match[0])]
        end = match.end()
    return _THE.sub("the ", "".join([*parts, said[end:]]))


@lru_cache(maxsize=1_024)
def _english(word: str) -> str:
    return next(english for english, pattern in _CONCEPTS if pattern.fullmatch(word))


def eastern(said: str) -> str:
    """Return a text with the Chinese, Japanese and Korean words that readers know in English."""
    if not _CJK.search(said):
        return said
    said = _FULL_MARKS.sub(_out_of, said)
    said = _NUMBERED.sub(lambda match: f" answer {_number(match)} ", said)
    said = _PLACE.sub(lambda match: f" rank {_number(match)} ", said)
    for word, pattern in _COMPILED:
        said = pattern.sub(word, said)
    return said


def _number(match: re.Match[str]) -> int:
    digit = next(group for group in match.groups() if group)
    return _HAN.get(digit) or int(digit)


def _out_of(match: re.Match[str]) -> str:
    number, most = (
        next(filter(None, match.group(*(f"{name}{at}" for at in ("", 2, 3)))))
        for name in ("number", "most")
    )
    return f"{number}/{most}"
