"""What models cost, looked up in genai-prices: the providers' own prices, kept up to date there.

Nothing goes over the network: the list comes with that package, so a newer one has newer prices. It
takes half a second to load, and only where a member's provider is known.
"""

from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any, NamedTuple, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables.base import RunnableBindingBase

from manyminds.models.openai import EndpointModel
from manyminds.state import Usage

HINT = "" if find_spec("genai_prices") else ", or install manyminds[prices] to have it looked up"
"""What to add to a message that asks for a price."""


# What the classes of LangChain's packages call the address of their server.
_ADDRESSES = ("base_url", "openai_api_base", "anthropic_api_url")


class Listed(NamedTuple):
    """A model as the list knows it: by the address it is asked at, else by the provider's name."""

    model: str
    provider: str = ""
    url: str = ""

    def cost_of(self, usage: Usage) -> float | None:
        """Return the dollars for one call by today's prices, or None where they are not listed.

        Cached and batched tokens are taken at the full price, so that a bill is rather lower.
        """
        from genai_prices import Usage as Tokens
        from genai_prices import calc_price

        tokens = Tokens(input_tokens=usage["input_tokens"], output_tokens=usage["output_tokens"])
        try:
            if self.url:
                found = calc_price(tokens, self.model, provider_api_url=self.url)
            else:
                found = calc_price(tokens, self.model, provider_id=self.provider)
        except LookupError:
            return None
        both = (found.model_price.input_mtok, found.model_price.output_mtok)
        return None if None in both else float(found.total_price)


def look_up(model: object) -> Listed | None:
    """Return a member's model as it is listed; None where nobody can know its price.

    Known are models of providers at the providers' own addresses. A server of your own has no
    price, whatever its models are called, and neither has a class that does not state a provider.
    """
    found = _named(model)
    return found if found is not None and source() is not None and _priced(found) else None


@cache
def source() -> str | None:
    """Name the list and its version; None where it is not installed."""
    return None if HINT else f"genai-prices {version('genai-prices')}"


@cache
def _priced(found: Listed) -> bool:
    return found.cost_of(Usage(input_tokens=1, output_tokens=1)) is not None


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
