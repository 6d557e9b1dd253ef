"""What HTTP says about trying again."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given, strategies as st

from airflow_provider_onesignal.http_policy import backoff, is_transient, retry_after_seconds


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 520, 529, 599])
def test_what_may_pass_is_transient(status):
    assert is_transient(status)


@pytest.mark.parametrize("status", [200, 206, 304, 400, 401, 403, 404, 410, 416, 425, 600])
def test_what_stays_is_not(status):
    assert not is_transient(status)


def test_the_backoff_doubles_up_to_a_cap():
    whole = [backoff(attempt, rand=lambda: 1.0) for attempt in range(1, 10)]

    assert whole == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert backoff(3, first=0.5, longest=1.5, rand=lambda: 1.0) == 1.5


@given(attempt=st.integers(1, 10_000), rand=st.floats(0, 1, exclude_max=True))
def test_the_backoff_has_full_jitter_and_never_leaves_its_bounds(attempt, rand):
    assert backoff(attempt, rand=lambda: 0.0) == 0.0
    assert 0.0 <= backoff(attempt, rand=lambda: rand) <= 60.0


NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        (format_datetime(NOW.replace(minute=2), usegmt=True), 120.0),
        (format_datetime(NOW.replace(hour=11), usegmt=True), 0.0),
        ("Sun, 01 Nov 2026 13:01:00 +0100", 60.0),
        ("Sun, 01 Nov 2026 12:00:30 -0000", 30.0),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
        ("", None),
        ("soon", None),
        ("Sun, 99 Nov 2026 13:01:00 GMT", None),
        ("9" * 400, None),
        ("\x00", None),
    ],
)
def test_retry_after_is_read_in_seconds_or_as_a_date(value, seconds):
    found = retry_after_seconds({"retry-AFTER": value}, now=NOW.timestamp)

    assert found == (None if seconds is None else pytest.approx(seconds))


def test_no_header_is_no_wish():
    assert retry_after_seconds({"Date": "x"}) is None


@given(value=st.text(max_size=40))
def test_no_header_breaks_the_reader(value):
    found = retry_after_seconds({"Retry-After": value})

    assert found is None or 0 <= found < float("inf")
