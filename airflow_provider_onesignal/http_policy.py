"""What HTTP says about trying again: one rule for OneSignal's API and for the files of exports."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime


def is_transient(status: int) -> bool:
    """
    Tell whether a file's address may answer something else in a moment.

    :param status: HTTP status
    """
    # A server says 408 as it drops the connection.
    return status in (408, 429) or 500 <= status <= 599


def retry_after_seconds(
    headers: Mapping[str, str], *, now: Callable[[], float] = time.time
) -> float | None:
    """
    Read ``Retry-After``, in seconds or as an HTTP date.

    :param headers: of the answer
    :param now: gives the time, in seconds since the epoch
    :return: seconds from now, at least 0; None where the header is missing or unreadable
    """
    value = next((v for name, v in headers.items() if name.lower() == "retry-after"), "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return _seconds_until(value, now)
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _seconds_until(date: str, now: Callable[[], float]) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
        if moment.tzinfo is None:  # "-0000", which is UTC all the same
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, moment.timestamp() - now())
    except (ValueError, OverflowError):
        return None


def backoff(
    failures: int,
    *,
    first: float = 1.0,
    longest: float = 60.0,
    rand: Callable[[], float] = random.random,
) -> float:
    """
    Seconds to wait before the next try: exponential, with full jitter.

    :param failures: tries in a row that failed, from 1
    :param first: seconds; the bound of the first wait, doubled for each one after
    :param longest: seconds; no bound is higher
    :param rand: source of jitter, in [0, 1)
    """
    return rand() * min(longest, first * 2.0 ** min(failures - 1, 30))
