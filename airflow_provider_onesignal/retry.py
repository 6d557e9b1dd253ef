"""A retry policy for tasks that talk to OneSignal. Requires Airflow 3.3+."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from airflow_provider_onesignal.compat import requires_airflow
from airflow_provider_onesignal.exceptions import (
    OneSignalAuthenticationError,
    OneSignalConfigurationError,
    OneSignalConflictError,
    OneSignalDestinationError,
    OneSignalInvalidRequestError,
    OneSignalNotFoundError,
    OneSignalOutcomesLateError,
    OneSignalPlanError,
    OneSignalRejectedRowsError,
    OneSignalTransientError,
    OneSignalValidationError,
)

with requires_airflow("3.3", what=__name__):
    from airflow.sdk.definitions.retry_policy import RetryDecision, RetryPolicy

if TYPE_CHECKING:
    from airflow_provider_onesignal.compat import Context

_CANNOT_SUCCEED = (
    OneSignalAuthenticationError,
    OneSignalConfigurationError,
    OneSignalConflictError,
    OneSignalDestinationError,
    OneSignalInvalidRequestError,
    OneSignalNotFoundError,
    OneSignalOutcomesLateError,
    OneSignalPlanError,
    OneSignalRejectedRowsError,
    OneSignalValidationError,
)


_LONGEST_WAIT = 3600.0
"""Seconds; no server's word parks a task for longer."""


class OneSignalRetryPolicy(RetryPolicy):
    """
    Fail at once what no retry can fix, and wait as long as OneSignal asks.

    Everything else, such as a store that is down, is retried as the task says. Requires Airflow
    3.3+.

    .. code-block:: python

        OneSignalExportToS3Operator(..., retries=5, retry_policy=OneSignalRetryPolicy())
    """

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,
        context: Context | None = None,
    ) -> RetryDecision:
        """
        Decide on another try.

        :param exception: what the try failed with
        :param try_number: number of the try that failed, from 1
        :param max_tries: tries allowed in all
        :param context: the task's context
        :return: to fail, to wait the seconds OneSignal asked for (at most an hour), or what the
            task's own ``retries`` and ``retry_delay`` say
        """
        if isinstance(exception, _CANNOT_SUCCEED):
            return RetryDecision.fail(f"{type(exception).__name__}: a retry cannot help")
        if isinstance(exception, OneSignalTransientError):
            return _as_asked(exception.retry_after)
        return RetryDecision.default()


def _as_asked(retry_after: float | None) -> RetryDecision:
    if not retry_after:
        return RetryDecision.default()
    retry_after = min(retry_after, _LONGEST_WAIT)
    asked = timedelta(seconds=retry_after)
    return RetryDecision.retry(asked, f"OneSignal asks to wait {retry_after:.0f} s")
