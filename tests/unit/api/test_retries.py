"""Whether to send again, and how long to wait first."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from airflow_provider_onesignal.api.request import ApiRequest
from airflow_provider_onesignal.api.retries import (
    MAX_RETRY_AFTER,
    Failure,
    delay_before_retry,
    jittered,
    turn_delay,
)

GET = ApiRequest(operation="read", method="GET", path="/")
POST = ApiRequest(operation="start", method="POST", path="/", repeatable=False)
TRANSIENT = [429, 502, 503, 504, *range(520, 530)]
NEVER = [200, 301, 400, 401, 403, 404, 405, 409, 410, 413, 422, 501, 505, 519, 530, 599]


def delay(request: ApiRequest, failure: Failure, *, attempt: int = 1) -> float | None:
    return delay_before_retry(request, failure, attempt=attempt, max_attempts=5, rand=lambda: 0.5)


@pytest.mark.parametrize("status", TRANSIENT)
def test_what_may_be_repeated_is_repeated_on_a_transient_status(status):
    assert delay(GET, Failure(status=status)) == 0.5


@pytest.mark.parametrize("status", NEVER)
@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
def test_nothing_is_repeated_on_any_other_status(status, request_):
    assert delay(request_, Failure(status=status, retry_after=1.0)) is None


@pytest.mark.parametrize("status", TRANSIENT)
def test_a_post_is_repeated_only_where_the_server_cannot_have_acted_on_it(status):
    assert (delay(POST, Failure(status=status)) is not None) == (status in (429, 503))


def test_a_lost_answer_is_repeated_unless_the_server_may_have_acted_on_it():
    assert delay(GET, Failure()) is not None
    assert delay(POST, Failure()) is None
    assert delay(POST, Failure(never_sent=True)) is not None


def test_there_is_an_end_to_repeating():
    assert delay(GET, Failure(status=503), attempt=4) is not None
    assert delay(GET, Failure(status=503), attempt=5) is None
    assert delay(GET, Failure(status=503), attempt=6) is None


@pytest.mark.parametrize(
    ("retry_after", "expected"),
    [(None, 0.5), (0.0, 0.5), (0.2, 0.5), (7.0, 7.0), (MAX_RETRY_AFTER, 300.0), (1e9, 300.0)],
)
def test_the_wait_is_the_longer_of_what_is_asked_for_and_the_backoff(retry_after, expected):
    assert delay(GET, Failure(status=429, retry_after=retry_after)) == expected


@given(rand=st.floats(0, 1, exclude_max=True))
def test_polls_are_spread_by_a_tenth(rand):
    assert 9.0 <= jittered(10.0, rand=lambda: rand) <= 11.0


@pytest.mark.parametrize(
    ("poll_interval", "expected"),
    [
        (10.0, [10, 20, 40, 60, 60]),
        (1.0, [1, 2, 4, 8, 16]),
        (60.0, [60, 60, 60, 60, 60]),
        (300.0, [300, 60, 60, 60, 60]),
    ],
)
def test_asking_for_the_slot_starts_with_the_poll_interval_and_grows_to_a_minute(
    poll_interval, expected
):
    whole = [turn_delay(asked, poll_interval, rand=lambda: 0.0) for asked in range(1, 6)]

    assert whole == expected


def test_tasks_that_began_together_do_not_ask_together():
    waits = {turn_delay(4, 10.0) for _ in range(50)}

    assert len(waits) > 40
    assert all(54.0 <= wait <= 60.0 for wait in waits)


def test_asking_for_the_slot_a_thousand_times_is_no_overflow():
    assert 54.0 <= turn_delay(100_000, 10.0) <= 60.0
