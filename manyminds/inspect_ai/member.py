"""A model of Inspect as a member of a method."""

from typing import Any

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    GenerateConfig,
    Model,
)
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import ConfigDict, SkipValidation

from manyminds.errors import InputError


class InspectChatModel(BaseChatModel):
    """A model of Inspect as a chat model, so that Inspect makes, logs and counts its calls.

    Args:
        model: The model, as `inspect_ai.model.get_model` returns it.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    model: SkipValidation[Model]

    @property
    def model_name(self) -> str:
        """Name of the model, as Inspect writes it."""
        return str(self.model)

    @property
    def _llm_type(self) -> str:
        return "inspect"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name}

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        raise InputError("Inspect's models answer in a running event loop only: use `ainvoke`")

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        known = {n: value for n, value in kwargs.items() if n in GenerateConfig.model_fields}
        config = GenerateConfig(stop_seqs=stop, **known)
        output = await self.model.generate([_said(m) for m in messages], config=config)
        answer = AIMessage(output.completion, response_metadata={"model_name": output.model})
        if output.usage is not None:
            used = output.usage
            answer.usage_metadata = UsageMetadata(
                input_tokens=used.input_tokens,
                output_tokens=used.output_tokens,
                total_tokens=used.input_tokens + used.output_tokens,
            )
        return ChatResult(generations=[ChatGeneration(message=answer)])


def _said(message: BaseMessage) -> ChatMessage:
    """Return a message of LangChain as one of Inspect."""
    if isinstance(message, SystemMessage):
        return ChatMessageSystem(content=message.text)
    if isinstance(message, HumanMessage):
        return ChatMessageUser(content=message.text)
    if isinstance(message, ToolMessage):
        return ChatMessageTool(content=message.text, tool_call_id=message.tool_call_id)
    return ChatMessageAssistant(content=message.text)
