"""What may be shown: nothing that opens an account or personal data."""

from __future__ import annotations

import hashlib
import re
from typing import Any
from urllib.parse import urlsplit

# Rich keys; what follows an authorization scheme; strings as long as a legacy key.
_KEY = re.compile(
    r"os_v2_(?:app|org)_\w*|((?:basic|key|bearer)\s+)[\w+/=-]{16,}|\b[A-Za-z0-9+/]{40,}={0,2}",
    re.IGNORECASE,
)
# JSON may write the slashes as \/.
_URL_PATH = re.compile(
    r"(https?:(?:\\?/){2})(?:[^/\s\"'<>\\]*@)?([^/?#\s\"'<>\\]+)(?:\\?/|[?#])[^\s\"'<>]*",
    re.IGNORECASE,
)
_MAX_MESSAGE = 300
_SHORTEST_SECRET = 16


def redact(text: str, *, limit: int = _MAX_MESSAGE) -> str:
    """
    Return foreign text fit for a log line: one line, bounded, without keys or URL paths.

    :param text: anything a server may have said
    :param limit: length in characters after which the text is cut
    """
    text = _printable(text[: 20 * limit])
    text = _URL_PATH.sub(_keep_documentation_links, text)
    return one_line(_KEY.sub(r"\1***", text), limit=limit)


def one_line(text: str, *, limit: int) -> str:
    """
    Return text that holds no secrets fit for a log line: one line, bounded.

    :param text: any text
    :param limit: length in characters after which the text is cut
    """
    text = " ".join(_printable(text[: 20 * limit]).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def describe_url(url: str) -> str:
    """
    Name an export's URL without revealing it: its host, and a mark that no other URL has.

    :param url: the URL, which by itself opens personal data for three days
    """
    try:
        host = urlsplit(url).hostname or "?"
    except ValueError:
        host = "?"
    mark = hashlib.sha256(url.encode(errors="replace")).hexdigest()[:8]
    return f"{host}/… (file {mark})"


def maskable_parts(url: str) -> list[str]:
    """
    Return the strings to hand to Airflow's secrets masker so that no log shows a URL.

    HTTP libraries log a URL's path alone at DEBUG level, hence more than one.

    :param url: the export's URL
    """
    path = url.partition("://")[2].partition("/")[2]
    parts = (url, path, path.rpartition("/")[2])
    return [part for part in parts if len(part) >= _SHORTEST_SECRET]


def mask_url(url: Any) -> None:
    """
    Mask a URL in the logs and the rendered templates of this task.

    :param url: the URL; anything but a string is left alone
    """
    from airflow_provider_onesignal.compat import mask_secret

    for part in maskable_parts(url) if isinstance(url, str) else ():
        mask_secret(part)


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def _keep_documentation_links(match: re.Match[str]) -> str:
    is_documentation = match[1] + match[2] == "https://documentation.onesignal.com"
    return match[0] if is_documentation else f"{match[1]}{match[2]}/***"
