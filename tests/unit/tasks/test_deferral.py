"""Every deferral has an end, and says so where no triggerer served it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_onesignal.tasks.deferral import backstop, longest_wait, unserved_as

MINUTE = timedelta(minutes=1)


class TaskDeferralTimeout(AirflowException):
    """As Airflow 3 has it."""


@pytest.mark.parametrize(
    ("timeout", "execution_timeout", "seconds"),
    [(90.0, None, 90.0), (90.0, MINUTE, 60.0), (30.0, MINUTE, 30.0)],
)
def test_the_shorter_of_the_two_limits_ends_a_wait(timeout, execution_timeout, seconds):
    assert longest_wait(timeout, execution_timeout) == seconds


@pytest.mark.parametrize("seconds", [-10.0, 0.0, 3600.0])
def test_airflow_ends_a_deferral_only_after_its_trigger_had_time_to(seconds):
    assert backstop(seconds) >= timedelta(seconds=max(0.0, seconds) + 60)


def test_a_deferral_that_nobody_served_ends_in_the_error_given():
    unserved = TaskDeferralTimeout("late")

    with (
        pytest.raises(LookupError, match="told") as caught,
        unserved_as(lambda _: LookupError("told")),
    ):
        raise unserved

    assert caught.value.__cause__ is unserved


def test_any_other_failure_passes_as_it_is():
    failure = AirflowException("of the task itself")

    with pytest.raises(AirflowException) as caught, unserved_as(lambda _: LookupError("told")):
        raise failure

    assert caught.value is failure
