"""No key in a URL reaches a log: httpx logs the whole URL of every request at INFO."""

import logging
import re
from functools import cache

from manyminds.models.redact import shown_url

_LOGGERS = ("httpx", "httpx2", "openai._base_client")  # httpx2 comes with newer clients
_URL = re.compile(r"\b[a-z][a-z\d+.-]{0,20}://[^\s\"'`<>(){}]+", re.IGNORECASE)


@cache
def hide_urls() -> None:
    """Make the loggers of HTTP clients show URLs without password, query and key."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_hide)


def _hide(record: logging.LogRecord) -> bool:
    text = record.getMessage()
    if "://" in text:
        record.msg, record.args = _URL.sub(_shown, text), ()
    return True


def _shown(url: re.Match[str]) -> str:
    try:
        return shown_url(url[0])
    except ValueError:  # not a URL after all
        return "[url]"
