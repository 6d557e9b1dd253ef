"""The retry policy of tasks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from airflow_provider_onesignal import exceptions

pytest.importorskip("airflow.sdk.definitions.retry_policy", reason="needs Airflow 3.3")

from airflow.sdk.definitions.retry_policy import RetryAction

from airflow_provider_onesignal.retry import OneSignalRetryPolicy


@pytest.mark.parametrize(
    "error",
    [
        exceptions.OneSignalAuthenticationError("key", status_code=403),
        exceptions.OneSignalConfigurationError("no connection"),
        exceptions.OneSignalConflictError("taken", status_code=409),
        exceptions.OneSignalDestinationError("exists"),
        exceptions.OneSignalInvalidRequestError("bad", status_code=400),
        exceptions.OneSignalNotFoundError("gone", status_code=404),
        exceptions.OneSignalOutcomesLateError("late"),
        exceptions.OneSignalPlanError("plan", status_code=403),
        exceptions.OneSignalValidationError("name"),
    ],
)
def test_what_cannot_succeed_fails_at_once(error: exceptions.OneSignalError) -> None:
    decision = OneSignalRetryPolicy().evaluate(error, 1, 6)

    assert decision.action is RetryAction.FAIL
    assert type(error).__name__ in str(decision.reason)


@pytest.mark.parametrize(
    "kind", [exceptions.OneSignalRateLimitError, exceptions.OneSignalServerError]
)
def test_the_wait_is_as_long_as_onesignal_asks(
    kind: type[exceptions.OneSignalRateLimitError | exceptions.OneSignalServerError],
) -> None:
    decision = OneSignalRetryPolicy().evaluate(kind("later", retry_after=90.0), 1, 6)

    assert decision.action is RetryAction.RETRY
    assert decision.retry_delay == timedelta(seconds=90)


@pytest.mark.parametrize(
    "error",
    [
        exceptions.OneSignalServerError("down", status_code=500),
        exceptions.OneSignalUnreachableError("refused"),
        exceptions.OneSignalExportTimeoutError("late"),
        exceptions.OneSignalExportCorruptError("short"),
        exceptions.OneSignalExportInProgressError("busy"),
        exceptions.OneSignalDestinationUnavailableError("disk full"),
        OSError("odd"),
    ],
)
def test_anything_else_is_retried_as_the_task_says(error: Exception) -> None:
    assert OneSignalRetryPolicy().evaluate(error, 1, 6).action is RetryAction.DEFAULT


@pytest.mark.parametrize("retry_after", [2_592_000.0, 1e15])
def test_no_server_parks_a_task_for_longer_than_an_hour(retry_after: float) -> None:
    error = exceptions.OneSignalRateLimitError("later", retry_after=retry_after)

    assert OneSignalRetryPolicy().evaluate(error, 1, 6).retry_delay == timedelta(hours=1)


def test_no_wait_asked_for_leaves_the_wait_of_the_task() -> None:
    error = exceptions.OneSignalRateLimitError("now", retry_after=0.0)

    assert OneSignalRetryPolicy().evaluate(error, 1, 6).action is RetryAction.DEFAULT
