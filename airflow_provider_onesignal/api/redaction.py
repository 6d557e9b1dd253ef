"""What may be shown: nothing that opens an account or personal data."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

# Rich keys; what follows an authorization scheme; whatever is as long as a legacy key.
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


def redact(text: str, *, limit: int = _MAX_MESSAGE) -> str:
    """
    Make foreign text fit for a log line: one line, bounded, without keys or URL paths.

    :param text: anything a server may have said
    :param limit: length in characters after which the text is cut
    """
    text = _printable(text[: 20 * limit])
    text = _URL_PATH.sub(_keep_documentation_links, text)
    return one_line(_KEY.sub(r"\1***", text), limit=limit)


def one_line(text: str, *, limit: int) -> str:
    """
    Make text that holds no secrets fit for a log line: one line, bounded.

    :param text: any text
    :param limit: length in characters after which the text is cut
    """
    text = " ".join(_printable(text[: 20 * limit]).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def _keep_documentation_links(match: re.Match[str]) -> str:
    is_documentation = match[1] + match[2] == "https://documentation.onesignal.com"
    return match[0] if is_documentation else f"{match[1]}{match[2]}/***"


def describe_url(url: str) -> str:
    """
    Name an export URL without giving away the file: its host and a hint of its end.

    :param url: the URL, which by itself opens personal data for three days
    """
    try:
        host = urlsplit(url).hostname or "?"
    except ValueError:
        host = "?"
    path = url.partition("?")[0].partition("#")[0]
    return f"{host}/…{path[-11:]}" if len(path) > 40 else f"{host}/…"


def maskable_parts(url: str) -> list[str]:
    """
    Give the strings to hand to Airflow's secrets masker so that no log shows the URL.

    HTTP libraries log a URL's path alone at DEBUG level, hence more than one.

    :param url: the export URL
    """
    path = url.partition("://")[2].partition("/")[2]
    return [part for part in (url, path, path.rpartition("/")[2]) if len(part) >= 16]
