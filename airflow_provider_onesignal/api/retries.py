"""
Whether to send a request again, and how long to wait first.

https://documentation.onesignal.com/reference/rate-limits
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

from airflow_provider_onesignal.api.request import ApiRequest
from airflow_provider_onesignal.http_policy import backoff

MAX_RETRY_AFTER = 300.0
MAX_TURN_DELAY = 60.0

# Not 500, which is an answer: this very request fails. 52x come from OneSignal's edge.
_REPEATED = {429, 502, 503, 504, *range(520, 530)}
_NOT_ACTED_ON = {429, 503}


class Failure(NamedTuple):
    """
    A try that gave no value.

    :param status: HTTP status, None where no answer came
    :param never_sent: the server cannot have seen the request (no connection was made)
    :param retry_after: seconds the server asks to wait, None where it did not say
    """

    status: int | None = None
    never_sent: bool = False
    retry_after: float | None = None


def delay_before_retry(
    request: ApiRequest,
    failure: Failure,
    *,
    attempt: int,
    max_attempts: int,
    rand: Callable[[], float] = random.random,
) -> float | None:
    """
    Decide on another try.

    :param attempt: number of the try that failed, from 1
    :param max_attempts: tries allowed in all
    :param rand: source of jitter, in [0, 1)
    :return: seconds to wait before the next try, None to give up
    """
    if attempt >= max_attempts or not _may_repeat(request, failure):
        return None
    return max(backoff(attempt, rand=rand), min(failure.retry_after or 0.0, MAX_RETRY_AFTER))


def _may_repeat(request: ApiRequest, failure: Failure) -> bool:
    if failure.status is not None and failure.status not in _REPEATED:
        return False
    return request.repeatable or failure.never_sent or failure.status in _NOT_ACTED_ON


def jittered(interval: float, *, rand: Callable[[], float] = random.random) -> float:
    """Spread polls by a tenth to either side, so that many waits do not march in step."""
    return interval * (0.9 + 0.2 * rand())


def turn_delay(
    asked: int, poll_interval: float, *, rand: Callable[[], float] = random.random
) -> float:
    """
    Seconds until asking again for the account's only export slot.

    Up to a tenth less than said below, lest tasks that began together ask together for ever.

    :param asked: how often it was refused, from 1
    :param poll_interval: the first wait; later ones double up to a minute
    :param rand: source of jitter, in [0, 1)
    """
    longest = poll_interval
    if asked > 1:
        longest = min(MAX_TURN_DELAY, poll_interval * 2.0 ** min(asked - 1, 10))
    return longest * (1.0 - 0.1 * rand())
