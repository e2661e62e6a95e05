"""Prices that nobody gave are looked up where the provider is known, and never guessed."""

import subprocess
import sys
from typing import Any

import pytest
from helpers.graphs import user
from langchain_core.language_models import LangSmithParams
from langchain_core.output_parsers import StrOutputParser
from langchain_openai import ChatOpenAI

from manyminds import Budget, InputError, Member, Price, create_agent_forest
from manyminds.models.openai import EndpointModel
from manyminds.prices import source
from manyminds.state import TokenUsage
from manyminds.testing import ScriptedChatModel

MILLION = TokenUsage(input_tokens=1_000_000, output_tokens=1_000_000)


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI", "OPENROUTER", "TOGETHER"):
        monkeypatch.setenv(f"{name}_API_KEY", "none")
        monkeypatch.delenv(f"{name}_BASE_URL", raising=False)


def chat(**options: Any) -> ChatOpenAI:
    return ChatOpenAI(model="gpt-4o-mini", **options)


def chained() -> Any:
    return chat() | StrOutputParser()


@pytest.mark.parametrize(
    "make",
    [
        lambda: "openai:gpt-4o-mini",
        lambda: "openrouter:openai/gpt-4o-mini",
        lambda: EndpointModel("gpt-4o-mini"),
        chat,
        lambda: chat().bind(temperature=0),
    ],
)
def test_a_known_provider_has_its_listed_price(make: Any) -> None:
    member = Member(make())
    assert member.priced_by == source() and str(source()).startswith("genai-prices ")
    # OpenAI's prices for that model since July 2024: 0.15 dollars in, 0.60 out.
    assert member.cost_of(MILLION) == pytest.approx(0.75)


def test_a_price_that_was_given_wins() -> None:
    member = Member("openai:gpt-4o-mini", price=Price(input=1, output=2))
    assert member.priced_by == "given" and member.cost_of(MILLION) == 3


@pytest.mark.parametrize(
    "make",
    [
        lambda: "ollama:llama3.1",
        lambda: "vllm:gpt-4o-mini",
        lambda: "lmstudio:gpt-4o-mini",
        lambda: "gpt-4o-mini@http://127.0.0.1:1/v1",
        lambda: "openai:gpt-4o-mini@http://127.0.0.1:1/v1",
        lambda: "openai:no-such-model",
        lambda: "openai:whisper-1",  # listed, but not by tokens
        lambda: "openrouter:meta-llama/llama-3.3-70b-instruct:free",  # listed without a price
        lambda: "simulated:large",
        lambda: chat(base_url="http://127.0.0.1:1/v1"),
        chained,
        ScriptedChatModel,
    ],
)
def test_elsewhere_there_is_none(make: Any) -> None:
    member = Member(make())
    assert member.priced_by is None and member.cost_of(MILLION) is None


def test_another_address_in_the_environment_is_no_longer_the_provider(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    assert Member("openai:gpt-4o-mini").priced_by is None
    assert Member(chat()).priced_by is None


class OpenAI(ScriptedChatModel):
    """A class of a host's, called as a provider, which states none."""

    model_name: str = "gpt-4o-mini"


def test_the_name_of_a_class_is_no_provider() -> None:
    assert Member(OpenAI(script="x")).priced_by is None


def test_a_budget_in_dollars_takes_listed_prices() -> None:
    budget = Budget(dollars=1)
    create_agent_forest("openai:gpt-4o-mini", budget=budget)
    with pytest.raises(InputError, match=r"that of ollama:llama3\.1 is unknown"):
        create_agent_forest(["openai:gpt-4o-mini", "ollama:llama3.1"], budget=budget)


class Stated(ScriptedChatModel):
    """A model that says, as LangChain's own do, whose it is."""

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        return LangSmithParams(ls_provider="openai", ls_model_name="gpt-4o-mini")


async def test_the_report_says_where_prices_came_from() -> None:
    looked_up = Member(Stated(script="x"), name="looked-up")
    given = Member(ScriptedChatModel(), name="given", price=Price(input=0, output=0))
    unknown = Member(ScriptedChatModel(), name="unknown")
    forest = create_agent_forest([looked_up, given, unknown], samples=6, extract="text")
    report = (await forest.compile().ainvoke(user()))["report"]
    assert report["prices"] == {"looked-up": source(), "given": "given"}
    assert report["unpriced_calls"] == 2
    cost = looked_up.cost_of(
        TokenUsage(
            input_tokens=report["members"]["looked-up"]["tokens"]["input"],
            output_tokens=report["members"]["looked-up"]["tokens"]["output"],
        )
    )
    assert cost is not None and report["cost"] == pytest.approx(cost) and cost > 0


async def test_listed_prices_end_a_run_at_its_budget() -> None:
    member = Member(Stated(script="x"), name="looked-up")
    one = (await create_agent_forest(member, samples=1).compile().ainvoke(user()))["report"]["cost"]
    budget = Budget(dollars=2.5 * one)
    forest = create_agent_forest(member, samples=9, concurrency=1, budget=budget)
    report = (await forest.compile().ainvoke(user()))["report"]
    assert report["calls"] == 3 and "the budget of $" in report["degraded"]


WITHOUT = """
import os, sys
sys.modules["genai_prices"] = None
os.environ["OPENAI_API_KEY"] = "none"
import importlib.util as util
find = util.find_spec
util.find_spec = lambda name, *rest: None if name == "genai_prices" else find(name, *rest)
from manyminds import Budget, InputError, Member, create_agent_forest
member = Member("openai:gpt-4o-mini")
assert member.priced_by is None
assert member.cost_of({"input_tokens": 1, "output_tokens": 1}) is None
try:
    create_agent_forest(member, budget=Budget(dollars=1))
except InputError as error:
    print(error)
"""


@pytest.mark.integration
def test_without_the_list_the_message_names_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    assert done.stderr == ""
    assert "give Member(..., price=" in done.stdout and "manyminds[prices]" in done.stdout


LAZY = """
import os, sys
os.environ["OPENAI_API_KEY"] = "none"
from manyminds import Member, create_agent_forest
create_agent_forest(["ollama:llama3.1", "simulated:large", Member("m@http://127.0.0.1:1/v1")])
Member("openai:gpt-4o-mini")
print("genai_prices" in sys.modules)
"""


@pytest.mark.integration
def test_the_list_is_loaded_only_where_it_is_of_use() -> None:
    done = subprocess.run([sys.executable, "-c", LAZY], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("False\n", "")
