import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.exceptions import OutputParserException

from manyminds.calls.failures import RETRIABLE, clean, failure, kind_of, retry_after
from manyminds.errors import AnswerError, BudgetError, QuorumError


def named(name: str, *bases: type[Exception], **attributes: object) -> Exception:
    """Return an error of a class of this name, as a client we do not import would raise it."""
    error: Exception = type(name, bases or (Exception,), {})("something happened")
    for key, value in attributes.items():
        setattr(error, key, value)
    return error


def with_status(status: int, message: str = "no", **attributes: object) -> Exception:
    return named("APIStatusError", status_code=status, **attributes)


def caused(parent_call: Exception, inner: Exception) -> Exception:
    parent_call.__cause__ = inner
    return parent_call


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TimeoutError(), "timeout"),
        (named("APITimeoutError"), "timeout"),
        (named("ReadTimeout"), "timeout"),
        (with_status(408), "timeout"),
        (ConnectionResetError("reset"), "connection"),
        (named("APIConnectionError"), "connection"),
        (named("RemoteProtocolError"), "connection"),
        (named("ConnectError"), "connection"),
        (OSError("no route"), "connection"),
        (caused(named("APITimeoutError"), named("ServerDisconnectedError")), "connection"),
        (with_status(429), "rate_limit"),
        (named("RateLimitError"), "rate_limit"),
        (named("RateLimitError", status_code=429, code="insufficient_quota"), "authentication"),
        (with_status(500), "server_error"),
        (with_status(503), "server_error"),
        (with_status(529), "server_error"),
        (with_status(401), "authentication"),
        (with_status(403), "authentication"),
        (named("AuthenticationError"), "authentication"),
        (named("PermissionDeniedError"), "authentication"),
        (with_status(400), "invalid_request"),
        (with_status(404), "invalid_request"),
        (with_status(422), "invalid_request"),
        (with_status(400, code="context_length_exceeded"), "context_too_long"),
        (with_status(413), "context_too_long"),
        (ValueError("This model's maximum context length is 8192 tokens"), "context_too_long"),
        (named("LengthFinishReasonError"), "truncated"),
        (with_status(400, code="content_filter"), "refused"),
        (named("ContentFilterFinishReasonError"), "refused"),
        (json.JSONDecodeError("bad", "x", 0), "malformed"),
        (OutputParserException("bad"), "malformed"),
        (TypeError("Received response with null value for 'choices'."), "malformed"),
        (ValueError("No generation chunks were returned"), "malformed"),
        (AnswerError("nothing", kind="empty", retriable=True), "empty"),
        (AnswerError("nothing", kind="not_recorded"), "not_recorded"),
        (QuorumError("too few"), "quorum"),
        (BudgetError("spent"), "budget"),
        (ValueError("no such tensor"), "error"),
        (named("APIError", response=SimpleNamespace(status_code=502)), "server_error"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_kinds(error: Exception, kind: str) -> None:
    assert kind_of(error) == kind
    if not isinstance(error, AnswerError):
        assert failure(error)["retriable"] is (kind in RETRIABLE)


def test_only_what_may_pass_is_retriable() -> None:
    assert {"refused", "context_too_long", "authentication", "invalid_request"} & RETRIABLE == set()
    assert {"timeout", "connection", "rate_limit", "server_error", "malformed"} <= RETRIABLE
    assert failure(AnswerError("x", kind="empty", retriable=True))["retriable"] is True
    assert failure(AnswerError("x", kind="empty"))["retriable"] is False


def test_what_may_have_been_billed() -> None:
    assert failure(TimeoutError())["maybe_billed"] and failure(with_status(500))["maybe_billed"]
    assert not failure(with_status(429))["maybe_billed"]


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abc123def456",
        "sk-ant-REDACTED",
        "gsk_abcdefghij0123456789",
        "Bearer abc.def.ghi",
        "bearer   xyz0123",
        "xai-0123456789abcdef",
        "AIzaSyA1234567890abcdefghijklmnopqrstuv",
        "api_key=0123456789abcdef",
        "https://user:passw0rd@example.com/v1",
    ],
)
def test_keys_never_show(secret: str) -> None:
    shown = failure(ValueError(f"Incorrect key provided: {secret}, try again"))["message"]
    leaked = secret.split()[-1].rpartition("=")[2].removeprefix("https://user:").split("@")[0]
    assert leaked not in shown and "try again" in shown


@pytest.mark.parametrize(
    "escape", ["\x1b[31m", "\\u001b[31m", "\\\\u001b[1;31m", "\\x1b[31m", "\\033[31m"]
)
def test_a_key_behind_the_escape_of_a_terminal_never_shows(escape: str) -> None:
    raw = f'{{"error": {{"message": "E7 {escape}sk-abcdefgh1234567890", "type": "t"}}'
    assert "sk-abc" not in clean(raw) and "E7" in clean(raw)


def test_a_message_is_one_short_line_without_control_characters() -> None:
    message = clean("first\nsecond\x1b[31mred\x1b[0m\r\tend" + "x" * 1000)
    assert "\n" not in message and "\x1b" not in message
    assert message.startswith("first second") and len(message) == 300 and message.endswith("…")
    assert failure(ValueError())["message"] == "ValueError"


@given(st.text())
def test_any_text_is_made_showable(text: str) -> None:
    message = clean(text)
    assert len(message) <= 300 and message.isprintable()
    assert failure(ValueError(text))["message"]


def response(**headers: str) -> Exception:
    return named("RateLimitError", response=SimpleNamespace(headers=headers))


def test_retry_after() -> None:
    def after(value: str) -> float | None:
        return retry_after(response(**{"retry-after": value}))

    assert after("2") == 2.0 and after("0.5") == 0.5 and after("-3") == 0.0
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    seconds = after(soon)
    assert seconds is not None and 50 < seconds <= 60
    assert after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert after("later") is None and after("nan") is None and after("inf") is None
    # The server's clock counts: ours may be hours away from it.
    late = datetime.now(UTC) + timedelta(hours=5)
    headers = {
        "retry-after": format_datetime(late + timedelta(seconds=7), usegmt=True),
        "date": format_datetime(late, usegmt=True),
    }
    assert retry_after(response(**headers)) == 7
    assert retry_after(response()) is None and retry_after(ValueError()) is None
    milliseconds = response(**{"retry-after-ms": "250"})
    assert retry_after(milliseconds) == 0.25
