"""The folder of a model in this process: transformers on a thread, many replies at once.

Requests that wait are decoded together, a row each; equal prompts are read once. On a processor
with bfloat16 arithmetic a large batch of a small model is many times quicker than reply by reply.
A reply with a seed depends on its prompt and seed; which other replies are in the batch can change
it only through rounding.
"""

import atexit
import inspect
import queue
import random
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from manyminds.errors import AnswerError

PACKAGES = ("torch", "transformers")
TOP_K = 40
TOP_P = 0.95
_GATHER = 0.02  # seconds without a further request after which a batch begins
_JOIN = 30.0  # seconds to wait for a token that is being written
_COMPACT = 0.8  # finished rows are dropped when no more than this share is still being written


class FolderOptions(NamedTuple):
    """What tells one engine of a process from another.

    Attributes:
        path: Folder of the model, as transformers writes it.
        slots: Replies that are generated at once.
        threads: Threads that compute; 0: as many as torch takes.
    """

    path: Path
    slots: int
    threads: int


@dataclass
class Request:
    """One reply to be written.

    Attributes:
        messages: Roles and texts.
        max_tokens: Tokens of the reply at most.
        temperature: 0 takes the likeliest token.
        top_p: Share of the probability that tokens are drawn from.
        stop: Texts before which the reply ends.
        seed: Seed of the draws.
        unwanted: Whether the caller has gone: nothing more is written then.
        reply: Becomes the `Written` reply.
    """

    messages: Sequence[dict[str, str]]
    max_tokens: int
    temperature: float
    top_p: float
    stop: Sequence[str]
    seed: str | int | None
    unwanted: bool = False
    reply: "Future[Written]" = field(default_factory=Future["Written"])


class Written(NamedTuple):
    """A reply: its text, why it ended, tokens of the prompt and of the reply."""

    text: str
    finish_reason: str
    prompt_tokens: int
    tokens: int


class _Row:
    """A reply as it is being written."""

    def __init__(self, request: Request, prompt: Sequence[int]) -> None:
        self.request, self.prompt = request, prompt
        self.tokens: list[int] = []
        self.draw = random.Random(request.seed)

    @property
    def ended(self) -> bool:
        return self.request.unwanted or self.request.reply.done()


class TransformersEngine:
    """A loaded model and the thread that runs it; `folder_engine` returns the one of a process."""

    def __init__(self, options: FolderOptions) -> None:
        self.options = options
        self._torch: Any = import_module("torch")
        if options.threads:
            self._torch.set_num_threads(options.threads)
        transformers: Any = import_module("transformers")
        kind = "bfloat16" if has_bfloat16(self._torch) else "float32"
        try:
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(options.path)
            self._model = transformers.AutoModelForCausalLM.from_pretrained(
                options.path, dtype=getattr(self._torch, kind)
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            said = " ".join(str(error).split())[:200]
            raise AnswerError(
                f"transformers cannot load {options.path} ({said}): give the folder of a language "
                "model with its tokenizer",
                kind="invalid_request",
            ) from None
        if self._tokenizer.chat_template is None:
            raise AnswerError(
                f"{options.path}: the tokenizer has no chat template, so the model cannot be asked "
                "in messages: give a model that was tuned to chat",
                kind="invalid_request",
            )
        self._model.eval()
        if self._torch.cuda.is_available():
            self._model.to("cuda")
        self.context: int = getattr(self._model.config, "max_position_embeddings", 4_096)
        # Newer versions of transformers call it `cache`, and will drop the other name.
        known = inspect.signature(self._model.forward).parameters
        self._cache = "cache" if "cache" in known else "past_key_values"
        self._ends = _end_tokens(self._model, self._tokenizer)
        self._waiting: queue.SimpleQueue[_Row | None] = queue.SimpleQueue()
        self._is_closed = False
        self._thread = threading.Thread(target=self._serve, name=f"{options.path}", daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> "Future[Written]":
        """Put a request into the queue.

        Raises:
            AnswerError: The prompt leaves no room for a reply.
        """
        prompt = self._tokenizer.apply_chat_template(
            list(request.messages), add_generation_prompt=True, return_dict=False
        )
        if len(prompt) >= self.context:
            raise AnswerError(
                f"the prompt is too long: {len(prompt)} tokens exceed the context of "
                f"{self.context}",
                kind="context_too_long",
            )
        request.max_tokens = min(request.max_tokens, self.context - len(prompt))
        self._waiting.put(_Row(request, prompt))
        return request.reply

    def close(self) -> None:
        """End the thread, with the token that it is writing: torch must not outlive the process."""
        self._is_closed = True
        self._waiting.put(None)
        self._thread.join(_JOIN)

    def _serve(self) -> None:
        while (first := self._waiting.get()) is not None:
            rows = [first]
            with suppress(queue.Empty):
                while len(rows) < self.options.slots:
                    row = self._waiting.get(timeout=_GATHER)
                    if row is None:
                        self._waiting.put(None)
                        break
                    rows.append(row)
            rows = [row for row in rows if row.request.reply.set_running_or_notify_cancel()]
            try:
                with self._torch.inference_mode():
                    self._write(rows)
            except Exception as error:  # the callers wait for it
                for row in rows:
                    if not row.ended:
                        row.request.reply.set_exception(error)

    def _write(self, rows: list[_Row]) -> None:
        """Write the replies of a batch, a token of each at a time."""
        torch = self._torch
        scores, cache, mask, places = self._read(rows)
        while rows:
            if self._is_closed:
                raise AnswerError("the engine was closed", kind="cancelled")
            chosen = self._choose(scores, rows)
            for row, token in zip(rows, chosen, strict=True):
                if not row.ended:
                    self._append(row, token)
            left = [place for place, row in enumerate(rows) if not row.ended]
            if not left:
                return
            tokens = torch.tensor(chosen, device=mask.device)[:, None]
            if len(left) <= _COMPACT * len(rows):
                index = torch.tensor(left, device=mask.device)
                cache.batch_select_indices(index)
                mask, places, tokens = mask[index], places[index], tokens[index]
                rows = [rows[place] for place in left]
            mask = torch.cat([mask, mask.new_ones(len(rows), 1)], 1)
            places = places + 1
            scores, cache = self._step(tokens, mask, places, cache)

    def _read(self, rows: Sequence[_Row]) -> tuple[Any, Any, Any, Any]:
        """Read the prompts, each distinct one once, padded on the left."""
        torch, device = self._torch, self._model.device
        order = {tuple(row.prompt): 0 for row in rows}
        order = {prompt: place for place, prompt in enumerate(order)}
        longest = max(map(len, order))
        blank = self._tokenizer.pad_token_id or 0
        tokens = torch.tensor(
            [[blank] * (longest - len(prompt)) + list(prompt) for prompt in order], device=device
        )
        mask = torch.tensor(
            [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in order], device=device
        )
        places = (mask.cumsum(-1) - 1).clamp(min=0)
        scores, cache = self._step(tokens, mask, places, None)
        index = torch.tensor([order[tuple(row.prompt)] for row in rows], device=device)
        cache.batch_select_indices(index)
        return scores[index], cache, mask[index], places[index][:, -1:]

    def _step(self, tokens: Any, mask: Any, places: Any, cache: Any) -> tuple[Any, Any]:
        """Return the scores of the next token of each row, and the cache."""
        out = self._model(
            input_ids=tokens,
            attention_mask=mask,
            position_ids=places,
            use_cache=True,
            logits_to_keep=1,
            **{self._cache: cache},
        )
        return out.logits[:, -1], out[self._cache]

    def _choose(self, scores: Any, rows: Sequence[_Row]) -> list[int]:
        """Draw the next token of each row among the likeliest."""
        torch = self._torch
        best, names = scores.topk(min(TOP_K, scores.shape[-1]), -1)
        column = [[row.request.temperature or 1.0, row.request.top_p] for row in rows]
        given = torch.tensor(column, device=best.device)
        shares = torch.softmax(best.float() / given[:, :1], -1).cumsum(-1)
        # A token is kept while those before it have less than `top_p` together.
        before = torch.cat([torch.zeros_like(shares[:, :1]), shares[:, :-1]], 1)
        kept = (shares * (before < given[:, 1:])).amax(-1, keepdim=True)
        drawn = [row.draw.random() if row.request.temperature else 0.0 for row in rows]
        point = torch.tensor(drawn, device=best.device)[:, None] * kept
        place = (shares <= point).sum(-1, keepdim=True).clamp(max=best.shape[-1] - 1)
        chosen: list[int] = names.gather(1, place)[:, 0].tolist()
        return chosen

    def _append(self, row: _Row, token: int) -> None:
        request = row.request
        if token in self._ends:
            self._end(row, "stop")
            return
        row.tokens.append(token)
        if request.stop and any(word in self._text(row) for word in request.stop):
            self._end(row, "stop")
        elif len(row.tokens) >= request.max_tokens:
            self._end(row, "length")

    def _end(self, row: _Row, reason: str) -> None:
        text = self._text(row)
        cut = min((at for word in row.request.stop if (at := text.find(word)) >= 0), default=None)
        row.request.reply.set_result(Written(text[:cut], reason, len(row.prompt), len(row.tokens)))

    def _text(self, row: _Row) -> str:
        text: str = self._tokenizer.decode(row.tokens, skip_special_tokens=True)
        return text


def missing_package() -> str | None:
    """Return the name of the first package that is not installed; None: all are."""
    return next((name for name in PACKAGES if find_spec(name) is None), None)


def folder_engine(options: FolderOptions) -> TransformersEngine:
    """Return this process's engine for these options; the first call loads the model.

    Raises:
        AnswerError: transformers cannot load it, or it has no chat template.
    """
    with _lock:
        running = _engines.get(options)
        if running is None:
            running = _engines[options] = TransformersEngine(options)
        return running


def close_folder_engines() -> None:
    """Let go of all models; the next call loads its model again."""
    with _lock:
        for each in _engines.values():
            each.close()
        _engines.clear()


atexit.register(close_folder_engines)


_engines: dict[FolderOptions, TransformersEngine] = {}
_lock = threading.Lock()


def has_bfloat16(torch: Any) -> bool:
    """Tell whether bfloat16 is quick here: on a GPU, or a processor with instructions for it.

    Args:
        torch: The package.
    """
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(supported and supported())


def _end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    given = model.generation_config.eos_token_id
    listed = given if isinstance(given, list) else [given]
    return frozenset(int(token) for token in (*listed, tokenizer.eos_token_id) if token is not None)
