"""Prices of models: as given, or looked up in genai-prices, which keeps providers' prices.

Nothing goes over the network: the list comes with that package, so a newer one has newer prices. It
takes half a second to load, and only where a member's provider is known.
"""

from decimal import Decimal
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from math import floor, log10
from typing import Any, NamedTuple, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables.base import RunnableBindingBase
from pydantic import BaseModel, ConfigDict, Field

from manyminds.models.openai import EndpointModel
from manyminds.state import TokenUsage

_PLACES = 4  # of a sum of dollars, at least
HINT = "" if find_spec("genai_prices") else ", or install manyminds[prices] to have it looked up"
"""End of a message that asks for a price."""


class Price(BaseModel):
    """Dollars for a million tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: float = Field(ge=0)
    output: float = Field(ge=0)


# Attributes in which the classes of LangChain's packages keep the address of their server.
_ADDRESSES = ("base_url", "openai_api_base", "anthropic_api_url")


class Listed(NamedTuple):
    """A model as the list knows it: by the address it is asked at, else by the provider's name."""

    model: str
    provider: str = ""
    url: str = ""

    def cost_of(self, usage: TokenUsage) -> float | None:
        """Return the dollars for one call, or None where the prices are not listed.

        Cached and batched tokens are taken at the full price, so that a bill is rather lower.
        """
        price = _price(self)
        if price is None:
            return None
        both = (price.input_mtok, price.output_mtok)
        if all(isinstance(each, Decimal) for each in both):  # the usual case, and much quicker
            dollars = usage["input_tokens"] * float(both[0])
            return (dollars + usage["output_tokens"] * float(both[1])) / 1e6
        return float(price.calc_price(_tokens(usage))["total_price"])


@cache
def _price(listed: Listed) -> Any:
    """Return today's prices of a model, None where not both are listed, of input and output."""
    from genai_prices import calc_price

    one = _tokens(TokenUsage(input_tokens=1, output_tokens=1))
    try:
        if listed.url:
            found = calc_price(one, listed.model, provider_api_url=listed.url).model_price
        else:
            found = calc_price(one, listed.model, provider_id=listed.provider).model_price
    except LookupError:
        return None
    return None if None in (found.input_mtok, found.output_mtok) else found


def _tokens(usage: TokenUsage) -> Any:
    from genai_prices import Usage as Tokens

    return Tokens(input_tokens=usage["input_tokens"], output_tokens=usage["output_tokens"])


def look_up(model: object) -> Listed | None:
    """Return a member's model as it is listed; None if no list can have its price.

    Known are models of providers at the providers' own addresses. A server of your own has no
    price, whatever its models are called, and neither has a class that does not state a provider.
    """
    found = _named(model)
    if found is None or source() is None or _price(found) is None:
        return None
    return found


@cache
def source() -> str | None:
    """Name the list and its version; None where it is not installed."""
    return None if HINT else f"genai-prices {version('genai-prices')}"


def _named(model: object) -> Listed | None:
    if isinstance(model, EndpointModel):
        return _at(model.base_url, model.model) if model.provider else None
    if isinstance(model, RunnableBindingBase):
        return _named(cast("Any", model).bound)
    if not isinstance(model, BaseChatModel):
        return None
    chat: Any = model
    if type(chat)._get_ls_params is cast("Any", BaseChatModel)._get_ls_params:
        return None  # LangChain would take the class's name for a provider's
    about = chat._get_ls_params()
    name, provider = about.get("ls_model_name"), about.get("ls_provider")
    if not name or not provider:
        return None
    client = getattr(chat, "root_async_client", None)  # knows also what the environment says
    addresses = [getattr(one, key, None) for one in (client, chat) for key in _ADDRESSES]
    url = next((str(address) for address in addresses if address), None)
    return Listed(name, provider) if url is None else _at(url, name)


def _at(url: str, name: str) -> Listed | None:
    # Providers are asked over TLS: a server of your own mostly need not be looked for.
    return Listed(name, url=url) if url.startswith("https://") else None


def in_digits(cost: float) -> str:
    """Write dollars so that small costs can be compared: four places, or two digits that count."""
    if cost >= 1:
        return f"${cost:,.2f}"
    places = max(_PLACES, 1 - floor(log10(cost))) if cost > 0 else _PLACES
    text = f"${cost:.{places}f}"
    shortest = len("$0.") + _PLACES
    return text[:shortest] + text[shortest:].rstrip("0")
