# ruff: noqa: E501 - patterns are easier to read in one line
"""Words that show what a sentence of a reply is for, in seventeen languages."""

from dataclasses import dataclass
from itertools import starmap


@dataclass(frozen=True)
class Discourse:
    """Words of one language that show what a sentence of a reply is for, as alternatives.

    Attributes:
        so: Begin a conclusion.
        inside: Mark a conclusion behind its verb: "is therefore".
        aside: Begin a remark next to the answer.
        would: Verbs of what is not the case.
        suppose: Begin a clause about what is not the case.
    """

    so: str
    inside: str
    aside: str
    would: str
    suppose: str


DISCOURSE = tuple(
    starmap(
        Discourse,
        (
            # English
            (
                r"so(?!\s+(?:far|that|many|much|long|called)\b)|thus(?!\s+far\b)|therefore|hence|consequently|accordingly|altogether|overall"
                r"|in\s+(?:total|all|short|summary|conclusion|sum|the\s+end|a\s+nutshell)|all\s+in\s+all|all\s+told|finally|ultimately|eventually|as\s+a\s+result"
                r"|to\s+(?:sum\s+up|summari[sz]e|conclude|answer\s+(?:the|your)\s+question)|summing\s+up|it\s+follows\s+that|(?:this|that|which)\s+means(?:\s+that)?"
                r"|all\s+things\s+considered|long\s+story\s+short|bottom\s+line|for\s+(?:this|that|these)\s+reasons?|(?:we|i)\s+(?:conclude|see)\s+that|i\s+(?:get|find)\s+that|(?:this|that|which)\s+leaves(?:\s+us\s+with|\s+only)?|what\s+(?:is|remains)\s+(?:left\s+)?is|politically\s+speaking(?=,)",
                r"therefore|thus|hence|consequently",
                r"(?:please\s+)?note\b|notice\b|(?:please\s+)?(?:keep|bear)\s+in\s+mind|(?:please\s+)?remember|be\s+(?:aware|careful)|by\s+the\s+way|incidentally|fun\s+fact"
                r"|(?:pro\s+)?tips?\s*:|hints?\s*:|side\s+note|as\s+an\s+aside|(?:for|in|by|as\s+a)\s+(?:comparison|contrast|reference|context)|don['’]t\s+(?:confuse|forget)"
                r"|(?:a|another|one)\s+(?:common|frequent|typical|popular)\s+(?:mistake|error|misconception|pitfall)|in\s+general\b|alternatively|it(?:['’]s|\s+is)\s+(?:also\s+)?worth\s+(?:noting|mentioning)",
                r"would|could|might|\w+['’]d",
                r"(?:even\s+|however,\s+|of\s+course,\s+|only\s+)?if|had|were|should",
            ),
            # German, Dutch
            (
                r"also(?=\s[^.]*\b(?:der|die|das|ein\w*|ist|sind|hat|haben|man|es|sie|er)\b)|somit|folglich|daher|deshalb|damit|demnach|insgesamt|zusammen|alles\s+in\s+allem|kurz(?:um|\s+gesagt)|zusammenfassend|schließlich|infolgedessen"
                r"|das\s+(?:heißt|bedeutet)|daraus\s+folgt|im\s+ergebnis|mithin",
                r"somit|folglich|daher|demnach|damit|insgesamt|mithin|(?<=[a-zäöü] )also(?=\s[^.]*\b(?:der|die|das|den|dem|ein\w*|ist|sind|es|er|sie|man|und|zurück|um|von|bei|zu|auf|mit)\b)",
                r"übrigens|hinweis|anmerkung|bemerkung|zum\s+vergleich|beachten?\b|tipp|nebenbei|wohlgemerkt",
                r"wäre[nt]?|würde[nt]?|hätte[nt]?|käme[nt]?|könnte[nt]?|müsste[nt]?|bräuchte[nt]?|bekäme[nt]?",
                r"wenn|falls|würde[nt]?|wäre[nt]?|hätte[nt]?|käme[nt]?|könnte[nt]?|müsste[nt]?",
            ),
            (
                r"dus|daarom|bijgevolg|in\s+totaal|al\s+met\s+al|kortom|samengevat|tot\s+slot|derhalve|vandaar",
                r"dus|daarom|derhalve",
                r"overigens|trouwens|let\s+op|ter\s+vergelijking|opmerking|bedenk",
                r"zou(?:den)?",
                r"als|indien",
            ),
            # French, Spanish, Italian, Portuguese
            (
                r"donc|ainsi|par\s+conséquent|au\s+total|en\s+(?:tout|somme|résumé|conclusion|définitive)|finalement|bref|dès\s+lors|c['’]est\s+pourquoi|il\s+en\s+résulte\s+que|on\s+en\s+(?:déduit|conclut)\s+que",
                r"donc|par\s+conséquent",
                r"remarque|note[zr]?\b|à\s+noter|attention|par\s+ailleurs|au\s+passage|pour\s+(?:comparaison|information)|astuce|en\s+comparaison",
                r"\w{2,}rai(?:t|ent)",
                r"si|s['’](?:il|elle|on|ils|elles)(?=\s)",
            ),
            (
                r"por\s+(?:lo\s+)?tanto|así(?:\s+que|\s+pues)?|entonces|en\s+(?:total|resumen|conclusión|definitiva|suma)|por\s+consiguiente|finalmente|de\s+modo\s+que|luego(?=,)",
                r"por\s+(?:lo\s+)?tanto|entonces",
                r"nota\b|ojo\b|por\s+cierto|tenga?\s+en\s+cuenta|recuerd[ae]|consejo|(?:a\s+modo|como|en)\s+(?:de\s+)?comparación|observación|cabe\s+(?:señalar|destacar)",
                r"\w{2,}ría[ns]?|hubier\w+|fuer[ae]n?",
                r"si|de\s+haber",
            ),
            (
                r"quindi|dunque|perciò|pertanto|così|in\s+(?:totale|tutto|conclusione|sintesi|definitiva)|insomma|di\s+conseguenza|infine|complessivamente|ne\s+segue\s+che",
                r"quindi|dunque|perciò|pertanto",
                r"nota\b|si\s+noti|per\s+(?:confronto|inciso|curiosità)|tra\s+l['’]altro|attenzione|ricorda|osservazione|consiglio",
                r"\w{2,}rebbe(?:ro)?",
                r"se",
            ),
            (
                r"portanto|logo(?=[\s,])|assim|então|por\s+(?:isso|conseguinte)|no\s+total|ao\s+todo|em\s+(?:resumo|suma|conclusão)|dess[ae]\s+(?:forma|modo|maneira)|consequentemente|finalmente",
                r"portanto|então",
                r"nota\b|observação|obs\b|aliás|a\s+propósito|(?:para|em)\s+comparação|lembre-se|note\s+que|dica|atenção",
                r"(?:se|te|da|fica|custa|pode|have|faze|leva|precisa)riam?",
                r"se|caso",
            ),
            # Russian, Polish
            (
                r"итак|значит|следовательно|таким\s+образом|поэтому|в\s+(?:итоге|результате|сумме)|всего|итого|получается|отсюда|стало\s+быть",
                r"следовательно|таким\s+образом|значит",
                r"кстати|примечание|заметим|обратите\s+внимание|для\s+сравнения|замечание|между\s+прочим|совет\b",
                r"бы",
                r"если",
            ),
            (
                r"zatem|a\s+więc|więc|tak\s+więc|stąd|czyli|dlatego|łącznie|razem|w\s+(?:sumie|rezultacie)|podsumowując|ostatecznie|krótko\s+mówiąc",
                r"zatem|więc",
                r"uwaga|nawiasem|dla\s+porównania|warto\s+zauważyć|przy\s+okazji|pamiętaj",
                r"\w+(?:łby|łaby|łoby|liby|łyby)",
                r"gdyby\w*|jeśli",
            ),
            # Swedish, Turkish, Indonesian, Vietnamese
            (
                r"alltså|därför|således|totalt|sammanlagt|sammanfattningsvis",
                r"alltså|därför|således",
                r"observera|för\s+övrigt|som\s+jämförelse",
                r"skulle",
                r"om",
            ),
            (
                r"yani|dolayısıyla|bu\s+nedenle|bu\s+yüzden|sonuç\s+olarak|toplamda|demek\s+ki|böylece|öyleyse",
                r"dolayısıyla",
                r"not\s*:|unutma\w*|karşılaştırma\s+için",
                r"\w+[ae]rd[ıi]|olurdu",
                r"eğer|şayet",
            ),
            (
                r"jadi|maka|oleh\s+karena\s+itu|dengan\s+demikian|totalnya|kesimpulannya|singkatnya",
                r"dengan\s+demikian",
                r"catatan|perlu\s+diingat|sebagai\s+perbandingan",
                r"akan",
                r"jika|kalau|seandainya|andai\w*",
            ),
            (
                r"vậy|do\s+đó|vì\s+vậy|vì\s+thế|như\s+vậy|tóm\s+lại|tổng\s+cộng",
                r"do\s+đó",
                r"lưu\s+ý|chú\s+ý|để\s+so\s+sánh",
                r"sẽ",
                r"nếu|giả\s+sử",
            ),
        ),
    )
)
"""Words of the languages that put spaces between them."""

SO_EASTERN = (
    "因此|所以|故|于是|总之|综上(?:所述)?|由此(?:可见|可知)|一共|总共|可见|最终"
    "|したがって|従って|よって|ゆえに|だから|以上より|つまり|結局|そのため|このことから"
    "|따라서|그러므로|그래서|결국|결론적으로|요약하면"
    r"|إذن|إذًا|لذلك|وبالتالي|بالتالي|وهكذا|لذا|अतः|इसलिए|इस\s+प्रकार|कुल\s+मिलाकर"
)
"""Words that begin a conclusion in other scripts."""
ASIDE_EASTERN = (
    "注意|顺便|另外|备注|提示|相比之下|作为比较|注:|ちなみに|なお|補足|参考"
    r"|참고로|참고:|한편|덧붙여|ملاحظة|للمقارنة|بالمناسبة|ध्यान\s+दें|तुलना\s+के\s+लिए"
)
"""Words that begin a remark next to the answer in other scripts."""
SUPPOSE_EASTERN = "如果|假如|要是|若|倘若|假设|もし|仮に|만약|만일|ولو|لو|अगर|यदि"
"""Words that begin a clause about what is not the case in other scripts."""
CHECKS = (
    r"(?:you|we|one)\s+(?:can|could|may|might)\s+also\b|(?:you|we|one)\s+(?:can|could|may|might)\s+(?:easily\s+|quickly\s+)?(?:check|verify|confirm|test)\b|this\s+can\s+be\s+(?:checked|verified)|(?:plugging|substituting|inserting|putting)\s+(?:this|it|that|the\s+\w+|x\b|[a-z]\s*=|back)|(?:an?|this|the)\s+(?:quick\s+|rough\s+)?(?:estimate|check|calculation)\s+(?:confirms|shows)"
    r"|(?:as\s+a\s+)?(?:quick\s+)?(?:check|verification|proof)\s*:|as\s+a\s+check|to\s+(?:check|verify|confirm)\b"
    r"|(?:zur\s+)?(?:probe|kontrolle)\s*:|zur\s+(?:probe|kontrolle)|v\u00e9rification|comprobaci\u00f3n|verificaci\u00f3n|para\s+(?:comprobar|verificar|conferir)|(?:per\s+)?verifica\b"
    r"|verifica\u00e7\u00e3o|(?:ter\s+)?controle\s*:|\u043f\u0440\u043e\u0432\u0435\u0440\u043a\u0430|sprawdzenie|\u9a8c\u7b97|\u68c0\u9a8c|\u9a8c\u8bc1|\u691c\u7b97|\uac80\uc0b0"
)
"""Words that begin a check of a result."""
BY_THE_WAY = (
    r"by\s+the\s+way|incidentally|as\s+an\s+aside|for\s+(?:comparison|reference)|übrigens|nebenbei(?:\s+(?:bemerkt|gesagt))?|zum\s+vergleich"
    r"|overigens|trouwens|ter\s+vergelijking|(?:soit\s+dit\s+)?(?:au|en)\s+passa(?:ge|nt)|pour\s+comparaison|por\s+cierto|dicho\s+sea\s+de\s+paso"
    r"|tra\s+l['’]altro|per\s+inciso|aliás|a\s+propósito|кстати|между\s+прочим|для\s+сравнения|nawiasem\s+mówiąc|dla\s+porównania|för\s+övrigt|bu\s+arada"
)
"""Words within a sentence that make it a remark next to the answer."""
ADVICE = (
    r"(?:you|one|we)\s+(?:may|might|could|should|will\s+probably)\s+(?:also\s+)?(?:want\s+to|wish\s+to|consider)\b(?!\s+(?:choose|pick|select|go|answer)\b)|consider\s+(?:\w+ly\s+)?\w+ing\b"
    r"|it(?:['’]s|\s+is|\s+would\s+be)\s+(?:a\s+good\s+(?:idea|practice|habit)\b|(?:better|best|wise|smart|sensible|advisable|recommended)\s+to\s+(?:buy|get|have|add|order|bring|take|round|keep|plan|check|allow)\b)"
)
"""Words that begin advice on what to do beyond the answer: "You may want to"."""
JUST_IN_CASE = (
    r"(?:suggest|recommend|advise)\s+(?:that\s+you\s+)?(?:buy|get|purchas|order|bring|add|allow|round|tak|hav)(?:e|ing|t?ing)?\b(?=[^.]*[0-9])"
    r"|just\s+in\s+case\b|to\s+be\s+(?:safe|on\s+the\s+safe\s+side)\b|as\s+a\s+precaution\b|for\s+good\s+measure\b"
    r"|(?:sicherheitshalber|zur\s+sicherheit|vorsichtshalber|voor\s+de\s+zekerheid|par\s+(?:précaution|sécurité)|por\s+(?:si\s+acaso|precaución|precaução|via\s+das\s+dúvidas)"
    r"|per\s+(?:sicurezza|precauzione)|на\s+всякий\s+случай|na\s+wszelki\s+wypadek|för\s+säkerhets\s+skull)(?!\w)"
)
"""Advice within a sentence: "I'd suggest buying 25, just in case"."""
JUST_IN_CASE_EASTERN = "以防万一|为保险起见|保险起见|念のため|만일을\\s+위해"
"""Advice in other scripts."""
