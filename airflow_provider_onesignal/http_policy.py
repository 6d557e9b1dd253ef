"""What HTTP says about trying again: one rule for OneSignal's API and for the files of exports."""

from __future__ import annotations

import math
import random
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime


def is_transient(status: int) -> bool:
    """
    Return whether a file's URL may answer differently in a moment.

    :param status: HTTP status
    """
    # A server sends 408 as it drops the connection.
    return status in (408, 429) or 500 <= status <= 599


def retry_after_seconds(
    headers: Mapping[str, str], *, now: Callable[[], float] = time.time
) -> float | None:
    """
    Return ``Retry-After``, given in seconds or as an HTTP date.

    :param headers: of the response
    :param now: returns the time, in seconds since the epoch
    :return: seconds from now, at least 0; None if the header is missing or unreadable
    """
    value = next((v for name, v in headers.items() if name.lower() == "retry-after"), "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return _seconds_until(value, now)
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def backoff(
    failures: int,
    *,
    first: float = 1.0,
    longest: float = 60.0,
    rand: Callable[[], float] = random.random,
) -> float:
    """
    Return the seconds to wait before the next attempt: exponential, with full jitter.

    :param failures: attempts in a row that failed, from 1
    :param first: seconds; the bound of the first wait, doubled for each one after
    :param longest: seconds; no bound is higher
    :param rand: source of jitter, in [0, 1)
    """
    return rand() * min(longest, first * 2.0 ** min(failures - 1, 30))


def problem(error: Exception | None) -> str:
    """
    Return what kept a response from coming, in a few words and without a URL.

    :param error: of ``requests`` or ``urllib3``
    """
    from requests import exceptions

    if is_untrusted(error):
        return "its TLS certificate is not trusted"
    known: tuple[tuple[type[Exception], str], ...] = (
        (exceptions.ConnectTimeout, "no connection in time"),
        (exceptions.Timeout, "no response in time"),
        (exceptions.SSLError, "TLS failed"),
        (exceptions.ProxyError, "the proxy could not be used"),
    )
    for kind, words in known:
        if isinstance(error, kind):
            return words
    if error is not None and was_never_sent(error):
        return "no connection (refused, or the name is unknown)"
    return f"the connection broke ({type(error).__name__})"


def is_untrusted(error: BaseException | None) -> bool:
    """
    Return whether the certificate of the server, or of a proxy, is not trusted.

    :param error: of ``requests`` or ``urllib3``
    """
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def was_never_sent(error: Exception) -> bool:
    """
    Return whether the server cannot have seen the request, because no connection was made.

    :param error: of ``requests`` or ``urllib3``
    """
    from requests.exceptions import ConnectTimeout
    from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

    if isinstance(error, ConnectTimeout):
        return True
    reason = error.args[0] if error.args else None
    if isinstance(reason, MaxRetryError):
        reason = reason.reason
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _seconds_until(date: str, now: Callable[[], float]) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
        if moment.tzinfo is None:  # "-0000", which is UTC all the same
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, moment.timestamp() - now())
    except (ValueError, OverflowError):
        return None
