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

# 500 is a response to this very request, but OneSignal's page counts every 5xx as worth another
# attempt; 52x come from its edge.
_REPEATED = {429, 500, 502, 503, 504, *range(520, 530)}
_NOT_ACTED_ON = {429, 503}


class Failure(NamedTuple):
    """
    An attempt that brought no value.

    :param status: HTTP status, None if no response came
    :param never_sent: the server cannot have seen the request (no connection was made)
    :param retry_after: seconds the server asks to wait, None if it did not say
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
    Decide on another attempt.

    :param attempt: number of the attempt that failed, from 1
    :param max_attempts: attempts allowed in all
    :param rand: source of jitter, in [0, 1)
    :return: seconds to wait before the next attempt, None to give up
    """
    if attempt >= max_attempts or not _may_repeat(request, failure):
        return None
    return max(backoff(attempt, rand=rand), min(failure.retry_after or 0.0, MAX_RETRY_AFTER))


def _may_repeat(request: ApiRequest, failure: Failure) -> bool:
    if failure.status is not None and failure.status not in _REPEATED:
        return False
    return request.repeatable or failure.never_sent or failure.status in _NOT_ACTED_ON


def jittered(interval: float, *, rand: Callable[[], float] = random.random) -> float:
    """Return an interval that is spread by a tenth, so that many waits do not march in step."""
    return interval * (0.9 + 0.2 * rand())


def turn_delay(
    asked: int, poll_interval: float, *, rand: Callable[[], float] = random.random
) -> float:
    """
    Return the seconds until the account's only export slot is asked for again.

    Up to a tenth less than said below, so that tasks that began together do not stay together.

    :param asked: how often it was refused, from 1
    :param poll_interval: the first wait; later ones double up to a minute
    :param rand: source of jitter, in [0, 1)
    """
    longest = poll_interval
    if asked > 1:
        longest = min(MAX_TURN_DELAY, poll_interval * 2.0 ** min(asked - 1, 10))
    return longest * (1.0 - 0.1 * rand())
