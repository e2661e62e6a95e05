# ruff: noqa: E501 - a case is a line
"""Replies of roles in other wordings and languages: each says one thing, or nothing certain.

`role_cases.jsonl` holds replies written without sight of the readers. The others are generated: one
wording, every order, number or figure.
"""

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from helpers.growth import LINEAR, growth

from manyminds.reading.roles import ROLE_READERS

LINES = Path(__file__).with_name("role_cases.jsonl").read_text(encoding="utf-8").splitlines()
ROWS: list[dict[str, Any]] = [json.loads(line) for line in LINES]


def test_no_reply_is_read_as_something_that_it_does_not_say() -> None:
    wrong: list[object] = []
    unread = 0
    for row in ROWS:
        name, _, n = row["kind"].partition(" of ")
        value = ROLE_READERS[name](row["text"], int(n or 0))
        unread += value is None and row["expected"] is not None
        wrong += [(row, value)] if value is not None and value != row["expected"] else []
    assert len(ROWS) > 400
    assert wrong == []
    assert unread <= 0.03 * len(ROWS)


RANKINGS = [
    "Rank 1: Answer {0}\nRank 2: Answer {1}\nRank 3: Answer {2}",
    "Answer {0} - rank 1\nAnswer {1} - rank 2\nAnswer {2} - rank 3",
    "3. Answer {2}\n2. Answer {1}\n1. Answer {0}",
    "| Rank | Answer |\n|---|---|\n| 1 | {0} |\n| 2 | {1} |\n| 3 | {2} |",
    "| Answer | Score |\n|---|---|\n| {0} | 9 |\n| {1} | 5 |\n| {2} | 1 |",
    "Answer {0} comes first, answer {2} is last and answer {1} is second.",
    "Gold: answer {0}. Silver: answer {1}. Bronze: answer {2}.",
    "{0} is better than {1}, which is better than {2}.",
    "Answer {2} is worse than answer {1}, and answer {1} is worse than answer {0}.",
    "From strongest to weakest: {0}, {1}, {2}",
    "Best to worst: {0} > {1} > {2} (the last one is off topic)",
    "Ranking: {2} > {1} > {0}. Wait, no: {0} > {1} > {2}",
    '{{"worst_to_best": [{2}, {1}, {0}]}}',
    '{{"result": {{"ranking": [{0}, {1}, {2}]}}}}',
    '{{"1st": {0}, "2nd": {1}, "3rd": {2}}}',
    '{{"Answer {0}": "1st", "Answer {1}": "2nd", "Answer {2}": "3rd"}}',
    '{{"ranking": [{{"answer": {0}}}, {{"answer": {1}}}, {{"answer": {2}}}]}}',
    "Platz 1: Antwort {0}\nPlatz 2: Antwort {1}\nPlatz 3: Antwort {2}",
    "La meilleure est la réponse {0}, puis la réponse {1} et enfin la réponse {2}.",
    "En primer lugar la respuesta {0}, en segundo lugar la respuesta {1} y en último lugar la respuesta {2}.",
    "Al primo posto la risposta {0}, al secondo la risposta {1}, al terzo la risposta {2}.",
    "Do melhor para o pior: {0}, {1}, {2}",
    "От лучшего к худшему: {0}, {1}, {2}",
    "第一名:回答{0},第二名:回答{1},第三名:回答{2}",
    "1位:回答{0}\n2位:回答{1}\n3位:回答{2}",
    "1위: 답변 {0}\n2위: 답변 {1}\n3위: 답변 {2}",
]  # fmt: skip


@pytest.mark.parametrize("wording", RANKINGS)
def test_every_order_in_a_wording(wording: str) -> None:
    for order in permutations((1, 2, 3)):
        found = ROLE_READERS["ranking"](wording.format(*order), 3)
        assert found == list(order), (wording, order)


@pytest.mark.parametrize(
    "text",
    [
        "First Answer 1 says 5. Second, Answer 2 says 7. Third, Answer 3 says 5.",
        '{"Answer 1": 3, "Answer 2": 1, "Answer 3": 2}',
        "Answer 1: 3\nAnswer 2: 1\nAnswer 3: 2",
        "Answers 1, 2, 3",
        "I would not put answer 2 first, answer 1 second and answer 3 third.",
        'Judge 2 wrote: "Ranking: 1 > 2 > 3".',
    ],
)
def test_what_is_no_ranking(text: str) -> None:
    assert ROLE_READERS["ranking"](text, 3) is None


NTH = {
    "en": ["first", "second", "third"], "de": ["erste", "zweite", "dritte"], "fr": ["première", "deuxième", "troisième"],
    "es": ["primera", "segunda", "tercera"], "it": ["prima", "seconda", "terza"], "pt": ["primeira", "segunda", "terceira"],
    "ru": ["первый", "второй", "третий"], "zh": ["一", "二", "三"],
}  # fmt: skip
PICKS = {
    "en": "I choose the {} answer.", "de": "Ich wähle die {} Antwort.", "fr": "Je choisis la {} réponse.",
    "es": "Elijo la {} respuesta.", "it": "Scelgo la {} risposta.", "pt": "Escolho a {} resposta.",
    "ru": "Я выбираю {} ответ.", "zh": "我选择第{}个回答。",
}  # fmt: skip


@pytest.mark.parametrize("language", PICKS)
def test_a_pick_by_its_place(language: str) -> None:
    for number, nth in enumerate(NTH[language], 1):
        assert ROLE_READERS["pick"](PICKS[language].format(nth), 3) == number


@pytest.mark.parametrize(
    "wording",
    [
        "Answer {} is superior to the other two.", "I'm going with answer {}.", "<choice>{}</choice>", "Answer {} it is.",
        "Pick: 9. No, {}.", '{{"result": {{"choice": {}}}}}', "✅ Answer {}", "Die beste Antwort ist Nummer {}.",
        "La respuesta {} es la mejor.", "La risposta {} è la migliore.", "Лучший ответ — {}.", "一番良いのは{}番の回答です。",
    ],
)  # fmt: skip
def test_every_pick_in_a_wording(wording: str) -> None:
    assert [ROLE_READERS["pick"](wording.format(n), 3) for n in (1, 2, 3)] == [1, 2, 3]


@pytest.mark.parametrize(
    "text",
    [
        "Answer 1 is best written, but answer 3 is correct.",
        "Answer 2 has the best explanation but the wrong result.",
        'Agent 4 says: "I choose answer 1." I disagree.',
        "Answer 3 would be best if it were complete.",
        "La respuesta 3 no es la mejor.",
    ],
)
def test_what_is_no_pick(text: str) -> None:
    assert ROLE_READERS["pick"](text, 3) is None


@pytest.mark.parametrize(
    ("text", "stop"),
    [
        ("Wir sollten hier aufhören.", True), ("Wir sollten nicht aufhören.", False), ("Il ne faut pas arrêter.", False),
        ("No debemos parar.", False), ("Possiamo fermarci qui.", True), ("Podemos parar agora.", True),
        ("Не нужно продолжать.", True), ("중단하지 마세요.", False), ("There's no point in continuing.", True),
        ("Stopping now is the right call.", True), ("Stopping is not recommended.", False), ("END_DEBATE: TRUE", True),
        ("- [ ] Stop\n- [x] Continue", False), ("- [x] Stop\n- [ ] Continue", True), ("STOP. Wait, no: CONTINUE.", False),
        ("Had they agreed, I would have stopped.", None), ('The answer "stop" was given by agent 2.', None),
        ('{"stop_debate": false}', False), ('{"next_action": "stop"}', True), ('{"topic": "stop the debate"}', None),
    ],
)  # fmt: skip
def test_whether_a_reply_says_to_stop(text: str, stop: bool | None) -> None:
    assert ROLE_READERS["stop"](text, 0) is stop


@pytest.mark.parametrize(
    "wording",
    [
        "Ich bin mir zu {} % sicher.", "Je suis sûr à {} %.", "Estoy seguro al {} %.", "Sono sicuro all'{}%.", "Tenho {}% de certeza.",
        "Я уверен на {}%.", "我有{}%的把握。", "Confidence: 12... no, make that {}.", "*Confidence*: {} / 100", "My confidence sits at {}%",
    ],
)  # fmt: skip
def test_every_confidence_in_a_wording(wording: str) -> None:
    values = [1, 5, 50, 83, 100]
    assert [ROLE_READERS["confidence"](wording.format(n), 0) for n in values] == values


@pytest.mark.parametrize(
    "wording",
    [
        "10点満点中{}点です。", "我给它打{}分(满分10分)。", "\\boxed{{{}}}", "Le doy un {} sobre 10.", "Je lui donne {}/10.", "Оценка: {} из 10",
        "Score: 6. Hmm, actually, {}.", "<final_score>{}</final_score>", "A solid {}.", "This answer is a {}.",
    ],
)  # fmt: skip
def test_every_rating_in_a_wording(wording: str) -> None:
    values = [1, 4, 7, 9]
    assert [ROLE_READERS["rating"](wording.format(n), 0) for n in values] == values


@pytest.mark.timed
@pytest.mark.parametrize(
    "piece",
    [" ", "\t", "\n", " \n", "[x] ", "- [ ", "says: ", "第一", "回答", "no, ", "then ", "| 1 "],
)
@pytest.mark.parametrize("before", ["x ", "answer 1", "Ranking: 1,", "Confidence"])
def test_long_runs_take_no_longer_than_their_length(before: str, piece: str) -> None:
    def read(run: str) -> None:
        for reader in ROLE_READERS.values():
            reader(f"{before}{run}2", 5)

    assert growth(read, piece, 16_000) < LINEAR
