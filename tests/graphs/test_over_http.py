"""Both methods against a server that speaks the OpenAI protocol over real HTTP."""

from typing import Any

import pytest
from helpers.graphs import call, every_way, shown, user
from helpers.server import Body, Reply, Server
from langchain_core.messages import HumanMessage, SystemMessage

from manyminds import Budget, Member, Price, create_agent_forest, create_moa
from manyminds.calls import call as inquiry
from manyminds.fence import parse_numbered


def no_pause(_error: Exception, _failed: int) -> float:
    return 0.0


def system(body: Body) -> list[str]:
    return [m["content"] for m in body["messages"] if m["role"] == "system"]


def layer_of(body: Body) -> str:
    """Name the model and its layer, by what it was given to read."""
    read = [text for _, text in parse_numbered("".join(system(body)))]
    return f"{body['model']}-{1 + max((int(text[-1]) for text in read), default=0)}"


@every_way
async def test_three_proposers_and_three_layers_send_seven_requests(way: str) -> None:
    latency = {"a": 0.06, "b": 0.03, "c": 0.0}
    with Server(lambda body, k: Reply(layer_of(body), latency=latency[body["model"]])) as server:
        members = [f"{name}@{server.url}" for name in "abc"]
        app = create_moa(members, layers=3).compile()
        given = {"messages": [SystemMessage("Be brief."), HumanMessage("Why?")]}
        result = await call(app, way, given)
        bodies = server.bodies
    assert len(bodies) == 7 and result["report"]["requests"] == 7
    assert sorted(body["model"] for body in bodies) == ["a", "a", "a", "b", "b", "c", "c"]
    for body in bodies:
        roles = [message["role"] for message in body["messages"]]
        assert roles == ["system", "user"] and system(body)[0].startswith("Be brief.")
    assert all(system(body) == ["Be brief."] for body in bodies[:3])
    for body, layer in zip(bodies[3:], [1, 1, 1, 2], strict=True):
        assert parse_numbered(system(body)[0]) == [
            (number, f"{name}-{layer}") for number, name in enumerate("abc", 1)
        ]
    assert result["answer"] == "a-3" and result["report"]["degraded"] is None
    assert [body.get("temperature") for body in bodies] == [0.7] * 6 + [None]


async def test_usage_and_cost_come_from_the_wire_also_while_streaming() -> None:
    with Server(lambda body, k: "three short words") as server:
        member = Member(f"m@{server.url}", price=Price(input=1e6, output=2e6))
        app = create_moa([member], layers=2).compile()
        whole = (await app.ainvoke(user("one two")))["report"]
        streamed: dict[str, Any] = {}
        part: Any
        async for part in app.astream(user("one two"), stream_mode=["messages", "values"]):
            mode, data = part
            streamed = data["report"] if mode == "values" and data.get("report") else streamed
        assert server.bodies[3]["stream"] is True and not server.bodies[2].get("stream")
    assert whole["tokens"] == streamed["tokens"] and whole["tokens"]["output"] == 6
    assert whole["cost"] == pytest.approx(whole["tokens"]["input"] + 2 * 6)


async def test_samples_per_request() -> None:
    def numbers(body: Body, k: int) -> Reply:
        return Reply(choices=[f"Final answer: {k}"] * body.get("n", 1))

    with Server(numbers) as server:
        member = Member(f"m@{server.url}", samples_per_request=4)
        app = create_agent_forest(member, samples=10, prompt=None).compile()
        result = await app.ainvoke(user("one two"))
        assert sorted(body.get("n", 1) for body in server.bodies) == [2, 4, 4]
    assert [c["status"] for c in result["candidates"]] == ["ok"] * 10
    report = result["report"]
    assert report["calls"] == 10 and report["requests"] == 3
    assert report["tokens"]["output"] == 10 * 3
    assert report["tokens"]["input"] == 3 * 2  # the prompt is paid once a request


async def test_fewer_choices_than_asked_for_are_failures() -> None:
    with Server(lambda body, k: Reply(choices=["Final answer: 1", "Final answer: 2"])) as server:
        member = Member(f"m@{server.url}", samples_per_request=5)
        result = await create_agent_forest(member, samples=5).compile().ainvoke(user())
    status = [c["status"] for c in result["candidates"]]
    assert status == ["ok", "ok", "failed", "failed", "failed"]
    errors = [c["error"] for c in result["candidates"][2:]]
    assert [error["message"] for error in errors] == ["asked for 5 samples, got 2"] * 3
    assert result["ballot"]["voters"] == 2
    assert "3 of 5 calls gave no answer (malformed 3)" in result["report"]["degraded"]


async def test_an_unusable_choice_is_the_only_failure_of_its_request() -> None:
    with Server(
        lambda body, k: Reply(choices=["Final answer: 1", "", "Final answer: 1"])
    ) as server:
        member = Member(f"m@{server.url}", samples_per_request=3)
        result = await create_agent_forest(member, samples=3).compile().ainvoke(user())
    assert [c["status"] for c in result["candidates"]] == ["ok", "failed", "ok"]
    assert result["candidates"][1]["error"]["kind"] == "empty"


async def test_a_budget_of_ten_calls_on_forty_samples_sends_ten_requests() -> None:
    with Server(lambda body, k: Reply("Final answer: 1", latency=0.01)) as server:
        app = create_agent_forest(f"m@{server.url}", samples=40, budget=Budget(calls=10)).compile()
        result = await app.ainvoke(user())
        assert len(server.requests) == 10
    assert result["report"]["calls"] == 10 and "10 calls" in result["report"]["degraded"]


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (Reply("no", status=500), "server_error"),
        (Reply("slow down", status=429, headers={"Retry-After": "0"}), "rate_limit"),
        (Reply(drop=True), "connection"),
        (Reply(malformed=True), "malformed"),
        (Reply(empty=True), "empty"),
        (Reply(half_stream=True), "connection"),
    ],
    ids=["500", "429", "dropped", "malformed", "empty", "half"],
)
async def test_what_may_pass_is_asked_again(
    bad: Reply, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inquiry, "_pause", no_pause)
    with Server(lambda body, k: Reply("Final answer: 1") if k else bad) as server:
        member = Member(f"m@{server.url}", retries=1)
        result = await create_agent_forest(member, samples=1).compile().ainvoke(user())
        assert len(server.requests) == 2
    report = result["report"]
    assert result["candidates"][0]["attempts"] == 2 and result["candidates"][0]["error"] is None
    assert (report["calls"], report["requests"], report["retries"]) == (1, 2, 1)
    assert report["degraded"] is None
    with Server(lambda body, k: bad) as server:
        member = Member(f"m@{server.url}", retries=1)
        app = create_moa([member, Member(f"ok@{server.url}")], layers=2).compile()
        with pytest.raises(Exception, match=f"m: {kind}"):
            await app.ainvoke(user())


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (Reply("no", status=400), "invalid_request"),
        (Reply("bad key sk-abcdefgh12345678", status=401), "authentication"),
        (Reply("no", status=400, code="context_length_exceeded"), "context_too_long"),
        (Reply("no", status=400, code="content_filter"), "refused"),
        (Reply("x", finish_reason="content_filter"), "refused"),
    ],
    ids=["400", "401", "too long", "filtered", "filtered answer"],
)
async def test_what_cannot_pass_is_asked_once(bad: Reply, kind: str) -> None:
    def behave(body: Body, k: int) -> Reply:
        return bad if body["model"] == "m" else Reply("fine")

    with Server(behave) as server:
        members = [Member(f"m@{server.url}", retries=3), Member(f"ok@{server.url}")]
        app = create_moa(members, aggregator=f"ok@{server.url}", layers=2).compile()
        result = await app.ainvoke(user())
        assert len(server.requests) == 3
    error = result["candidates"][0]["error"]
    assert error["kind"] == kind and not error["retriable"]
    assert "sk-" not in str(result["report"])


async def test_the_servers_key_never_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "plain-secret-7")

    def leaks(body: Body, k: int) -> Reply:
        refusal = "you sent plain-secret-7" if body["model"] == "m" else "who are you"
        return Reply(refusal, status=403)

    with Server(leaks) as server:
        bad = f"m@{server.url}#key=MY_KEY"
        good = f"ok@{server.url}"
        graph = create_moa([bad, good], aggregator=good, layers=2)
        app = graph.compile()
        with pytest.raises(Exception) as raised:
            await app.ainvoke(user())
    text = str(raised.value) + repr(graph.members)
    assert "you sent [key]" in text and "plain-secret-7" not in text


async def test_a_hanging_member_ends_at_its_own_timeout() -> None:
    with Server(lambda body, k: Reply("fine", hang=body["model"] == "m")) as server:
        slow = Member(f"m@{server.url}", timeout=0.2, retries=0)
        app = create_moa(
            [slow, Member(f"ok@{server.url}")], aggregator=f"ok@{server.url}", layers=2
        )
        result = await app.compile().ainvoke(user())
    candidate = result["candidates"][0]
    assert candidate["status"] == "timeout" and 0.2 <= candidate["seconds"] < 5
    assert candidate["error"]["message"] == "no answer within 0.2 s"
    assert candidate["error"]["maybe_billed"] is True
    assert result["answer"] == "fine" and "timeout 1" in result["report"]["degraded"]


async def test_tokens_arrive_while_the_server_is_still_writing() -> None:
    with Server(lambda body, k: Reply("one two three", between=0.01)) as server:
        seen = await shown(create_moa([f"m@{server.url}"], layers=2).compile(), user())
    assert seen.texts(whole=False) == ["one", " two", " three"]
    assert seen.texts(whole=True) == []
