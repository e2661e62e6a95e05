"""A tokenizer of bytes and a model of two tiny layers, in a folder as transformers writes them."""

from importlib import import_module
from pathlib import Path
from typing import Any

# ChatML with tools, as many models have it.
TEMPLATE = """
{%- if tools %}<|im_start|>system
{{ tools | tojson }}<|im_end|>
{% endif -%}
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{{ message.content }}
{%- for call in message.tool_calls or [] -%}
[{{ call.function.name }} {{ call.function.arguments }}]
{%- endfor -%}
<|im_end|>
{% endfor -%}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif -%}
"""
OPENED, CLOSED = "<|im_start|>", "<|im_end|>"


def byte_tokenizer() -> Any:
    """Return a tokenizer whose tokens are bytes."""
    tokenizers: Any = import_module("tokenizers")
    transformers: Any = import_module("transformers")
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate(alphabet)}
    made = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocabulary, merges=[]))
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    found = transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token=CLOSED, pad_token="<|pad|>"
    )
    found.add_special_tokens({"additional_special_tokens": [OPENED]})
    found.chat_template = TEMPLATE
    return found


def tiny_model(folder: Path) -> Path:
    """Write model and tokenizer into a folder, and return it."""
    transformers: Any = import_module("transformers")
    tokenizer = byte_tokenizer()
    size = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2}
    config = transformers.LlamaConfig(vocab_size=len(tokenizer), **size, **heads)
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
