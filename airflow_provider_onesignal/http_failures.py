"""What kept an answer from coming, of the errors of ``requests`` and ``urllib3``. Quotes no URL."""

from __future__ import annotations

import ssl

import requests
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

_PROBLEMS: tuple[tuple[type[Exception], str], ...] = (
    (requests.exceptions.ConnectTimeout, "no connection in time"),
    (requests.exceptions.Timeout, "no answer in time"),
    (requests.exceptions.SSLError, "TLS failed"),
    (requests.exceptions.ProxyError, "the proxy could not be used"),
)


def is_untrusted(error: BaseException | None) -> bool:
    """Tell whether the server's certificate, or a proxy's, is not trusted."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def was_never_sent(error: Exception) -> bool:
    """Tell whether the server cannot have seen the request, as no connection was made."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    reason = error.args[0] if error.args else None
    if isinstance(reason, MaxRetryError):
        reason = reason.reason
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def problem(error: Exception | None) -> str:
    """Say it in a few words: by the type's name where nothing better is known."""
    if is_untrusted(error):
        return "its TLS certificate is not trusted"
    for kind, text in _PROBLEMS:
        if isinstance(error, kind):
            return text
    if error is not None and was_never_sent(error):
        return "no connection (refused, or the name is unknown)"
    return f"the connection broke ({type(error).__name__})"
