# ruff: noqa: E501 - a case is a line
"""Replies of roles as models word them: the value, or None where the role must be asked again."""

import json
from typing import Any

import pytest
from helpers.growth import LINEAR, growth
from hypothesis import given
from hypothesis import strategies as st

from manyminds.reading.roles import ROLE_READERS, read_ranking, reason_of

cases: list[tuple[str, str, Any]] = [
    ("stop", s, v)
    for s, v in [
        ("I recommend stopping.", True),
        ("We can stop now.", True),
        ("There is no need to continue.", True),
        ("There is no need for another layer.", True),
        ("Another layer is needed.", False),
        ("It is too early to stop.", False),
        ("Should we stop? No.", False),
        ("Should we continue? Yes.", False),
        ("If they agree, stop.", None),
        ("I would stop if the answers agreed.", None),
        ("One should never stop learning.", None),
        ("Yes, the panel should stop.", True),
        ("No, continue.", False),
        ("Yes, continue.", None),
        ("Don't continue.", True),
        ("My decision is to stop.", True),
        ("My vote: continue", False),
        ("Decision: stop", True),
        ("**Decision:** stop", True),
        ("继续", False),
        ("不要停止", False),
        ("应该停止", True),
        ("否", False),
        ("决定:停止", True),
        ("Ja", True),
        ("Nein", False),
        ("Nicht stoppen.", False),
        ("Weiter", False),
        ("Oui", True),
        ("Non", False),
        ("Continuer", False),
        ("Arrêter", True),
        ("Parar", True),
        ("Sí", True),
        ("Продолжать", False),
        ("Остановить", True),
        ("Не останавливать", False),
        ("停止しない", False),
        ("続ける", False),
        ('{"continue": true}', False),
        ('{"continue": false}', True),
        ('{"stop": true, "continue": true}', None),
        ('{"decision": "continue"}', False),
        ('{"decision": "go on"}', False),
        ('{"verdict": "stop"}', True),
        ("I can't decide.", None),
        ("The answers stop short of a proof.", None),
        ("They should not continue.", True),
        ("Let's continue.", False),
        ("We must not stop yet.", False),
        ("stop: yes", True),
        ("Stop? Yes.", True),
        ("Stop: false", False),
        ("STOP", True),
        ("Stop!", True),
        ("The panel shouldn't stop here.", False),
        ("Please go on.", False),
        ("We should keep going.", False),
        ("Neither stop nor continue.", None),
        ("It depends.", None),
        ("{'stop': False}", False),
        ('{"stop": "stop"}', True),
        ('{"stop": "continue"}', False),
        ('{"should_stop": true}', True),
        ("No further layers are needed.", True),
        ("Stopping would be premature.", None),
        ("No, the panel should not stop.", False),
        ("Do not go on.", True),
        ("I would not stop here.", False),
        ("I don't think the panel should stop.", False),
        ("The panel should continue rather than stop.", False),
        ("Rather than stop, continue.", False),
        ("We should stop instead of continuing.", True),
        ("继续讨论", False),
        ("Answer: yes", None),
        ('{"end_debate": false}', False),
        ('{"stop": true, "reason": "They agree, so there is no need to continue."}', True),
    ]
]
cases += [
    ("confidence", s, v)
    for s, v in [
        ("Confidence: 80%.", 80),
        ("Confidence: high", None),
        ("I am not 90% sure.", None),
        ("I'm about 75% confident in this.", 75),
        ("My confidence is 60%.", 60),
        ("**C**onfidence: 80", 80),
        ("The answer is 3. **K**onfidenz: 70 %", 70),
        ("Certainty: 80", 80),
        ("Confidence: 4/5", 80),
        ("Confidence: 95 percent", 95),
        ("Confidence (0-100): 85", 85),
        ("Confidence: 80-90", 85),
        ("Confidence: 80 to 90", None),
        ("Confidence: 80 or 90", None),
        ("Confidence: > 80", None),
        ("95% confidence interval: 3 to 5", None),
        ("The 95% confidence interval is 3 to 5.", None),
        ('{"confidence": 80}', 80),
        ('{"confidence": 0.8}', 80),
        ('{"answer": 5, "confidence": "80%"}', 80),
        ("信心:80", 80),
        ("把握:80%", 80),
        ("Sicherheit: 80 %", 80),
        ("Confiance : 80 %", 80),
        ("Confianza: 80%", 80),
        ("Confidence: 0", 0),
        ("Confidence: ~80", 80),
        ("Confidence: about 80", 80),
        ("Confidence: 80 (fairly sure)", 80),
        ("Confidence 80", 80),
        ("Confidence: 7", 7),
        ("Confidence score: 85", 85),
        ("Confidence: 1.5", 1.5),
        ("I have no confidence in 3.", None),
        ("I am 100% sure.", 100),
        ("确信度:80", None),
        ("Confidence: [85]", 85),
        ("Confidence: eighty", None),
        ("confidence: 0,9", 90),
        ("My confidence level is 40.", 40),
        ("Confidence: 101%", None),
        ("Confidence: 85.5", 85.5),
        ("I'd say I'm 85% sure", 85),
    ]
]
cases += [
    ("rating", s, v)
    for s, v in [
        ("I'd rate it a solid 8.", 8),
        ("8 points", 8),
        ("8 out of 10", 8),
        ("8 von 10", 8),
        ("评分:8/10", 8),
        ("Score: 11", None),
        ("Score: -3", None),
        ("Score: 7-8", None),
        ("Score: 70%", 7),
        ("I would not give it a 9.", None),
        ("Correctness: 8/10, Clarity: 6/10", None),
        ("Correctness: 8/10. Clarity: 6/10. Overall: 7/10", 7),
        ("Overall score: 7", 7),
        ("It is a good answer with 3 mistakes.", None),
        ("{'score': 7}", 7),
        ('{"score": "7/10"}', 7),
        ('{"rating": 8}', 8),
        ('{"score": "9 out of 10"}', 9),
        ("Rating: 4 out of 5", 8),
        ("My score is 6.", 6),
        ("Score: **8**", 8),
        ("score = 5", 5),
        ("10", 10),
        ("0", 0),
        ("Bewertung: 7", 7),
        ("Note : 7", 7),
        ("得分:8分", 8),
        ("Score: 9\nScore: 4", None),
        ("The answer is 7.", None),
        ("42", None),
        ("I score it 6.", 6),
        ("Final score: 6/10", 6),
        ('{"score": null}', None),
        ('{"score": true}', None),
        ("I give this answer an 8.", 8),
        ("The score is not 9.", None),
    ]
]
cases += [
    ("pick", s, v)
    for s, v in [
        ("Answer 3 is the worst.", None),
        ("I choose 2 because 1 is wrong.", 2),
        ("I choose answer 3.", 3),
        ("Winner: Answer 3", 3),
        ("Answer 3 wins.", 3),
        ("Option 2", 2),
        ("[2]", 2),
        ("I prefer answer 1 over answer 2.", 1),
        ("I would go with answer 3.", 3),
        ("My choice is 2.", 2),
        ("Answer 2 is not the best.", None),
        ("Is answer 2 best?", None),
        ("If answer 2 is best, then fine.", None),
        ("I do not choose answer 2.", None),
        ("0", None),
        ("4", None),
        ('{"choice": 0}', None),
        ('{"choice": "2"}', 2),
        ('{"choice": "Answer 2"}', 2),
        ('{"pick": 3}', 3),
        ('{"choice": 2, "best": 3}', None),
        ("Both answer 1 and answer 2 are right.", None),
        ("Either 1 or 2.", None),
        ("The second answer is the best.", 2),
        ("The third one is best.", 3),
        ("选择2", 2),
        ("最好的是回答3", 3),
        ("我选择答案2", 2),
        ("Best: 3", 3),
        ("The best response is response 1.", 1),
        ("Answers 1 and 2 are wrong.", None),
        ("Answer 2 is correct.", None),
        ("I pick #3", 3),
        ("The answer is 2.", None),
        ("Answer 2 > Answer 1", None),
        ("Choix : 2", 2),
        ("Wahl: 3", 3),
        ("I'd pick number 1.", 1),
        ("Rather answer 2 than answer 1.", None),
        ("Number 2", 2),
        ("Answer #2", 2),
        ("**Answer 2**", 2),
        ("Answer 2.", 2),
        (
            '[{"number": 1, "reason": "x", "score": 3}, {"number": 2, "reason": "y", "score": 8}, {"number": 3, "reason": "z", "score": 1}]',
            2,
        ),
        ("I choose answer 2. Answer 1 is the best written.", 2),
        ("Answer 1 is best. Answer 2 is best.", None),
        ("Not answer 2 but answer 3 is the best.", None),
    ]
]
cases += [
    ("ranking", s, v)
    for s, v in [
        ('{"order": [0, 2, 1]}', None),
        ('{"order": [2,1,3], "scores": [9,6,2]}', None),
        (
            '[{"number": 1, "reason": "x", "score": 3}, {"number": 2, "reason": "y", "score": 8}, {"number": 3, "reason": "z", "score": 1}]',
            [2, 1, 3],
        ),
        (
            '{"verdict": [{"number": 1, "reason": "x", "score": 3}, {"number": 2, "reason": "y", "score": 8}, {"number": 3, "reason": "z", "score": 1}]}',
            [2, 1, 3],
        ),
        ('{"ranking": [3,1,2]}', [3, 1, 2]),
        ("Worst to best: 2, 1, 3", [3, 1, 2]),
        ("My ranking is 2, 1, 3.", [2, 1, 3]),
        ("Final ranking: Answer 2 > Answer 3 > Answer 1", [2, 3, 1]),
        ("2 > 1 > 3", [2, 1, 3]),
        ("Ranking: 2, 1", None),
        ("Ranking: 2, 1, 4", None),
        ("1. Answer 1 is fine\n2. Answer 2 is wrong\n3. Answer 3 is best", None),
        ("1. Answer 1\n2. Answer 2\n3. Answer 3", [1, 2, 3]),
        ("Answer 2 is best, followed by answer 1, then answer 3.", [2, 1, 3]),
        ("Answer 2 first, answer 1 second, answer 3 third.", [2, 1, 3]),
        ("Answer 2 is the best, answer 3 is second and answer 1 is worst.", [2, 3, 1]),
        ("排名:2、1、3", [2, 1, 3]),
        ("Reihenfolge: 2, 1, 3", [2, 1, 3]),
        ("Rank 1: Answer 2\nRank 2: Answer 1\nRank 3: Answer 3", [2, 1, 3]),
        ("Answer 1: 6\nAnswer 2: 9\nAnswer 3: 2", [2, 1, 3]),
        ('{"1": 6, "2": 9, "3": 2}', [2, 1, 3]),
        ('{"Answer 1": 6, "Answer 2": 9, "Answer 3": 2}', [2, 1, 3]),
        ('{"order": [2, 2, 1]}', None),
        ('{"order": []}', None),
        ("All are good.", None),
        ("The order 3 > 2 > 1 is wrong.", None),
        ("I do not rank 2 > 1 > 3.", None),
        ("The numbers are 3, 1, 2.", None),
        ('{"scores": [6, 9, 2]}', [2, 1, 3]),
        ("Order: 2 1 3", None),
        ("<think>2 > 1 > 3</think>3 > 1 > 2", [3, 1, 2]),
        ("1st: Answer 3\n2nd: Answer 1\n3rd: Answer 2", [3, 1, 2]),
        ("Ranking: 1. Answer 2, 2. Answer 1, 3. Answer 3", None),
        ("Ranking:\n2, 1, 3", [2, 1, 3]),
        (
            '{"answers":[{"number":1,"score":6},{"number":1,"score":9},{"number":3,"score":2}]}',
            None,
        ),
        (
            '{"answers":[{"number":0,"score":6},{"number":1,"score":9},{"number":2,"score":2}]}',
            None,
        ),
        ("Answer 1: 5 apples\nAnswer 2: 7 apples\nAnswer 3: 5 apples", None),
    ]
]
cases += [
    ("plan", s, v)
    for s, v in [
        ("1) a\n2) b", ["a", "b"]),
        ("Step 1: a\nStep 2: b", ["a", "b"]),
        ("Question 1: a?\nQuestion 2: b?", ["a?", "b?"]),
        ("Here is the plan:\n\n1. a\n2. b\n\nGood luck!", ["a", "b"]),
        ('["a", "b"]', ["a", "b"]),
        ("{'questions': ['a', 'b']}", ["a", "b"]),
        ('{"questions": ["a", "b', None),
        ("I cannot split it.", None),
        ("", None),
        ("1、a\n2、b", ["a", "b"]),
        ("第一步:a\n第二步:b", ["a", "b"]),
        ("What is a?\nWhat is b?", ["What is a?", "What is b?"]),
        ('{"plan": ["a", "b"]}', ["a", "b"]),
        ("* a\n* b", ["a", "b"]),
        ("**1.** a\n**2.** b", ["a", "b"]),
        ("1. a\n   - more\n2. b", ["a", "b"]),
        ('{"questions": []}', None),
        ("1. a\n2. b\n\n1. c\n2. d", None),
        ("The answer is 5.", None),
    ]
]
cases += [
    ("roles", s, v)
    for s, v in [
        ("Role 1: You are A.\nRole 2: You are B.", ["You are A.", "You are B."]),
        ("You are A.\n\nYou are B.", ["You are A.", "You are B."]),
        ('["You are A.", "You are B."]', ["You are A.", "You are B."]),
        ("Here:\n### Role 1\nYou are A.\n\n### Role 2\nYou are B.", ["You are A.", "You are B."]),
        ('{"roles": {"1": "You are A.", "2": "You are B."}}', ["You are A.", "You are B."]),
        ("1. You are A.", None),
        ("角色1:You are A.\n角色2:You are B.", ["You are A.", "You are B."]),
        ("I refuse.", None),
        ("Person 1: You are A.\nPerson 2: You are B.", ["You are A.", "You are B."]),
        ("1) You are A.\n\n2) You are B.", ["You are A.", "You are B."]),
    ]
]


OF = {"ranking": 3, "pick": 3, "roles": 2}


@pytest.mark.parametrize(("kind", "text", "value"), cases)
def test_what_a_reply_says(kind: str, text: str, value: object) -> None:
    assert ROLE_READERS[kind](text, OF.get(kind, 0)) == value


@pytest.mark.parametrize(
    "wrap", ["<think>{other}</think>{text}", "{other}</think>\n{text}", "  {text}\n"]
)
@pytest.mark.parametrize(("kind", "text", "value"), [c for c in cases if c[2] is not None][::5])
def test_reasoning_is_no_verdict(kind: str, text: str, value: object, wrap: str) -> None:
    reply = wrap.format(
        other="Stop? I choose answer 1. 1 > 2 > 3. Score: 3. Confidence: 5", text=text
    )
    assert ROLE_READERS[kind](reply, OF.get(kind, 0)) == value


def test_scores_and_reasons_go_with_their_numbers() -> None:
    rows = [{"number": 2, "reason": "a\nb", "score": 4}, {"number": 1, "reason": "c", "score": 8}]
    found = read_ranking(json.dumps({"answers": rows}), 2)
    assert found is not None
    assert found == ([1, 2], {2: 4, 1: 8}, {2: "a b", 1: "c"})


def test_the_reason_of_a_decision() -> None:
    assert reason_of('{"reason": "they\\n agree", "stop": true}') == "they agree"
    assert reason_of("Stop.") == ""


@given(
    st.text() | st.text(alphabet='"orderstopscl": [1,2>]#{}\n-.', max_size=200), st.integers(0, 9)
)
def test_any_text_is_read_without_raising(reply: str, n: int) -> None:
    for read in ROLE_READERS.values():
        read(reply, n)


@pytest.mark.timed
@pytest.mark.parametrize(
    "piece",
    [
        '{"',
        '{"a":',
        "[",
        '{"stop": ',
        '"scores": [',
        "1. x\n",
        "9" * 500,
        "stop: ",
        "- ",
        "Answer 1 ",
        "2 > ",
        "I choose ",
        "not ",
        "#",
        "{/*",
        "another ",
        "Answer 1 is better than answer 2 ",
    ],
)
def test_time_grows_no_faster_than_the_reply(piece: str) -> None:
    def read(reply: str) -> None:
        for reader in ROLE_READERS.values():
            reader(reply, 5)

    assert growth(read, piece, 20_000) < LINEAR
