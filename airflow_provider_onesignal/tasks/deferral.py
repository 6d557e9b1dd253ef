"""What all deferrals of this package share: an end, also where no triggerer serves them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_onesignal.compat import is_deferral_timeout

_GRACE = 300.0


def longest_wait(timeout: float, execution_timeout: timedelta | None) -> float:
    """
    Give the seconds a deferred task may wait in all.

    Airflow 3 does not end a deferral at ``execution_timeout``, so that the trigger has to.

    :param timeout: seconds the task allows
    :param execution_timeout: what Airflow allows it, None for any time
    """
    limit = execution_timeout
    return timeout if limit is None else min(timeout, limit.total_seconds())


def backstop(seconds: float) -> timedelta:
    """
    Say when Airflow is to end a deferral: well after its trigger has, where one runs.

    :param seconds: after which the trigger ends by itself
    """
    return timedelta(seconds=max(0.0, seconds) + _GRACE)


@contextmanager
def unserved_as(error_for: Callable[[AirflowException], Exception]) -> Iterator[None]:
    """
    Raise an error of the task's own where no triggerer served its deferral.

    :param error_for: makes it of Airflow's
    """
    try:
        yield
    except AirflowException as error:
        if not is_deferral_timeout(error):
            raise
        raise error_for(error) from error
