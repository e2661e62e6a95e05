"""A chat model of a folder: `local:PATH`, run by transformers in this process."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult

from manyminds.models.transformers_engine import (
    TOP_P,
    FolderOptions,
    Request,
    TransformersEngine,
    Written,
    folder_engine,
)

_ROLES = {"human": "user", "ai": "assistant", "system": "system", "tool": "user"}
_LEAST = 64  # tokens that a member's context has at least
_TOLD = ("question_id", "role", "index", "layer", "draw", "repeat", "attempt")


class TransformersChatModel(BaseChatModel):
    """The folder of a model, as transformers writes it, asked in this process.

    The model is loaded with the first call. Calls that come together are answered in one batch.

    Args:
        path: Folder with configuration, weights, tokenizer and chat template.
        slots: Replies that are generated at once.
        threads: Threads that compute; 0: as many as torch takes.
        max_tokens: Tokens of a reply where a call sets no limit.
        seed: With one, a reply follows from it, the prompt, and the call's draw; None: any.
    """

    path: Path
    slots: int = 32
    threads: int = 0
    max_tokens: int = 1_024
    seed: int | None = None

    @property
    def model_name(self) -> str:
        """Name of the folder."""
        return self.path.name

    @property
    def concurrency(self) -> int:
        """The number of calls that may wait for a place in a batch."""
        return 2 * self.slots

    @property
    def context(self) -> int | None:
        """Tokens of a prompt and its reply together, as the model's configuration says."""
        try:
            found = json.loads((self.path / "config.json").read_text("utf-8"))
        except (OSError, ValueError):
            return None  # loading it says what is wrong
        length = found.get("max_position_embeddings") if isinstance(found, dict) else None
        return length if isinstance(length, int) and length >= _LEAST else None

    @property
    def _llm_type(self) -> str:
        return "manyminds-transformers"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"path": str(self.path), "seed": self.seed}

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        request = self._request(messages, stop, run_manager, kwargs)
        return _result(self._engine().submit(request).result(), self.model_name)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        request = self._request(messages, stop, run_manager, kwargs)
        engine = await asyncio.to_thread(self._engine)  # loading takes seconds
        try:
            written = await asyncio.wrap_future(engine.submit(request))
        except asyncio.CancelledError:
            request.unwanted = True
            raise
        return _result(written, self.model_name)

    def _engine(self) -> TransformersEngine:
        return folder_engine(FolderOptions(self.path, self.slots, self.threads))

    def _request(
        self,
        messages: Sequence[BaseMessage],
        stop: Sequence[str] | None,
        run_manager: CallbackManagerForLLMRun | AsyncCallbackManagerForLLMRun | None,
        given: Mapping[str, Any],
    ) -> Request:
        seed, metadata = given.get("seed", self.seed), run_manager.metadata if run_manager else {}
        if seed is not None:  # draws of one question have to differ
            seed = json.dumps([seed, *(metadata.get(key) for key in _TOLD)], default=str)
        return Request(
            [{"role": _ROLES.get(each.type, each.type), "content": each.text} for each in messages],
            int(given.get("max_tokens") or given.get("max_completion_tokens") or self.max_tokens),
            float(given.get("temperature", 1.0)),
            float(given.get("top_p", TOP_P)),
            stop or (),
            seed,
        )


def _result(written: Written, name: str) -> ChatResult:
    usage = UsageMetadata(
        input_tokens=written.prompt_tokens,
        output_tokens=written.tokens,
        total_tokens=written.prompt_tokens + written.tokens,
    )
    message = AIMessage(
        content=written.text,
        usage_metadata=usage,
        response_metadata={"model_name": name, "finish_reason": written.finish_reason},
    )
    return ChatResult(generations=[ChatGeneration(message=message)])
