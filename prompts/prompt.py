"""One prompt: its name, its variables, and how it becomes messages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from manyminds.errors import PromptError
from manyminds.fence import numbered
from manyminds.prompts.mustache import Node, Value, compiled, filled

if TYPE_CHECKING:  # 0.6 s of import; a prompt needs it only when it is rendered
    from langchain_core.messages import BaseMessage
    from langchain_core.prompts import ChatPromptTemplate

SectionKind = Literal["system", "user", "assistant", "messages"]

_Maker: TypeAlias = "Callable[[str], BaseMessage]"


class Rendered(list["BaseMessage"]):
    """The messages that a prompt has made, and which prompt that was (see `Prompt.ref`)."""

    __slots__ = ("ref",)

    def __init__(self, messages: Sequence[BaseMessage], ref: str) -> None:
        super().__init__(messages)
        self.ref = ref


@dataclass(frozen=True)
class FilledPrompt:
    """A prompt and the values of its variables, ready for a conversation."""

    prompt: Prompt
    values: Mapping[str, Value]

    def render(self, messages: Sequence[BaseMessage]) -> list[BaseMessage]:
        """Return the messages to send; see `Prompt.render`."""
        return self.prompt.render(messages, **self.values)


@dataclass(frozen=True)
class Prompt:
    """A prompt with a name and a version, ready to render.

    Attributes:
        name: such as `moa/synthesis`; `text` for one given in code.
        version: a released version never changes; 0 for one given in code.
        text: the source, with LF line ends.
        sections: kind and template of each section, in order.
        variables: names that `render` must be given.
        purpose: purpose, in a line.
        source: the paper whose role it fills.
        path: its file, or None.
        accepts: names that `render` may be given besides, which this prompt ignores.
        native: the ChatPromptTemplate it was made from, or None.
    """

    name: str
    version: int
    text: str = field(repr=False)
    sections: tuple[tuple[SectionKind, str], ...] = field(repr=False)
    variables: frozenset[str] = frozenset()
    purpose: str = ""
    source: str = ""
    path: Path | None = None
    accepts: frozenset[str] = frozenset()
    native: ChatPromptTemplate | None = field(default=None, repr=False, compare=False)

    @cached_property
    def sha256(self) -> str:
        """The hash of the source, in full."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def hash(self) -> str:
        """The first twelve digits of the hash of the source."""
        return self.sha256[:12]

    @cached_property
    def ref(self) -> str:
        """Name, version and hash, as reports give them: `moa/synthesis@1#abcdef123456`."""
        return f"{self.name}@{self.version}#{self.hash}"

    @cached_property
    def where(self) -> str:
        """Name and file, as error messages give them."""
        return f"prompt {self.name}@{self.version} ({self.path or 'given in code'})"

    @cached_property
    def template(self) -> ChatPromptTemplate:
        """The same prompt for LangChain, with a MessagesPlaceholder for the conversation."""
        if self.native:
            return self.native
        from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder

        return ChatPromptTemplate(
            [
                MessagesPlaceholder("messages") if kind == "messages" else (kind, text)
                for kind, text in self.sections
            ],
            template_format="mustache",
        )

    def fill(self, **values: str | Sequence[str | Mapping[str, Any]]) -> FilledPrompt:
        """Return the prompt with values for its variables.

        Args:
            **values: Text that goes into the prompt as it is, or a list of answers (texts or
                candidates), which go in as numbered blocks that no answer can leave.
        """
        return FilledPrompt(
            self,
            {
                name: value if isinstance(value, str) else numbered(map(_text, value))
                for name, value in values.items()
            },
        )

    def render(self, messages: Sequence[BaseMessage], **variables: Value) -> list[BaseMessage]:
        """Make the messages to send.

        The conversation goes where the prompt says. At most one system message comes out, first:
        what the caller's system messages say, a blank line, what ours says. The caller's messages
        are never changed. A prompt without a place for the conversation leaves it out.

        Args:
            messages: the conversation so far.
            **variables: text for each variable; a section may get a list of mappings.

        Raises:
            PromptError: a variable is missing, unknown or no text.
        """
        if not self.variables <= variables.keys() <= self._known:
            raise self._mismatch(variables)
        caller = [message for message in messages if _is_system(message)]
        others = [m for m in messages if not _is_system(m)] if caller else list(messages)
        rendered = self._format(others, variables)
        return Rendered(_one_system(caller if self._takes_messages else [], rendered), self.ref)

    @cached_property
    def _known(self) -> frozenset[str]:
        return self.variables | self.accepts

    @cached_property
    def _takes_messages(self) -> bool:
        return any(kind == "messages" for kind, _ in self.sections)

    @cached_property
    def _parts(self) -> list[tuple[_Maker, list[Node]] | None]:
        """How to make each message, None where the conversation goes."""
        from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

        makers: dict[str, _Maker] = {
            "system": SystemMessage,
            "user": HumanMessage,
            "assistant": AIMessage,
        }
        return [
            None if kind == "messages" else (makers[kind], compiled(text))
            for kind, text in self.sections
        ]

    def _format(
        self, conversation: list[BaseMessage], variables: Mapping[str, Value]
    ) -> list[BaseMessage]:
        if self.native:
            values = {name: variables[name] for name in self.variables}
            placeholder = {text: conversation for kind, text in self.sections if kind == "messages"}
            return self.native.format_messages(**values, **placeholder)
        result: list[BaseMessage] = []
        for part in self._parts:
            if part is None:
                result += conversation
            else:
                make, nodes = part
                result.append(make(filled(nodes, variables, self.where)))
        return result

    def _mismatch(self, variables: Mapping[str, Value]) -> PromptError:
        missing = sorted(self.variables - variables.keys())
        if missing:
            return PromptError(f"{self.where} needs {', '.join(map(repr, missing))}: pass a text")
        unknown = ", ".join(repr(name) for name in variables if name not in self._known)
        known = ", ".join(sorted(self._known)) or "no variables"
        return PromptError(f"{self.where} does not know {unknown}: it takes {known}")


def _text(answer: str | Mapping[str, Any]) -> str:
    return answer if isinstance(answer, str) else str(answer["text"])


def _is_system(message: BaseMessage) -> bool:
    if message.type == "chat":
        return getattr(message, "role", "") in ("system", "developer")
    return message.type == "system"


def _one_system(caller: list[BaseMessage], rendered: list[BaseMessage]) -> list[BaseMessage]:
    """Put everything the system messages say into one, the caller's first.

    What the caller's say already is left out: a method inside a sample asks for the same form.
    """
    said = [message.content for message in caller if isinstance(message.content, str)]
    ours = [
        message
        for message in rendered
        if _is_system(message) and not any(str(message.content) in text for text in said)
    ]
    system = [*caller, *ours]
    if not caller and (not ours or (len(ours) == 1 and rendered[0] is ours[0])):
        return rendered
    merged = system[0]
    if len(system) > 1:
        merged = merged.model_copy(update={"content": _joined([m.content for m in system])})
    return [merged, *(message for message in rendered if not _is_system(message))]


def _joined(contents: Sequence[object]) -> object:
    texts = [content for content in contents if isinstance(content, str)]
    if len(texts) == len(contents):
        return "\n\n".join(text for text in texts if text)
    blocks: list[object] = []
    for content in contents:
        if isinstance(content, list):
            blocks += content
        elif content:
            blocks.append({"type": "text", "text": f"\n\n{content}" if blocks else content})
    return blocks
